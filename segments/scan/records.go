package scan

import (
	"slices"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Record is what was kept of somebody, as a row at an instant: microseconds UTC.
type Record struct {
	Customer bool
	ID       string
	At       int64
	Pick     int // of the plan
}

// Records is the evidence of records. Whom neither a consent event nor a row names is left out: the gate could only
// refuse him. The block is the caller's.
func Records(plan *Plan, subjects *identity.Subjects, of []Record) *evidence.Block {
	classes := &evidence.Classes{Words: (len(plan.Picks) + 63) / 64}
	b := &evidence.Block{Classes: classes, Records: true, Values: make([][]int64, len(plan.Values))}
	class := map[int]uint32{}
	for _, r := range of {
		kind, device, customer := identity.Device, uint32(evidence.Unknown), uint32(evidence.None)
		if r.Customer {
			kind = identity.Customer
		}
		n, ok := subjects.Find(kind, r.ID)
		if !ok || identity.Blocked(r.ID, plan.Blocked...) {
			continue
		}
		if r.Customer {
			customer = n
		} else {
			device = n
		}
		k, ok := class[r.Pick]
		if !ok {
			k = uint32(classes.Len())
			class[r.Pick] = k
			picks := make([]uint64, classes.Words)
			picks[r.Pick/64] |= 1 << (r.Pick % 64)
			classes.Picks, classes.Slot = append(classes.Picks, picks...), append(classes.Slot, 1)
		}
		b.Class, b.Device, b.Customer, b.Time = append(b.Class, k), append(b.Device, device), append(b.Customer, customer),
			append(b.Time, r.At)
	}
	for v := range b.Values {
		b.Values[v] = slices.Repeat([]int64{evidence.Null}, len(b.Class))
	}
	return b
}
