package main

import (
	"strings"
	"testing"
)

func TestATestMadeOfADecisionHasANameThatIsAllowed(t *testing.T) {
	for segment, want := range map[string]string{
		"loans": "loans-2026-04-15", strings.Repeat("a", 63): strings.Repeat("a", 52) + "-2026-04-15",
		strings.Repeat("a", 51) + "-b": strings.Repeat("a", 51) + "-2026-04-15",
	} {
		if got := testName(segment, "2026-04-15"); got != want || len(got) > longestName {
			t.Errorf("%s: %s, want %s", segment, got, want)
		}
	}
}
