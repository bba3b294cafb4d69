package segments_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// told is what becomes of everybody, by segment and use.
func told(audiences []segments.Audience, world int) map[string]map[string]segments.Outcome {
	out := map[string]map[string]segments.Outcome{}
	for i := range audiences {
		if a := &audiences[i]; a.World() == world {
			out[fmt.Sprint(a.Segment().Name, " ", a.Use())] = maps.Collect(maps.All(a.Outcomes(0)))
		}
	}
	return out
}

var everything30 = &rules.Condition{
	Verb: "did", AnyEvent: true, Window: days(30), Compare: &rules.Compare{Op: rules.AtLeast, Bound: value.Number{Int: 1}},
}

// Two projects that are decided in one run, one with another rule in it, are decided as each by itself.
func TestWorldsKnowNothingOfEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for i := range w.requests {
			if s := w.requests[i].Segment; rapid.Bool().Draw(t, "exclusive") {
				s.Exclusive = &rules.Exclusive{Group: "of a " + string(s.Level), Priority: i}
			}
		}
		// A rule may be about people of whom it wants no row: these two want a row of everybody, in both worlds.
		for first, level := range []rules.Level{rules.DeviceLevel, rules.CustomerLevel} {
			s := &rules.Segment{Name: "every " + string(level), Zone: helsinki, Level: level, Match: everything30}
			w.requests = append(w.requests, segments.Request{Segment: s, Uses: []int{3 * first, 3*first + 1, 3*first + 2}})
		}
		one := w.requests
		var other []segments.Request
		for _, r := range one {
			s := *r.Segment
			if s.Match != everything30 && rapid.Bool().Draw(t, "another rule") {
				s.Match = drawCondition(t, nil, 1)
			}
			other = append(other, segments.Request{Segment: &s, Uses: r.Uses, World: 1})
		}
		want := [2]map[string]map[string]segments.Outcome{}
		for world, requests := range [2][]segments.Request{one, other} {
			w.requests = requests
			want[world] = told(w.audiences(t), world)
		}
		w.requests = slices.Concat(one, other)
		both := w.audiences(t)
		for world := range want {
			if diff := cmp.Diff(want[world], told(both, world)); diff != "" {
				t.Fatalf("world %d by itself, and beside the other (-/+):\n%s", world, diff)
			}
		}
	})
}
