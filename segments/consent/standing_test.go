package consent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// Whoever stands could have a row let through that happens now, by the facts and in everybody's company in which one
// was judged; and who could, stands, unless a denial came in late.
func TestWhoStandsGrantsNowInEveryCompany(t *testing.T) {
	standing, refused, seen := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, false)
		_, roll := w.admitted(t)
		gate := NewGate(w.ledger, w.uses, nil, nil, w.partner, 1)
		for range rapid.IntRange(0, 2).Draw(t, "logins at other times") {
			w.rows = append(w.rows, worldRow{
				device: rapid.SampledFrom(worldDevices).Draw(t, "on"), customer: rapid.SampledFrom(worldCustomers).Draw(t, "by"),
			})
			met := w.rows[len(w.rows)-1]
			roll = roll.Beside(maps.All(map[uint32]uint32{w.number(met.device, true): w.number(met.customer, true)}))
		}
		var late []Denial
		if rapid.Bool().Draw(t, "somebody objects late") {
			who := rapid.SampledFrom(slices.Concat(worldDevices, worldCustomers)).Draw(t, "who")
			late = append(late, Denial{Kind: kindOf(who), ID: who, Pattern: EveryPurpose, Reason: Suppressed})
		}
		for u := range w.uses {
			got := gate.Standing(u, roll, late, func(id string) bool { return id != "d3" })
			people := worldDevices
			if w.uses[u].Customer {
				people = worldCustomers
			}
			for _, who := range people {
				row, stands := got[who]
				if want := who != "d3" && w.stands(who, u) && !w.concerned(who, late); stands != want {
					t.Fatalf("%s at %s: stands is %t, the facts say %t\n%+v\n%+v", who, w.uses[u].Name, stands, want, w.rows, w.events)
				}
				if stands {
					standing++
				} else {
					refused++
				}
				if row {
					seen++
				}
			}
		}
	})
	if standing == 0 || refused == 0 || seen == 0 {
		t.Errorf("%d stand, %d do not, %d were seen: the test asks nothing", standing, refused, seen)
	}
}

// stands says by the facts whether somebody's row of now would pass.
func (w *world) stands(who string, u int) bool {
	return len(w.events[who]) > 0 && w.stays(who, &w.uses[u], w.policy.Now)
}

// concerned reports whether a late denial is somebody's own or that of one with whom a row of his was judged.
func (w *world) concerned(who string, late []Denial) bool {
	return slices.ContainsFunc(late, func(d Denial) bool {
		return d.ID == who || w.known(d.ID) && slices.ContainsFunc(w.rows, func(r worldRow) bool {
			return r.customer != "" && (r.device == who && r.customer == d.ID || r.customer == who && r.device == d.ID)
		})
	})
}

// known reports whether the ledger has somebody, or a row that was given to a number.
func (w *world) known(who string) bool {
	_, ok := w.subjects.Find(kindOf(who), who)
	return ok
}

// A device that customers share stands in no list, and a customer with too many devices in none.
func TestWhomIdentitySetsAsideDoesNotStand(t *testing.T) {
	shared, standing := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, true)
		_, roll := w.admitted(t)
		gate := NewGate(w.ledger, w.uses, nil, w.star, w.partner, 1)
		for u := range w.uses {
			for who := range gate.Standing(u, roll, nil, func(string) bool { return true }) {
				class := w.star.Class(w.late(who))
				if kindOf(who) == identity.Device && (class == identity.Shared || class == identity.Kiosk) ||
					kindOf(who) == identity.Customer && w.star.SetAside(w.late(who)) {
					t.Fatalf("%s stands at %s", who, w.uses[u].Name)
				}
				standing++
			}
		}
		for _, who := range worldDevices {
			if class := w.star.Class(w.late(who)); class == identity.Shared || class == identity.Kiosk {
				shared++
			}
		}
	})
	if shared == 0 || standing == 0 {
		t.Errorf("%d devices were shared, %d people stood: the test asks nothing", shared, standing)
	}
}

// Whom a late denial loses, use by use: the admitted whom it concerns, by the facts.
func TestLateDenialsLoseWhomTheyConcern(t *testing.T) {
	lost, stay := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, false)
		got, roll := w.admitted(t)
		who := rapid.SampledFrom(slices.Concat(worldDevices, worldCustomers)).Draw(t, "who")
		pattern := rapid.SampledFrom([]Pattern{EveryPurpose, EveryActivation, Measure, Link}).Draw(t, "pattern")
		late := []Denial{{Kind: kindOf(who), ID: who, Pattern: pattern, Reason: Suppressed}}
		names := roll.Lost(w.uses, late)
		for u := range w.uses {
			admitted := map[string]bool{}
			for i := range w.rows {
				if name, ok := got[fmt.Sprintf("row %d, %s", i, w.uses[u].Name)]; ok {
					name, _, _ = strings.Cut(name, " of ")
					admitted[name] = true
				}
			}
			var want []string
			for _, name := range slices.Sorted(maps.Keys(admitted)) {
				if slices.ContainsFunc(w.uses[u].asked(true), pattern.covers) && w.concerned(name, late) {
					want = append(want, name)
				} else {
					stay++
				}
			}
			if lost += len(want); !slices.Equal(names[u], want) {
				t.Fatalf("%s denies %d: %s loses %q, want %q\n%+v", who, pattern, w.uses[u].Name, names[u], want, w.rows)
			}
		}
	})
	if lost == 0 || stay == 0 {
		t.Errorf("%d were lost, %d not: the test asks nothing", lost, stay)
	}
}
