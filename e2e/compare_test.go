package e2e_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/diff"
)

// Every number of a comparison, on the real log, is what two runs of their own give: one with the old rule in the
// project, one with the new one, and one with each change alone, told as numbers of one document may be.
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
	missing := func(of, from []string) (out []string) { // who is in the first list and not in the second
		for _, id := range of {
			if _, there := slices.BinarySearch(from, id); !there {
				out = append(out, id)
			}
		}
		return out
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
			came, went := missing(is, was), missing(was, is)
			with := make([][]string, len(changes))
			for i, n := range u.Changes {
				if n.Alone != nil {
					with[i] = members(changes[i].Alone)[u.Use]
					alone++
				}
			}
			// by is whom one change alone moves, the last is whom none does, or several do.
			by := func(people []string, in bool) []int {
				n := make([]int, len(changes)+1)
				for _, id := range people {
					mover, movers := len(changes), 0
					for i, list := range with {
						if _, there := slices.BinarySearch(list, id); u.Changes[i].Alone != nil && there == in {
							mover, movers = i, movers+1
						}
					}
					if movers > 1 {
						mover = len(changes)
					}
					n[mover]++
				}
				return n
			}
			entered, left := by(came, true), by(went, false)
			// Numbers of one document are the same or the floor apart, in the order in which they are told.
			var apart shown.Apart
			tell := func(n int) shown.Count { return shown.Count(apart.Tell(n)) }
			want := preview.UseComparison{
				Use: u.Use, Old: tell(len(was)), New: tell(len(is)), Both: tell(len(is) - len(came)),
				Total:   preview.Flow{Entering: tell(len(came)), Leaving: tell(len(went))},
				Several: preview.Flow{Entering: tell(entered[len(changes)]), Leaving: tell(left[len(changes)])},
			}
			for i, n := range u.Changes {
				k := preview.ChangeCount{
					Difference: changes[i].Difference,
					Flow:       preview.Flow{Entering: tell(entered[i]), Leaving: tell(left[i])},
				}
				if n.Alone != nil {
					k.Alone = &preview.Flow{Entering: tell(len(missing(with[i], was))), Leaving: tell(len(missing(was, with[i])))}
				}
				want.Changes = append(want.Changes, k)
			}
			if !reflect.DeepEqual(u, want) {
				t.Errorf("%v, %s: the comparison says\n%s\nruns of their own say\n%s", pair, u.Use, must(json.Marshal(u))(t),
					must(json.Marshal(want))(t))
			}
			entering += len(came)
		}
	}
	if entering == 0 || alone < 8 {
		t.Errorf("%d people entered and %d changes were made alone: that tries nothing", entering, alone)
	}
}
