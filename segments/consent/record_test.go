package consent

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// kept judges from the facts whether a record of somebody, made at an instant, may be used: one unbroken grant of each
// purpose covers it and now, and identity does not keep its owner out.
func (w *world) kept(who string, customer bool, use *Use, at int64) bool {
	if use.Customer != customer {
		return false
	}
	device, owner, u := who, "", Anonymous
	if customer {
		device, owner, u = "", who, LoggedIn
	}
	for _, purpose := range use.Purposes {
		if !w.open(device, owner, u, purpose, at) {
			return false
		}
	}
	switch {
	case w.star == nil:
		return w.handed(use, device, owner)
	case !customer:
		class := w.star.Class(w.late(who))
		return class != identity.Shared && class != identity.Kiosk
	case w.star.SetAside(w.late(who)):
		return false
	}
	return w.handed(use, device, owner)
}

func TestARecordIsUsedUnderAConsentThatHeldThenAndHoldsNow(t *testing.T) {
	for _, linked := range []bool{false, true} {
		admitted, refused := 0, 0
		rapid.Check(t, func(t *rapid.T) {
			w := drawWorld(t, linked)
			if linked {
				for _, who := range slices.Concat(worldDevices, worldCustomers) {
					w.late(who) // the star knows everybody whom a row names
				}
			}
			gate := NewGate(w.ledger, w.uses, func([]uint64, uint16) uint32 { return 1<<len(w.uses) - 1 }, w.star, true, 1)
			customer := rapid.Bool().Draw(t, "customer")
			who := rapid.SampledFrom(worldDevices).Draw(t, "device")
			if customer {
				who = rapid.SampledFrom(worldCustomers).Draw(t, "customer's name")
			}
			at := testNow - rapid.Int64Range(0, 35).Draw(t, "ago")
			carries := rapid.SampledFrom([]evidence.Mark{0, 0, 0, 0, 0, evidence.Dropped}).Draw(t, "marks")
			block := &evidence.Block{
				Classes: &evidence.Classes{
					Words: 1, Picks: []uint64{1}, Slot: []uint16{1}, Marked: []evidence.Mark{carries},
				}, Records: true, Class: []uint32{0},
				Device: []uint32{evidence.Unknown}, Customer: []uint32{evidence.None}, Time: []int64{at},
			}
			n, known := w.subjects.Lookup(w.subjects.Hash(kindOf(who), []byte(who)), []byte(who))
			switch {
			case !known:
				return // whom no consent event names has no record before the gate
			case customer:
				block.Customer[0] = n
			default:
				block.Device[0] = n
			}
			door := gate.Open()
			batch := door.Admit(block)
			got := uint32(0)
			for i := range batch.Len() {
				got |= batch.Row(i).Uses
			}
			for u := range w.uses {
				want := carries == 0 && w.kept(who, customer, &w.uses[u], at)
				if (got>>u&1 != 0) != want {
					t.Fatalf("%s, %s at %d: admitted %t, want %t\n%+v", who, w.uses[u].Name, at-testNow, !want, want, w.events)
				}
				if want {
					admitted++
				} else {
					refused++
				}
			}
			roll := gate.Close(door)
			for u := range w.uses {
				if roll.Tallies.Admitted[u] != 0 || slices.Max(roll.Tallies.Refused[u]) != 0 {
					t.Fatal("a record is counted as a row of the log")
				}
				if _, named := roll.Name(n, u); named != (got>>u&1 != 0) {
					t.Fatal("the roll names somebody else than was admitted")
				}
			}
		})
		if admitted == 0 || refused == 0 {
			t.Errorf("%d admitted, %d refused: the test asks nothing", admitted, refused)
		}
	}
}
