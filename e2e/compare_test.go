package e2e_test

import (
	"context"
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/diff"
)

// Every number of a comparison, on the real log, is what two runs of their own give: one with the old rule in the
// project, one with the new one, and one with each change alone.
func TestAComparisonIsTheDifferenceOfTwoRuns(t *testing.T) {
	t.Parallel()
	x := shop().open(t, false)
	asOf, knownBy := instant(t, "2008-07-31T22:00:00Z"), instant(t, "2008-08-03T10:30:00Z")
	l := x.load(t, setting{answers, "linked", false})
	members := func(s *rules.Segment) map[string][]string {
		with := *l
		with.Segments = slices.Clone(l.Segments)
		i := slices.IndexFunc(with.Segments, func(p *rules.Segment) bool { return p.Name == s.Name })
		with.Segments[i] = s
		e := evaluate(t, &with, asOf, knownBy)
		out := map[string][]string{}
		for k := range e.Audiences {
			a := &e.Audiences[k]
			own := len(s.Deliver) == 0 // else a use may have been asked for by another segment that refers to this one
			for _, list := range e.Lists {
				own = own || list.Segment == s && list.Use == a.Use()
			}
			if a.Segment() == s && own {
				out[e.Uses[a.Use()].Name] = slices.Collect(a.Members())
			}
		}
		return out
	}
	gone := func(from, of []string) (n shown.Count) {
		for _, id := range of {
			if _, there := slices.BinarySearch(from, id); !there {
				n++
			}
		}
		return n
	}
	named := func(name string) *rules.Segment {
		return l.Segments[slices.IndexFunc(l.Segments, func(s *rules.Segment) bool { return s.Name == name })]
	}
	entering, alone := 0, 0
	for _, pair := range [][2]string{{"trouser-fans", "sale-hunters"}, {"loyal-customers", "blouse-customers"}} {
		old := *named(pair[0])
		now := *named(pair[1])
		now.Name = old.Name // as if it had been rewritten
		j := job(t, l)
		j.AsOf, j.KnownBy = asOf, knownBy
		c := must(preview.Compare(context.Background(), j.Inputs, &old, &now))(t)
		before, after := members(&old), members(&now)
		changes := diff.Changes(&old, &now)
		for _, u := range c.Uses {
			was, is := before[u.Use], after[u.Use]
			if want := (preview.Flow{Entering: gone(was, is), Leaving: gone(is, was)}); u.Total != want ||
				u.Old != shown.Count(len(was)) || u.New != shown.Count(len(is)) {
				t.Errorf("%v, %s: %d -> %d people, %+v; two runs say %d -> %d, %+v", pair, u.Use, u.Old, u.New, u.Total, len(was),
					len(is), want)
			}
			sum := u.Several
			for i, n := range u.Changes {
				sum.Entering, sum.Leaving = sum.Entering+n.Entering, sum.Leaving+n.Leaving
				if n.Alone == nil {
					continue
				}
				with := members(changes[i].Alone)[u.Use]
				if want := (preview.Flow{Entering: gone(was, with), Leaving: gone(with, was)}); *n.Alone != want {
					t.Errorf("%v, %s: %+v alone makes %+v; two runs say %+v", pair, u.Use, n.Difference, *n.Alone, want)
				}
				alone++
			}
			if sum != u.Total {
				t.Errorf("%v, %s: the changes add up to %+v, in all it is %+v", pair, u.Use, sum, u.Total)
			}
			entering += int(u.Total.Entering)
		}
	}
	if entering == 0 || alone < 8 {
		t.Errorf("%d people entered and %d changes were made alone: that tries nothing", entering, alone)
	}
}
