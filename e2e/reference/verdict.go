package reference

import (
	"math/big"
	"slices"
)

// scene is what a condition looks at: the rows of one person, or inside a session those of the session.
type scene struct {
	*World
	rows    []*Row
	session bool // no window, and what is not covered was asked outside
	refers  func(segment string) Truth
}

// span is the window of a condition; a session's own events are all in it.
func (s *scene) span(c *Condition) Span {
	if s.session {
		return Span{s.rows[0].At, s.AsOf}
	}
	return s.World.span(c.Within)
}

func (s *scene) covered(v Span) bool { return s.session || s.World.covered(v) }

// within are the rows of a window that fit.
func (s *scene) within(v Span, e *Events, where *Where) []*Row {
	var out []*Row
	for _, r := range s.rows {
		if v.has(r.At) && e.match(s.World, r, where) {
			out = append(out, r)
		}
	}
	return out
}

// verdict decides one condition.
func (s *scene) verdict(c *Condition) Truth {
	switch {
	case c.All != nil:
		return both(s.verdicts(c.All)...)
	case c.Any != nil:
		return either(s.verdicts(c.Any)...)
	case c.Not != nil:
		return not(s.verdict(c.Not))
	case c.AtLeastOf != nil:
		return atLeast(c.AtLeastOf.Count, s.verdicts(c.AtLeastOf.Of))
	case c.InSegment != "":
		return s.refers(c.InSegment)
	case c.Did != nil:
		n := len(s.within(s.span(c), c.Did, c.Where))
		return c.grown(big.NewRat(int64(n), 1), s.covered(s.span(c)))
	case c.DidNot != nil:
		return not(s.verdict(&Condition{Did: c.DidNot, Where: c.Where, Within: c.Within}))
	case c.Metric != "":
		return s.metric(c)
	case c.Sequence != nil:
		return s.sequence(c)
	case c.Session != nil:
		return s.sessions(c)
	}
	return s.picked(c)
}

func (s *scene) verdicts(cs []*Condition) (out []Truth) {
	for _, c := range cs {
		out = append(out, s.verdict(c))
	}
	return out
}

// grown compares a value that more rows can only raise: where the log is not complete, only what they cannot change
// stands.
func (c *Compare) grown(v *big.Rat, covered bool) Truth {
	sure := c.compared(v)
	switch {
	case covered:
	case c.AtMost != nil || c.LessThan != nil:
		if sure {
			return Unknown
		}
	case c.Exactly != nil:
		if v.Cmp(c.bound()) <= 0 {
			return Unknown
		}
	case !sure:
		return Unknown
	}
	return truth(sure)
}

// shrunk compares a value that more rows can only lower.
func (c *Compare) shrunk(v *big.Rat, covered bool) Truth {
	minus := func(n *Number) *Number {
		if n == nil {
			return nil
		}
		return &Number{new(big.Rat).Neg(n.Rat)}
	}
	mirrored := Compare{
		AtLeast: minus(c.AtMost), AtMost: minus(c.AtLeast), Exactly: minus(c.Exactly), MoreThan: minus(c.LessThan),
		LessThan: minus(c.MoreThan),
	}
	return mirrored.grown(new(big.Rat).Neg(v), covered)
}

// picked decides first and last.
func (s *scene) picked(c *Condition) Truth {
	window, events := s.span(c), c.First
	if events == nil {
		events = c.Last
	}
	rows := s.within(window, events, c.Where)
	if len(rows) == 0 {
		if !s.covered(window) {
			return Unknown
		}
		return False
	}
	r, open := rows[0], Span{window.From, rows[0].At + 1}
	if c.Last != nil {
		r = rows[len(rows)-1]
		open = Span{r.At, window.Before}
	}
	if !s.covered(open) {
		return Unknown
	}
	if t := c.Has.test(s.World, r); t != Unknown {
		return t
	}
	return NoValue
}

// sessions counts the sessions in which a condition holds. One that waits may come to hold.
func (s *scene) sessions(c *Condition) Truth {
	sure, open := 0, 0
	for _, v := range s.started(s.span(c)) {
		if c.Lasting != nil && s.Clock.Step(v.start(), *c.Lasting, 1) > v.end() {
			continue
		}
		inner := &scene{World: s.World, rows: v.rows, session: true}
		switch inner.verdict(c.Session) {
		case True:
			sure++
		case Wait:
			open++
		}
	}
	out := c.counted(sure, s.covered(s.span(c)))
	for n := range open {
		if out != Unknown && c.counted(sure+n+1, true) != out {
			return Wait
		}
	}
	return out
}

// counted compares a number of sessions. Rows that are missing may add sessions, and they may also make one of two:
// only a bound from below that is met stands.
func (c *Compare) counted(n int, covered bool) Truth {
	sure := c.compared(big.NewRat(int64(n), 1))
	if !covered && (!sure || c.AtMost != nil || c.LessThan != nil || c.Exactly != nil) {
		return Unknown
	}
	return truth(sure)
}

// started are the sessions that begin in a window. Whether one began earlier is seen by looking back one gap.
func (s *scene) started(v Span) []*visit {
	var rows []*Row
	for _, r := range s.rows {
		if r.At >= v.From-s.SessionGap {
			rows = append(rows, r)
		}
	}
	return slices.DeleteFunc(s.visits(rows), func(x *visit) bool { return !v.has(x.start()) })
}
