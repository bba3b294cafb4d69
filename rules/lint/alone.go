package lint

import (
	"fmt"
	"math"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// lintMeasure reports a comparison that nobody's rows fulfil, or everybody's, whatever they are.
func (l *linter) lintMeasure(r *source.Report, seg *rules.Segment, c *rules.Condition) {
	m := c.Metric
	if m == nil || c.Compare == nil {
		return
	}
	if w := l.words.Columns[m.Column]; w != nil && w.MissingOn(c.Events) {
		lintNothing(r, c)
		return
	}
	switch m.Function {
	case "count", "days", "distinct", "sessions":
		most, why := l.mostOf(seg, c)
		judge(r, c, value.Number{}, most, why)
	case "min", "max", "avg":
		l.lintExtreme(r, c)
	case "sum":
		l.lintSum(r, c)
	}
}

// lintNothing judges a measure of a column that none of its events carries: a sum or number of nothing is 0, and of
// nothing there is no smallest, largest or mean value.
func lintNothing(r *source.Report, c *rules.Condition) {
	why := fmt.Sprintf("no row of %s has a value of %s", strings.Join(c.Events, ", "), c.Metric.Column)
	switch c.Metric.Function {
	case "min", "max", "avg":
		r.Fail("E-CONTRADICTION", c.Compare.Span, "nobody fulfils this: "+why, source.Expected("another column or event"))
	default:
		judge(r, c, value.Number{}, 0, why)
	}
}

// lintSum compares a sum with what sums of such rows there are.
func (l *linter) lintSum(r *source.Report, c *rules.Condition) {
	column := c.Metric.Column
	_, exact, fits := c.Compare.Bound.AtScale(c.Metric.Type.Scale)
	switch never := l.rowNever; {
	case fits && !exact && c.Compare.Op == rules.Exactly && c.Metric.Type.Kind != value.Float:
		r.Fail("E-CONTRADICTION", c.Compare.Span,
			fmt.Sprintf("nobody fulfils this: a sum of %s is %v as well", column, c.Metric.Type),
			source.Expected("another number"))
	case never(c, where.OpGreater, 0) && never(c, where.OpLess, 0):
		judge(r, c, value.Number{}, 0, "no row has a value of "+column+" but 0")
	case never(c, where.OpLess, 0):
		judge(r, c, value.Number{}, math.MaxInt64, column+" is never below 0")
	case never(c, where.OpGreater, 0):
		judge(r, c, value.Number{Int: math.MinInt64}, 0, column+" is never above 0")
	}
}

// opposites are the comparators that hold where another one does not; exactly has none.
var opposites = map[rules.Comparator]rules.Comparator{
	rules.AtLeast: rules.LessThan, rules.LessThan: rules.AtLeast, rules.AtMost: rules.MoreThan,
	rules.MoreThan: rules.AtMost,
}

// judge compares a bound with the least and the most that there can be.
func judge(r *source.Report, c *rules.Condition, least value.Number, most int64, why string) {
	low := &rules.Compare{Op: rules.AtLeast, Bound: least}
	high := &rules.Compare{Op: rules.AtMost, Bound: value.Number{Int: most}}
	opposite := *c.Compare
	opposite.Op = opposites[c.Compare.Op]
	switch {
	case apart(c.Compare, low), most < math.MaxInt64 && apart(c.Compare, high):
		r.Fail("E-CONTRADICTION", c.Compare.Span, "nobody fulfils this: "+why, source.Expected("another number"))
	case apart(&opposite, low), most < math.MaxInt64 && apart(&opposite, high):
		r.Warn("W-TAUTOLOGY", c.Compare.Span, "everybody fulfils this: "+why, source.Expected("another number"))
	}
}

// mostOf is the most that a count can come to, and why.
func (l *linter) mostOf(seg *rules.Segment, c *rules.Condition) (most int64, why string) {
	most, why = math.MaxInt64, "a count is never below 0"
	switch c.Metric.Function {
	case "days":
		if days, bounded := daysOf(c.Window); bounded {
			most, why = days, fmt.Sprintf("%v has at most %d calendar days", c.Window, days)
		}
		if date, ok := l.words.LocalDate(); ok {
			if n, bounded := l.valuesOf(c, date); bounded && n < most {
				most, why = n, fmt.Sprintf("no more than %d calendar days pass the where", n)
			}
		}
	case "distinct":
		if n, bounded := l.valuesOf(c, c.Metric.Term()); bounded {
			return n, fmt.Sprintf("%s has no more than %d different values here", c.Metric.Column, n)
		}
	}
	return most, why
}

// daysOf is how many calendar days a window touches at most: one more than its length, if it begins in the middle of
// a day. A day may have 23 hours.
func daysOf(w *rules.Window) (int64, bool) {
	switch {
	case w == nil, w.All:
		return 0, false
	case w.Since != 0:
		return int64(w.Until - w.Since), true
	}
	length, shortest := w.From.Longest()-w.To.Shortest(), int64(value.MicrosPerDay)
	if w.From.Unit < value.Day || w.To.Unit != 0 && w.To.Unit < value.Day {
		shortest = 23 * value.MicrosPerHour
	}
	if w.To == (value.Duration{}) {
		length = w.From.Longest()
	}
	return (length+shortest-1)/shortest + 1, true
}

// countedAtMost is how many values are looked for one by one.
const countedAtMost = 20

// valuesOf is how many values of a term the rows of a metric can have, if they are few.
func (l *linter) valuesOf(c *rules.Condition, term rules.Term) (n int64, bounded bool) {
	rows := l.words.About(c.Events, c.AnyEvent, rules.Both(c.Where, l.words.Dated(c.Window)))
	values, all := l.words.Values(rows, term, countedAtMost)
	return int64(len(values)), all
}

// rowNever reports whether no row of a metric compares so with a number.
func (l *linter) rowNever(c *rules.Condition, op where.Op, units int64) bool {
	m := c.Metric
	if m.Type.Kind == value.Float {
		return false
	}
	t := &rules.Test{Term: m.Term(), Op: op, Args: []value.Value{{Kind: m.Type.Kind, Int: units}}}
	return l.words.Never(l.words.About(c.Events, c.AnyEvent, c.Where), t)
}

// lintExtreme compares the bound of a smallest, largest or mean value with what single rows can have: of rows below
// it alone none of the three is above.
func (l *linter) lintExtreme(r *source.Report, c *rules.Condition) {
	units, exact, fits := c.Compare.Bound.AtScale(c.Metric.Type.Scale)
	if !fits {
		return
	}
	if !exact && c.Compare.Op == rules.Exactly && c.Metric.Function != "avg" {
		noSuchRow(r, c)
		return
	}
	at, above, below := where.OpGreaterEqual, where.OpGreater, where.OpLess
	if !exact { // the bound lies between units and the next
		at, below = where.OpGreater, where.OpLessEqual
	}
	passes := map[rules.Comparator]where.Op{
		rules.AtLeast: at, rules.MoreThan: above, rules.AtMost: where.OpLessEqual, rules.LessThan: below,
	}
	never := func(op rules.Comparator) bool { return l.rowNever(c, passes[op], units) }
	switch op := c.Compare.Op; {
	case op == rules.Exactly:
		if never(rules.AtLeast) || never(rules.AtMost) {
			noSuchRow(r, c)
		}
	case never(op):
		noSuchRow(r, c)
	case never(opposites[op]):
		r.Warn("W-TAUTOLOGY", c.Compare.Span,
			"everybody with a value fulfils this: every row has such a value of "+c.Metric.Column,
			source.Expected("another number, or another where"))
	}
}

func noSuchRow(r *source.Report, c *rules.Condition) {
	r.Fail("E-CONTRADICTION", c.Compare.Span, "nobody fulfils this: no row has such a value of "+c.Metric.Column,
		source.Expected("another number, or another where"))
}

// lintPopulation reports steps after match that leave nobody, or everybody.
func (l *linter) lintPopulation(r *source.Report, seg *rules.Segment) {
	all := func(percent value.Number) bool { return compareNumbers(percent, value.Number{Int: 100}) == 0 }
	if h := seg.Holdout; h != nil && all(h.Percent) {
		r.Fail("E-CONTRADICTION", keyAt(seg.Source, "spec", "holdout", "percent"),
			"this keeps everybody in the control group, so nobody is delivered", source.Expected("less than 100"))
	}
	if t := seg.Top; t != nil && all(t.Percent) {
		r.Warn("W-TAUTOLOGY", keyAt(seg.Source, "spec", "top", "percent"), "this keeps everybody who matches",
			source.Expected("less than 100, or no top"))
	}
	top := 0 // people whom top leaves at most; stay brings others back
	if t := seg.Top; t != nil && seg.Stay == (value.Duration{}) {
		top = t.Count
	}
	if top > 0 {
		withheld(r, seg, "top", top)
	}
	if seg.Cap == nil {
		return
	}
	withheld(r, seg, "cap", seg.Cap.Count)
	if top > 0 && top <= seg.Cap.Count {
		r.Warn("W-TAUTOLOGY", keyAt(seg.Source, "spec", "cap", "count"),
			fmt.Sprintf("this keeps everybody: top leaves at most %d people", top),
			source.Expected("fewer than that, or no cap"))
	}
}

// withheld reports a step that keeps fewer people than the list needs.
func withheld(r *source.Report, seg *rules.Segment, step string, keeps int) {
	if keeps < seg.MinSize {
		r.Fail("E-CONTRADICTION", keyAt(seg.Source, "spec", "min_size"),
			fmt.Sprintf("%s keeps at most %d people, so the list is always withheld", step, keeps),
			source.Expected("at most that many"))
	}
}
