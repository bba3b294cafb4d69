package evidence_test

import (
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/segments/evidence"
)

func TestAClassKeepsItsPicksAndSlotWhileTheTableGrows(t *testing.T) {
	c := &evidence.Classes{Words: 2}
	for k := range uint32(100) {
		c.Picks, c.Slot = append(c.Picks, uint64(k), uint64(k)<<32), append(c.Slot, uint16(k%7))
		if c.Len() != int(k)+1 {
			t.Fatalf("%d classes, want %d", c.Len(), k+1)
		}
	}
	for k := range uint32(100) {
		if picks, slot := c.Of(k); !slices.Equal(picks, []uint64{uint64(k), uint64(k) << 32}) || slot != uint16(k%7) {
			t.Errorf("class %d has the picks %v in slot %d", k, picks, slot)
		}
	}
}

func TestNoNumberOfASubjectMeansNobody(t *testing.T) {
	special := []uint32{evidence.None, evidence.Blocked, evidence.Unknown}
	slices.Sort(special)
	if len(slices.Compact(special)) != 3 || special[0] != evidence.Unknown {
		t.Error("whoever compares with Unknown to find subjects finds something else")
	}
}
