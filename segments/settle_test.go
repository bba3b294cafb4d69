package segments_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments"
)

func TestAudiencesAreWhatAPlainComputationFinds(t *testing.T) {
	members, split, hidden, plainly := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		p, got := newPlain(w), w.audiences(t)
		i := 0
		for s, r := range w.requests {
			var previous map[string]segments.Outcome
			for _, use := range p.uses[s] {
				a, want := &got[i], p.settled(s, use)
				i++
				if a.Segment() != r.Segment || a.Use() != use {
					t.Fatalf("audience %d is of %s for use %d, want %s for %d", i, a.Segment().Name, a.Use(), r.Segment.Name, use)
				}
				if diff := cmp.Diff(want.outcomes, a.Outcomes(0),
					cmp.Comparer(func(a, b segments.Outcome) bool { return a == b })); diff != "" {
					t.Fatalf("%s for %s:\n%s", r.Segment.Name, w.uses[use].Name, diff)
				}
				compareLists(t, a, want)
				if diff := cmp.Diff(p.breakdown(r.Segment, use), a.Breakdown(), cmpopts.EquateEmpty(),
					cmpopts.IgnoreFields(segments.Node{}, "Verb", "Logic", "Leaf")); diff != "" {
					t.Fatalf("breakdown of %s for %s:\n%s", r.Segment.Name, w.uses[use].Name, diff)
				}
				if diff := cmp.Diff(p.absent(r.Segment, use), maps.Collect(a.Absent()), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("what keeps people out of %s for %s:\n%s", r.Segment.Name, w.uses[use].Name, diff)
				}
				if want := p.resting(s, use); a.Hidden != want {
					t.Fatalf("%s for %s: %d members rest on hidden time, want %d", r.Segment.Name, w.uses[use].Name, a.Hidden, want)
				} else if p.examined(s) {
					hidden, plainly = hidden+want, plainly+a.Len()-want
				}
				members += a.Len()
				if previous != nil && !maps.Equal(previous, want.outcomes) {
					split++
				}
				previous = want.outcomes
			}
		}
		if i != len(got) {
			t.Fatalf("%d audiences, want %d", len(got), i)
		}
	})
	if members == 0 || split == 0 || hidden == 0 || plainly == 0 {
		t.Errorf("%d members, %d segments that uses saw differently, %d members on hidden time and %d not: the test asks "+
			"nothing", members, split, hidden, plainly)
	}
}

// compareLists compares what an audience hands out with the outcomes.
func compareLists(t *rapid.T, a *segments.Audience, want settled) {
	with := func(o segments.Outcome) (out []string) {
		for _, who := range slices.Sorted(maps.Keys(want.outcomes)) {
			if want.outcomes[who] == o {
				out = append(out, who)
			}
		}
		return out
	}
	if diff := cmp.Diff(with(segments.In), slices.Collect(a.Members())); diff != "" {
		t.Fatalf("members:\n%s", diff)
	}
	if diff := cmp.Diff(with(segments.Control), slices.Collect(a.Control())); diff != "" {
		t.Fatalf("control:\n%s", diff)
	}
	for _, who := range with(segments.In) {
		if !a.Has(who) {
			t.Fatalf("%s is a member and not found", who)
		}
	}
	_, undecided := a.Count()
	if a.Qualified != want.qualified || a.Len() != len(with(segments.In)) || undecided != len(with(segments.Undecided)) ||
		a.Has("nobody") {
		t.Fatalf("%d qualified, %d members, %d undecided, want %d, %d, %d",
			a.Qualified, a.Len(), undecided, want.qualified, len(with(segments.In)), len(with(segments.Undecided)))
	}
	if floor := a.Len() + 1; !a.Withheld(floor) || a.Withheld(a.Len()) {
		t.Fatalf("%d members are withheld below %d: %t, below %d: %t", a.Len(), floor, a.Withheld(floor), a.Len(),
			a.Withheld(a.Len()))
	}
}
