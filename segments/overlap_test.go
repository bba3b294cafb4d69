package segments

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// However audiences keep their people, they are compared like sets.
func TestAudiencesAreComparedByWhoIsInThem(t *testing.T) {
	draw := rand.New(rand.NewPCG(3, 4))
	few, all := 0, 0
	for range 2000 {
		bound := 1 + draw.IntN(700)
		var of []*Audience
		var sets []map[uint32]bool
		for range 3 {
			set, members := map[uint32]bool{}, []candidate{}
			for range draw.IntN(1 + draw.IntN(2*bound>>draw.IntN(7)+2)) {
				if n := draw.Uint32N(uint32(bound)); !set[n] {
					set[n], members = true, append(members, candidate{subject: n})
				}
			}
			a := &Audience{crowd: crowdOf(members, bound)}
			if len(a.crowd.few) > 0 {
				few++
			} else if len(members) > 0 {
				all++
			}
			of, sets = append(of, a), append(sets, set)
		}
		regions, union, common := map[uint64]int{}, 0, 0
		for n := range uint32(bound) {
			in := uint64(0)
			for i, set := range sets {
				if set[n] {
					in |= 1 << i
				}
			}
			if in != 0 {
				regions[in]++
				union++
			}
			if in&3 == 3 {
				common++
			}
		}
		if d := cmp.Diff(regions, Regions(of)); d != "" {
			t.Fatalf("regions (-want +got):\n%s", d)
		}
		if got := Union(of); got != union {
			t.Fatalf("%d in all, want %d", got, union)
		}
		if got, back := of[0].Common(of[1]), of[1].Common(of[0]); got != common || back != common {
			t.Fatalf("%d and %d in common, want %d", got, back, common)
		}
	}
	if few < 500 || all < 500 {
		t.Errorf("%d of few and %d of many: too few to say anything", few, all)
	}
}
