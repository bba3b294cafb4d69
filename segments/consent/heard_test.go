package consent

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A denial that the ledger has heard changes nothing, and one that is in it has been heard unless something lies above.
func TestADenialThatWasHeardChangesNothing(t *testing.T) {
	heard, listed, fresh := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, false)
		gate := NewGate(w.ledger, w.uses, nil, nil, w.partner, 1)
		who := rapid.SampledFrom(slices.Concat(worldDevices, worldCustomers)).Draw(t, "who")
		for _, p := range w.listed[who] {
			if listed++; !gate.Heard(Denial{Kind: kindOf(who), ID: who, Pattern: p, Reason: Suppressed}) {
				t.Fatalf("an entry of the list was not heard: %s %d", who, p)
			}
		}
		if len(w.listed[who]) == 0 && gate.Heard(Denial{Kind: kindOf(who), ID: who, Pattern: Profile, Reason: Suppressed}) {
			t.Fatalf("%s stands on no list, and it was heard", who)
		}
		e := drawEvent(t, denials...)
		if mine := w.events[who]; len(mine) > 0 && rapid.Bool().Draw(t, "an old one") {
			e = rapid.SampledFrom(mine).Draw(t, "which")
		}
		news := false
		denied := 0
		e.Denials(testStrings, func(p Pattern, r Reason) {
			denied++
			news = news || !gate.Heard(Denial{Kind: kindOf(who), ID: who, Pattern: p, Reason: r, At: e.At})
		})
		switch {
		case denied == 0:
			return
		case news:
			fresh++
			return
		}
		heard++
		for purpose := range w.policy.Purposes.Len() {
			before := NewMachine(w.policy, testStrings).Fold(w.events[who], purpose)
			after := NewMachine(w.policy, testStrings).Fold(append(slices.Clone(w.events[who]), e), purpose)
			if before.Erased && after.Erased {
				continue
			}
			if diff := gocmp.Diff(before, after); diff != "" {
				t.Fatalf("%+v was heard, and changes purpose %d: %s\n%+v", e, purpose, diff, w.events[who])
			}
		}
	})
	if !testing.Short() && (heard == 0 || listed == 0 || fresh == 0) {
		t.Errorf("%d were heard, %d listed, %d new: the test asks nothing", heard, listed, fresh)
	}
}
