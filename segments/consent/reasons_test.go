package consent

import "testing"

func TestEveryCodeHasItsOwnPage(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range Codes() {
		if seen[code] {
			t.Errorf("two pages for %s", code)
		}
		seen[code] = true
		if text, ok := Explain(code); !ok || len(text) < 50 || text[len(text)-1] != '.' {
			t.Errorf("%s explains itself as %q", code, text)
		}
	}
	for r := range reasons {
		if !seen[r.String()] {
			t.Errorf("reason %d has no page", r)
		}
	}
	if _, ok := Explain("NOTHING"); ok {
		t.Error("a code that does not exist has a page")
	}
}
