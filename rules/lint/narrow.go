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
// time, by a time between two that lie close together, and by an hour of one day. Such rules are refused. A window that
// ends at the moment of the run, and the time between two steps of a sequence, say nothing of a time that somebody
// knows.

// lintNarrow reports what tests the time of events more finely than a day.
func (l *linter) lintNarrow(r *source.Report, seg *rules.Segment, cond *rules.Condition) {
	if m := cond.Metric; m != nil && l.timed(m.Column) && cond.Compare != nil && cond.Compare.Op == rules.Exactly {
		l.narrow(r, m.Span, "this asks for the time of one event")
	}
	w := cond.Window
	if w != nil && w.To != (value.Duration{}) && w.From.Longest()-w.To.Longest() < value.MicrosPerDay {
		l.narrow(r, w.Span, "this window is shorter than a day")
	}
	for _, d := range demandsOf(cond) {
		l.narrowTests(r, seg, w, d)
	}
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
func (l *linter) narrowTests(r *source.Report, seg *rules.Segment, w *rules.Window, d demand) {
	var edges []int64
	oneDay := false
	if w != nil && w.Since != 0 {
		edges = append(edges, seg.Zone.Midnight(w.Since), seg.Zone.Midnight(w.Until))
		oneDay = w.Until-w.Since == 1
	}
	var hour *rules.Test
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
					if close := nearest(edges, v.Int); close > 0 && close < value.MicrosPerDay {
						l.narrow(r, t.Span, fmt.Sprintf("this time lies less than a day from another one that %s is compared with",
							t.Term.Column))
					}
					edges = append(edges, v.Int)
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
