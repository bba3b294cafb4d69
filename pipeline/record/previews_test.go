package record

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asked is a line about a preview of a rule with these conditions.
func asked(at, segment string, conditions ...string) Line {
	p := Previewed{Segment: segment, Definition: fmt.Sprint(conditions), Conditions: conditions}
	return Line{Manifest: &Manifest{Status: StatusPreviewed, GeneratedAt: at, Previewed: []Previewed{p}}}
}

func TestPreviewsOfNearlyEqualRulesAreCountedByDay(t *testing.T) {
	lines := []Line{
		{Manifest: &Manifest{Status: StatusDone, GeneratedAt: "2026-04-10T22:00:00Z"}},
		asked("2026-04-10T09:00:00Z", "loans", "a", "b"),
		asked("2026-04-10T09:01:00Z", "loans", "a", "b"),      // the same again
		asked("2026-04-10T09:02:00Z", "loans", "a", "c"),      // one condition is another
		asked("2026-04-10T09:03:00Z", "loans", "a"),           // one is missing
		asked("2026-04-10T09:04:00Z", "cards", "x", "y", "z"), // another rule
		asked("2026-04-10T09:05:00Z", "cards", "v", "w", "z"), // two are others
		asked("2026-04-11T09:00:00Z", "cards", "x"),
		asked("2026-04-11T09:00:00Z", "loans", "y"), // a rule of one condition is near to those of its own segment alone
		asked("2026-04-12T09:00:00Z", "cards", "x1"),
		asked("2026-04-12T09:01:00Z", "cards", "x2"),
		asked("2026-04-12T09:02:00Z", "cards", "x3"),
		{Manifest: &Manifest{Status: StatusReplay, GeneratedAt: "2026-04-13T09:00:00Z"}}, // of rules that a run knows
	}
	for i, name := range []string{"cards", "loans", "cars"} { // a rule that is called otherwise each time, also in replays
		l := asked("2026-04-13T10:00:00Z", name, fmt.Sprint("s", i))
		l.Manifest.Previewed[0].Shape, l.Manifest.Status = "s", []Status{StatusPreviewed, StatusReplay}[i%2]
		lines = append(lines, l)
	}
	want := []PreviewDay{
		{Day: "2026-04-13", Previews: 3, Rules: 3, NearlyEqual: 3, Segment: "cars"},
		{Day: "2026-04-12", Previews: 3, Rules: 3, NearlyEqual: 3, Segment: "cards"},
		{Day: "2026-04-11", Previews: 2, Rules: 2, NearlyEqual: 1, Segment: "cards"},
		{Day: "2026-04-10", Previews: 6, Rules: 5, NearlyEqual: 3, Segment: "loans"},
	}
	if d := cmp.Diff(want, PreviewDays(lines)); d != "" {
		t.Errorf("days (-want +got):\n%s", d)
	}
	if n := len(Runs(lines)); n != 3 { // replays are runs
		t.Errorf("%d lines are runs", n)
	}
}
