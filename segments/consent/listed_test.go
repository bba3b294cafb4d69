package consent

import (
	"fmt"
	"testing"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// Of thousands on a list everybody is found, for what the list forbids her and nothing else; nobody else is.
func TestEverybodyOnALongListIsFound(t *testing.T) {
	subjects := identity.NewSubjects()
	filling := Fill(densePolicy(testNow), subjects)
	l := filling.Loader()
	const many = 5000
	for i := range many {
		id := fmt.Appendf(nil, "d%d", i*7919%many) // in no order
		if i%2 == 0 {
			l.Suppress(l.Subject(identity.Device, id), Pattern(Profile))
			l.Suppress(l.Subject(identity.Device, id), Pattern(Link))
		} else {
			l.Add(l.Subject(identity.Device, id), Event{At: 1, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true})
		}
	}
	ledger, err := filling.Seal(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range many {
		id := fmt.Sprintf("d%d", i*7919%many)
		n, known := subjects.Find(identity.Device, id)
		listed := i%2 == 0
		if !known || ledger.Suppressed(n, Profile) != listed || ledger.Suppressed(n, Link) != listed ||
			ledger.Suppressed(n, Measure) {
			t.Fatalf("%s is known %t, listed %t: %t, %t", id, known, listed, ledger.Suppressed(n, Profile),
				ledger.Suppressed(n, Link))
		}
	}
}
