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
	refs := make([]Ref, many)
	for i := range refs {
		refs[i] = l.Subject(identity.Device, fmt.Appendf(nil, "d%d", i))
		l.Add(refs[i], Event{At: 1, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true})
	}
	for i := many - 2; i >= 0; i -= 2 { // the list is in another order than the log
		l.Suppress(refs[i], Pattern(Profile))
		l.Suppress(refs[i], Pattern(Link))
	}
	ledger, err := filling.Seal(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range many {
		id := fmt.Sprintf("d%d", i)
		n, known := subjects.Find(identity.Device, id)
		listed := i%2 == 0
		if !known || ledger.Suppressed(n, Profile) != listed || ledger.Suppressed(n, Link) != listed ||
			ledger.Suppressed(n, Measure) {
			t.Fatalf("%s is known %t, listed %t: %t, %t", id, known, listed, ledger.Suppressed(n, Profile),
				ledger.Suppressed(n, Link))
		}
	}
}
