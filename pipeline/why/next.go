package why

import (
	"slices"
	"sort"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// moments are the instants after as_of, ascending, at which the verdict on the person can change though nothing
// happens: a row leaves a window or enters it, the time of a then_not is over, a stay ends, a day that is missing in
// the data leaves a window. Between two of them it cannot. Where as_of is a local midnight, as that of a nightly run
// is, so are they.
func (q *inquiry) moments(seen []int64) []int64 {
	for i := range q.Sources {
		cover := &q.Sources[i].Cover
		// from where the data cover is covered itself, a row at an edge still lies in the window
		seen = append(seen, cover.From-1)
		for _, m := range cover.Missing {
			seen = append(seen, m.From, m.Before-1)
		}
	}
	slices.Sort(seen)
	seen = slices.Compact(seen)
	var out []int64
	for _, s := range q.Decided() {
		for _, c := range s.Judged() {
			if c.Window != nil {
				out = append(out, q.crossings(c, s.Zone, seen)...)
			}
			if c.Sequence != nil && c.Sequence.Then != nil {
				for _, at := range seen {
					out = append(out, s.Zone.Step(at, c.Sequence.Then.Limit, 1)+1)
				}
			}
		}
		for _, k := range q.stays {
			if k.Segment == s.Name {
				out = append(out, s.Zone.Step(k.Last, s.Stay, 1))
			}
		}
	}
	out = slices.DeleteFunc(out, func(at int64) bool { return at <= q.AsOf })
	if q.nightly() {
		for i, at := range out {
			out[i] = q.midnightFrom(at)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nightly reports whether as_of is a local midnight, as that of a nightly run is.
func (q *inquiry) nightly() bool { return q.Project.Zone.StartOfDay(q.AsOf) == q.AsOf }

// horizon is how far ahead a crossing is looked for: no window reaches further back than rows may be kept.
const horizon = 762 * value.MicrosPerDay

// crossings are the instants at which one of the times passes an edge of what the condition looks at: of its window, of
// the pause before it that tells whether a session had begun by then, of the time after it that a then_not waits for.
// All edges only move on.
func (q *inquiry) crossings(c *rules.Condition, z *value.Zone, times []int64) (out []int64) {
	from := q.CoveredFrom(c)
	edges := func(asOf int64) (int64, int64) { return c.Window.Bounds(asOf, from, z) }
	passes := []func(asOf, at int64) bool{
		func(asOf, at int64) bool { lo, _ := edges(asOf); return lo > at },
		func(asOf, at int64) bool { _, hi := edges(asOf); return hi > at },
	}
	if looksBefore(c) {
		passes = append(passes, func(asOf, at int64) bool {
			lo, _ := edges(asOf)
			return lo-project.Micros(q.Project.SessionGap) > at
		})
	}
	if c.Sequence != nil && c.Sequence.Then != nil {
		passes = append(passes, func(asOf, at int64) bool {
			_, hi := edges(asOf)
			return z.Step(hi, c.Sequence.Then.Limit, 1) > at
		})
	}
	for _, at := range times {
		for _, pass := range passes {
			passed := func(asOf int64) bool { return pass(asOf, at) }
			if passed(q.AsOf) || !passed(q.AsOf+horizon) {
				continue
			}
			out = append(out, q.AsOf+int64(sort.Search(int(horizon), func(i int) bool { return passed(q.AsOf + int64(i)) })))
		}
	}
	return out
}

// looksBefore reports whether sessions make a condition look at rows before its window.
func looksBefore(c *rules.Condition) bool {
	return c.InSessions() || c.Sequence != nil && c.Sequence.SameSession
}

// midnightFrom is the first local midnight that is not before an instant.
func (q *inquiry) midnightFrom(at int64) int64 {
	if q.Project.Zone.StartOfDay(at) == at {
		return at
	}
	return q.Project.Zone.StartOfDay(q.Project.Zone.StartOfDay(at) + 36*value.MicrosPerDay/24)
}

// next finds what changes by itself: every instant at which some condition turns, up to the first at which the
// outcome does.
func (q *inquiry) next(a *Answer, now *decide.Again) error {
	moments := q.moments(q.times())
	before, last := now, q.AsOf
	for i := 0; i < len(moments); i++ {
		if i == maxMoments {
			a.Searched = Instant(last)
			return nil
		}
		at := moments[i]
		moments = append(moments[:i:i], q.remember(before, last, at, moments[i:])...)
		at = moments[i]
		after, err := q.again(at)
		if err != nil {
			return err
		}
		open := false
		for k := range a.Uses {
			u := &a.Uses[k]
			if u.settled {
				continue
			}
			if c, changed := q.change(u, at, before, after); changed {
				u.Next = append(u.Next, c)
				u.settled = c.Outcome != u.Alone
			}
			open = open || !u.settled
		}
		if before, last = after, at; !open {
			return nil
		}
	}
	return nil
}

// remember is what the nights from one turn up to the next leave behind of a segment in which people stay: whoever
// matches begins to stay anew on each of them. The end of that stay is a turn, too.
func (q *inquiry) remember(v *decide.Again, from, to int64, moments []int64) []int64 {
	if q.segment.Stay == (value.Duration{}) {
		return moments
	}
	night := q.Project.Zone.StartOfDay(to - 1)
	if night < from {
		return moments
	}
	for use, is := range v.Verdicts {
		if !is.Today {
			continue
		}
		of := func(k state.Stay) bool { return k.Segment == q.segment.Name && k.Use == q.Uses[use].Name }
		k := state.Stay{
			Segment: q.segment.Name, Use: q.Uses[use].Name, ID: q.Person.Raw, Entered: night, Last: night,
			Definition: decide.Definition(q.segment),
		}
		q.stays = append(slices.DeleteFunc(slices.Clone(q.stays), of), k)
		over := q.segment.Zone.Step(night, q.segment.Stay, 1)
		if q.nightly() {
			over = q.midnightFrom(over)
		}
		moments = append(slices.Clone(moments), over)
	}
	slices.Sort(moments)
	return slices.Compact(moments)
}

// change is what turned between two decisions about the person alone.
func (q *inquiry) change(u *AnswerUse, at int64, before, after *decide.Again) (AnswerChange, bool) {
	c := AnswerChange{At: Instant(at), Outcome: after.Verdicts[u.number].Outcome, Conditions: []AnswerTurn{}}
	for _, n := range u.Conditions {
		was, is := q.nodeOf(before, u.number, n.Path), q.nodeOf(after, u.number, n.Path)
		switch {
		case was == nil || is == nil || was.Verdict() == is.Verdict():
		default:
			c.Conditions = append(c.Conditions, AnswerTurn{n.Path, is.Verdict()})
		}
	}
	return c, len(c.Conditions) > 0 || c.Outcome != before.Verdicts[u.number].Outcome
}

// times are when the person's rows happened.
func (q *inquiry) times() (out []int64) {
	q.Each(func(at int64) { out = append(out, at) })
	return out
}
