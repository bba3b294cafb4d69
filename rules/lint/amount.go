package lint

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// amount is how much there must be, or may be at most, of the rows that a condition looks at.
type amount struct {
	of     string // count, days, distinct(column)
	n      int64
	events []string
	any    bool
	where  rules.Expr
	window *rules.Window
}

// exceeds reports whether f asks for more than g allows, of rows that are all among those of g.
func (l *linter) exceeds(f, g fact) bool {
	return slices.ContainsFunc(l.allowed(g), func(most amount) bool { return l.most(f, most) > most.n })
}

// most is how much a fact asks for of what another one counts: of the steps of a sequence, each an event of its own,
// all together.
func (l *linter) most(f fact, of amount) (n int64) {
	for _, least := range leastOf(f) {
		switch {
		case least.of != of.of && of.of != "count" || !l.among(least, of):
		case f.cond.Sequence != nil:
			n += least.n
		default:
			n = max(n, least.n)
		}
	}
	return n
}

// among reports whether there are rows of one sort, and all of them are of another one.
func (l *linter) among(a, b amount) bool {
	named := b.any || !a.any &&
		!slices.ContainsFunc(a.events, func(e string) bool { return !slices.Contains(b.events, e) })
	if !named || !b.window.Covers(a.window) {
		return false
	}
	rows := l.words.About(a.events, a.any, a.where)
	return !l.words.Never(rows) && l.words.Within(rows, b.where)
}

// implies reports whether whoever fulfils a plainly fulfils b: what b counts at least is among what a does, or what it
// allows at most holds what a allows.
func (l *linter) implies(a, b *rules.Condition) bool {
	if measured(b) == "" || !b.Is().Counts && !b.Is().Absent && b.Metric == nil || b.Compare != nil &&
		b.Compare.Op == rules.Exactly {
		return false
	}
	if wanted := leastOf(fact{cond: b}); len(wanted) > 0 {
		least := wanted[0]
		if least.n == 1 {
			least = counted(least)
		}
		return least.n > 0 && l.most(fact{cond: a}, least) >= least.n
	}
	for _, most := range l.allowed(fact{cond: b}) {
		return slices.ContainsFunc(l.allowed(fact{cond: a}), func(m amount) bool {
			return m.n <= most.n && (m.of == most.of || m.of == "count") && l.among(most, m)
		})
	}
	return false
}

// measured is what a condition counts: events, days, values.
func measured(c *rules.Condition) string {
	switch {
	case c.Metric == nil:
		return "count"
	case c.Metric.Function == "distinct":
		return "distinct(" + c.Metric.Column + ")"
	case c.Metric.Function == "count", c.Metric.Function == "days":
		return c.Metric.Function
	}
	return ""
}

// amountOf is an amount of what a condition counts; rows without a value have none to count.
func amountOf(c *rules.Condition, n int64) amount {
	a := amount{measured(c), n, c.Events, c.AnyEvent, c.Where, c.Window}
	if c.Metric != nil && c.Metric.Function == "distinct" {
		a.where = rules.Both(c.Where, &rules.Test{Term: c.Metric.Term(), Op: where.OpIsNull, Not: true})
	}
	return a
}

// counted is the same of events: there is a day or a value where there is an event with one.
func counted(a amount) amount {
	a.of = "count"
	return a
}

// allowed is how much a fact allows.
func (l *linter) allowed(f fact) []amount {
	c := f.cond
	switch {
	case c.Is().Absent:
		if f.not {
			return nil
		}
		return []amount{amountOf(c, 0)}
	case c.Compare == nil || !c.Is().Counts && c.Metric == nil:
		return nil
	case measured(c) == "":
		if valueless(f) {
			return nil
		}
		return l.mostBeyond(f)
	}
	n := c.Compare.Bound.Int
	switch comparator(f) {
	case rules.LessThan:
		n--
	case rules.AtMost, rules.Exactly:
	default:
		return nil
	}
	if n == 0 {
		return []amount{counted(amountOf(c, n))}
	}
	return []amount{amountOf(c, n)}
}

// mayLackValue reports whether a condition measures what nothing has of no events, such as the smallest value.
func mayLackValue(c *rules.Condition) bool {
	return c.Metric != nil && slices.Contains([]string{"min", "max", "avg"}, c.Metric.Function)
}

// valueless reports whether a fact may also be true for want of a value.
func valueless(f fact) bool { return f.not && mayLackValue(f.cond) }

// comparator is how a fact compares: with not the other way round, "" where that is no comparison.
func comparator(f fact) rules.Comparator {
	if f.not {
		return opposites[f.cond.Compare.Op]
	}
	return f.cond.Compare.Op
}

// mostBeyond is what a fact about the smallest, the largest or the sum of values does not allow: a single value beyond
// it.
func (l *linter) mostBeyond(f fact) []amount {
	var op where.Op
	least := f.cond.Metric.Function == "min"
	switch comparator(f) {
	case rules.AtMost:
		op = where.OpGreater
	case rules.LessThan:
		op = where.OpGreaterEqual
	case rules.AtLeast:
		op = where.OpLess
	case rules.MoreThan:
		op = where.OpLessEqual
	case rules.Exactly:
		if op = where.OpGreater; least {
			op = where.OpLess
		}
	default:
		return nil
	}
	below := op == where.OpLess || op == where.OpLessEqual
	switch f.cond.Metric.Function {
	case "min", "max":
		if below != least {
			return nil
		}
	case "sum":
		if below || !l.rowNever(f.cond, where.OpLess, 0) {
			return nil
		}
	default:
		return nil
	}
	return rowsThat(f.cond, op, 0)
}

// rowsThat is an amount of a condition's rows whose value compares so with the condition's bound; none where that
// cannot be said.
func rowsThat(c *rules.Condition, op where.Op, n int64) []amount {
	units, exact, fits := c.Compare.Bound.AtScale(c.Metric.Type.Scale)
	if !fits || c.Metric.Type.Kind == value.Float {
		return nil
	}
	if !exact { // the bound lies between units and the next
		switch op {
		case where.OpGreaterEqual:
			op = where.OpGreater
		case where.OpLess:
			op = where.OpLessEqual
		case where.OpEqual:
			return nil
		}
	}
	t := &rules.Test{Term: c.Metric.Term(), Op: op, Args: []value.Value{{Kind: c.Metric.Type.Kind, Int: units}}}
	return []amount{{"count", n, c.Events, c.AnyEvent, rules.Both(c.Where, t), c.Window}}
}

// leastOf is how much a fact asks for: of sequences of each step one, of what picks or measures rows at least one.
func leastOf(f fact) (out []amount) {
	c := f.cond
	switch {
	case c.Is().Absent && f.not:
		return []amount{amountOf(c, 1)}
	case c.Is().Sessions:
		return leastInSessions(f)
	case c.Sequence != nil && !f.not:
		for _, s := range c.Sequence.Steps {
			out = append(out, amount{"count", 1, s.Events, s.AnyEvent, s.Where, c.Window})
		}
		return out
	case c.Has != nil && !f.not:
		return []amount{{"count", 1, c.Events, c.AnyEvent, rules.Both(c.Where, c.Has), c.Window}}
	case c.Compare == nil, !c.Is().Counts && c.Metric == nil, valueless(f):
		return nil
	case measured(c) == "":
		return leastMeasured(f)
	}
	n := c.Compare.Bound.Int
	switch comparator(f) {
	case rules.MoreThan:
		n++
	case rules.AtLeast, rules.Exactly:
	default:
		return nil
	}
	return []amount{amountOf(c, n)}
}

// passing are the rows that pass a comparison of their own.
var passing = map[rules.Comparator]where.Op{
	rules.AtLeast: where.OpGreaterEqual, rules.MoreThan: where.OpGreater, rules.AtMost: where.OpLessEqual,
	rules.LessThan: where.OpLess, rules.Exactly: where.OpEqual,
}

// leastMeasured is what a number made of values asks for. The smallest, the largest and the mean of values that are all
// beyond a bound are beyond it as well, so one of them is not; a sum that is not nought has an event.
func leastMeasured(f fact) []amount {
	c, op := f.cond, comparator(f)
	some := []amount{{"count", 1, c.Events, c.AnyEvent, c.Where, c.Window}}
	switch c.Metric.Function {
	case "min", "max":
		return rowsThat(c, passing[op], 1)
	case "avg":
		if op == rules.Exactly {
			return some
		}
		return rowsThat(c, passing[op], 1)
	case "sum":
		if nothing := (&rules.Compare{Op: rules.Exactly}); op != "" && apart(&rules.Compare{
			Op: op, Bound: c.Compare.Bound,
		}, nothing) {
			return some
		}
	case "sessions":
		if n := atLeast(op, c.Compare.Bound.Int); n > 0 && untilNow(c.Window) {
			some[0].n = n
			return some
		}
	}
	return nil
}

// atLeast is how many a comparison asks for; 0 where none will do.
func atLeast(op rules.Comparator, n int64) int64 {
	switch op {
	case rules.MoreThan:
		return n + 1
	case rules.AtLeast, rules.Exactly:
		return n
	}
	return 0
}

// untilNow reports whether a window lasts to the moment that is asked about, so that all of a session which begins in
// it lies in it.
func untilNow(w *rules.Window) bool {
	return w != nil && w.Since == 0 && w.To == (value.Duration{})
}

// leastInSessions is what a fact about sessions asks for: of each session all that it holds.
func leastInSessions(f fact) (out []amount) {
	c := f.cond
	n := atLeast(comparator(f), c.Compare.Bound.Int)
	if f.not || n < 1 || !untilNow(c.Window) {
		return nil
	}
	for _, child := range c.Children {
		for _, inner := range factsOf(child, false) {
			for _, least := range leastOf(inner) {
				if least.of == "count" {
					least.n *= n
				}
				least.window = c.Window
				out = append(out, least)
			}
		}
	}
	return append(out, amount{of: "count", n: n, any: true, window: c.Window})
}
