package where_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

func TestNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"1,000": "1000", "1.000,50": "1000.50", "1,000.50": "1000.50", "1 000": "1000", "1_000_000": "1000000",
		"1,000,000": "1000000", "1.000.000": "1000000", "12,5": "12.5", "12,50": "12.50", "1.000": "1.000", "-1,5": "-1.5",
		"2k": "2000", "€100": "100", "100€": "100", "100 EUR": "100",
		"": "", "k": "", "1.5k": "", "1,2,3": "", "10%": "", "1-2": "", "1..2": "", "2026-04-01": "", "--1": "", "1e3": "",
	} {
		if got := where.PlainNumber(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// FuzzPlainNumber wants a number that a rule may hold, of the same digits, or nothing.
func FuzzPlainNumber(f *testing.F) {
	for _, seed := range []string{"1,000", "1.000,50", "12k", "€1", "-,5", "1,2.3,4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		digits := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s)
		}
		got := where.PlainNumber(text)
		if got != "" && (!value.IsNumber(got) || !strings.HasPrefix(digits(got), digits(text))) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
