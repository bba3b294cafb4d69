package segments

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAudiencesAreComparedByWhoIsInThem(t *testing.T) {
	of := func(subjects ...uint32) *Audience {
		a := new(Audience)
		var members []candidate
		for _, n := range subjects {
			members = append(members, candidate{subject: n})
			a.members = append(a.members, "x")
		}
		a.mark(members, 300)
		return a
	}
	a, b, c := of(1, 2, 63, 64, 299), of(2, 64, 65), new(Audience)
	if n := a.Common(b); n != 2 {
		t.Errorf("%d in common, not 2", n)
	}
	if n := Union([]*Audience{a, b, c}); n != 6 {
		t.Errorf("%d in all, not 6", n)
	}
	if d := cmp.Diff(map[uint64]int{1: 3, 2: 1, 3: 2}, Regions([]*Audience{a, b, c})); d != "" {
		t.Errorf("regions (-want +got):\n%s", d)
	}
}
