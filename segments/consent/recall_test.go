package consent

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Whoever qualified before stays if a row of that time would be given to the use, by the facts and in everybody's
// company; the door and what is asked when the record is written say the same.
func TestWhoQualifiedBeforeStaysAsARowOfThatTimeWould(t *testing.T) {
	for _, linked := range []bool{false, true} {
		stay, leave, late := 0, 0, 0
		rapid.Check(t, func(t *rapid.T) {
			w := drawWorld(t, linked)
			met := map[uint32]uint32{}
			for _, r := range w.rows {
				if r.customer != "" {
					met[w.late(r.device)] = w.late(r.customer)
				}
			}
			w.rows = slices.DeleteFunc(w.rows, func(r worldRow) bool {
				return r.customer != "" && met[w.late(r.device)] != w.late(r.customer)
			})
			gate := NewGate(w.ledger, w.uses, func([]uint64, uint16) uint32 { return 1<<len(w.uses) - 1 }, w.star, w.partner, 1)
			who := rapid.SampledFrom(slices.Concat(worldDevices, worldCustomers)).Draw(t, "who")
			at := testNow - rapid.Int64Range(0, 35).Draw(t, "ago")
			n, known := w.subjects.Find(kindOf(who), who)
			if !known {
				return
			}
			block := &evidence.Block{
				Classes: &evidence.Classes{Words: 1, Picks: []uint64{1}, Slot: []uint16{1}}, Records: true,
				Class: []uint32{0}, Device: []uint32{n}, Customer: []uint32{evidence.None}, Time: []int64{at},
			}
			if kindOf(who) == identity.Customer {
				block.Device[0], block.Customer[0] = evidence.Unknown, n
			}
			door, got := gate.Recall(maps.All(met)), uint32(0)
			for batch, i := door.Admit(block), 0; i < batch.Len(); i++ {
				got |= batch.Row(i).Uses
			}
			alone := gate.Close(door) // it has the company of the records that the door was asked about
			roll := alone.Beside(maps.All(met))
			denied := []Denial{{Kind: kindOf(who), ID: who, Pattern: EveryPurpose, Reason: Suppressed}}
			for u := range w.uses {
				use := &w.uses[u]
				want := use.kind() == kindOf(who) && w.stays(who, use, at)
				if (got>>u&1 != 0) != want {
					t.Fatalf("%s, %s at %d: stays is %t, the facts say %t\n%+v\n%+v", who, use.Name, at-testNow, !want, want, w.rows,
						w.events)
				}
				if use.kind() != kindOf(who) {
					continue
				}
				if kept := gate.Keeps(use, roll, nil, []Kept{{who, at}}); kept[0] != want {
					t.Fatalf("%s, %s at %d: kept is %t, want %t", who, use.Name, at-testNow, kept[0], want)
				}
				if kept := gate.Keeps(use, alone, nil, []Kept{{who, at}}); kept[0] != want {
					t.Fatalf("%s, %s at %d: without more company kept is %t, want %t", who, use.Name, at-testNow, kept[0], want)
				}
				if gate.Keeps(use, roll, denied, []Kept{{who, at}})[0] {
					t.Fatalf("%s, %s: a late denial keeps the record", who, use.Name)
				}
				for _, r := range w.rows {
					other := r.device
					if kindOf(who) == identity.Device {
						other = r.customer
					}
					if want && r.customer != "" && (r.device == who || r.customer == who) {
						late++
						denied := []Denial{{Kind: kindOf(other), ID: other, Pattern: EveryPurpose, Reason: Suppressed}}
						if gate.Keeps(use, roll, denied, []Kept{{who, at}})[0] {
							t.Fatalf("%s, %s: a late denial of %s keeps the record", who, use.Name, other)
						}
					}
				}
				if want {
					stay++
				} else {
					leave++
				}
			}
		})
		if stay == 0 || leave == 0 || late == 0 {
			t.Errorf("%d stay, %d leave, %d had company that denied: the test asks nothing", stay, leave, late)
		}
	}
}

// stays says by the facts whether a row of somebody at an instant would pass, in everybody's company.
func (w *world) stays(who string, use *Use, at int64) bool {
	open := func(device, customer string, user User) bool {
		if slices.ContainsFunc(use.asked(w.partner), func(p int) bool { return !w.open(device, customer, user, p, at) }) {
			return false
		}
		return w.handed(use, device, customer)
	}
	if use.Customer {
		if w.star != nil && w.star.SetAside(w.late(who)) {
			return false
		}
		his := slices.DeleteFunc(slices.Clone(w.rows), func(r worldRow) bool { return r.customer != who })
		return len(his) == 0 && open("", who, LoggedIn) ||
			slices.ContainsFunc(his, func(r worldRow) bool { return open(r.device, who, LoggedIn) })
	}
	if w.star != nil {
		if class := w.star.Class(w.late(who)); class == identity.Shared || class == identity.Kiosk {
			return false
		}
	}
	return open(who, "", Anonymous) && !slices.ContainsFunc(w.rows, func(r worldRow) bool {
		return r.device == who && r.customer != "" && !open(who, r.customer, LoggedIn)
	})
}
