package consent

import (
	"testing"

	"github.com/malgrupp/malgrupp/rules/source"
)

func TestEveryReasonHasItsOwnPage(t *testing.T) {
	seen := map[string]bool{}
	for r := range reasons {
		if seen[r.String()] {
			t.Errorf("two reasons are called %s", r)
		}
		seen[r.String()] = true
		if _, ok := source.Explain(r.String()); !ok {
			t.Errorf("reason %d has no page", r)
		}
	}
}
