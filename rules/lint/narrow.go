package lint

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Whoever knows to the minute when somebody was on a page can ask about that person by the time alone: by an exact
// time, by a time between two that lie close together, and by an hour of one day: less than two days have some hours
// once. Such rules are refused. A window that ends at the moment of the run, and the time between two steps of a
// sequence, say nothing of a time that somebody knows. All times of a rule are looked at together, and those of the
// segments that it refers to: "after ten, but not after a minute past ten" says the same in one condition, in two, or
// in two files.

// lintNarrow reports what tests the time of events more finely than a day.
func (l *linter) lintNarrow(r *source.Report, seg *rules.Segment) {
	edges := &times{}
	l.narrowReferred(seg, map[string]bool{seg.Name: true}, edges)
	for cond := range seg.Conditions() {
		l.narrowCondition(r, seg, cond, edges)
	}
}

// narrowReferred adds the times that the segments test to which one refers.
func (l *linter) narrowReferred(seg *rules.Segment, seen map[string]bool, edges *times) {
	for cond := range seg.Conditions() {
		i := slices.IndexFunc(l.segs, func(s *rules.Segment) bool { return s.Name == cond.Segment })
		if i < 0 || seen[cond.Segment] {
			continue
		}
		seen[cond.Segment] = true
		l.narrowReferred(l.segs[i], seen, edges)
		for of := range l.segs[i].Conditions() {
			l.narrowCondition(&source.Report{Source: l.segs[i].Source}, l.segs[i], of, edges) // reported there
		}
	}
}

func (l *linter) narrowCondition(r *source.Report, seg *rules.Segment, cond *rules.Condition, edges *times) {
	if m := cond.Metric; m != nil && l.timed(m.Column) && cond.Compare != nil {
		if cond.Compare.Op == rules.Exactly {
			l.narrow(r, m.Span, "this asks for the time of one event")
		}
		l.narrowEdge(r, cond.Compare.Span, m.Column, cond.Compare.Bound.Int, edges)
	}
	w := cond.Window
	if w != nil && w.To != (value.Duration{}) && w.From.Longest()-w.To.Longest() < value.MicrosPerDay {
		l.narrow(r, w.Span, "this window is shorter than a day")
	}
	for _, d := range demandsOf(cond) {
		l.narrowTests(r, seg, w, d, edges)
	}
}

// times are the instants that a rule compares the times of events with.
type times []int64

// narrowEdge adds an instant and reports one that lies less than a day from another.
func (l *linter) narrowEdge(r *source.Report, at source.Span, column string, edge int64, edges *times) {
	if close := nearest(*edges, edge); close > 0 && close < value.MicrosPerDay {
		l.narrow(r, at, fmt.Sprintf("this time lies less than a day from another one that %s is compared with", column))
	}
	*edges = append(*edges, edge)
}

func (l *linter) narrow(r *source.Report, at source.Span, message string) {
	r.Fail("E-NARROW", at, message, source.Expected("whole days: within: {from: 2026-03-01, before: 2026-03-02}, "+
		"local.date, or the hour without the day"))
}

// timed reports whether a column says when events happened or came in.
func (l *linter) timed(column string) bool {
	return slices.ContainsFunc(l.scope.Schemas, func(s *rules.Schema) bool {
		c, ok := s.Column(column)
		return ok && (c.Role == rules.RoleEventTime || c.Role == rules.RoleReceivedAt)
	})
}

// narrowTests looks at all tests of one row together, whatever joins them: a `not` or an `or` chooses by the same
// times.
func (l *linter) narrowTests(r *source.Report, seg *rules.Segment, w *rules.Window, d demand, edges *times) {
	oneDay := false
	switch {
	case w == nil || w.All:
	case w.Since != 0:
		*edges = append(*edges, seg.Zone.Midnight(w.Since), seg.Zone.Midnight(w.Until))
		oneDay = w.Until-w.Since == 1
	default:
		oneDay = w.From.Longest()-w.To.Longest() < 2*value.MicrosPerDay
	}
	var hour *rules.Test
	var own times // that are compared in this row
	for _, e := range []rules.Expr{d.given, d.where} {
		for t := range rules.Tests(e) {
			switch {
			case t.Term.Function == "local.hour":
				hour = t
			case t.Term.Function == "local.date":
				oneDay = true
			case t.Term.Function != "" || !l.timed(t.Term.Column) || len(t.Args) == 0:
			case t.Op == where.OpEqual || t.Op == where.OpIn:
				l.narrow(r, t.Span, "this asks for the exact time of an event")
			default:
				for _, v := range t.Args {
					l.narrowEdge(r, t.Span, t.Term.Column, v.Int, edges)
					close := nearest(own, v.Int)
					oneDay = oneDay || close > 0 && close < 2*value.MicrosPerDay
					own = append(own, v.Int)
				}
			}
		}
	}
	if hour != nil && oneDay {
		l.narrow(r, hour.Span, "this asks for an hour of one day")
	}
}

// nearest is how far an instant is from the nearest other one, 0 if it has none.
func nearest(others []int64, at int64) (distance int64) {
	for _, o := range others {
		if far := max(o-at, at-o); far > 0 && (distance == 0 || far < distance) {
			distance = far
		}
	}
	return distance
}

// Narrow reports what conditions of rules that stand alone, such as statistics, test more finely than a day.
func Narrow(s *rules.Scope, seg *rules.Segment) source.Findings {
	r := &source.Report{Source: seg.Source}
	(&linter{scope: s, words: s.Vocabulary()}).lintNarrow(r, seg)
	return r.Found
}
