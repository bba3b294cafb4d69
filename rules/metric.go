package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// callForm is an aggregate call: sum(amount), days().
var callForm = regexp.MustCompile(`^([a-z_]+)\(([A-Za-z0-9_.]*)\)$`)

// metric reads an aggregate call; nil if it is wrong.
func (c *checker) metric(n yaml.Node) *Metric {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	parts := callForm.FindStringSubmatchIndex(text)
	if parts == nil {
		c.doc.Fail("E-METRIC", n.Span(), fmt.Sprintf("%q is not a metric", text),
			append(c.meantMetric(text), source.Expected("count(), sum(column), distinct(column) or another metric"))...)
		return nil
	}
	placed := n.Placed()
	place := func(from, to int) source.Span {
		if from < to {
			return placed.Place(source.Span{Start: from, End: to})
		}
		return n.Span()
	}
	name, column := text[parts[2]:parts[3]], text[parts[4]:parts[5]]
	nameAt, columnAt := place(parts[2], parts[3]), place(parts[4], parts[5])
	a, ok := c.scope.aggregate(name)
	if !ok {
		names := c.scope.aggregateNames()
		hints := append(source.DidYouMean(name, names), source.Expected("one of "+strings.Join(names, ", ")))
		c.doc.Fail("E-UNKNOWN-FUNCTION", nameAt, fmt.Sprintf("there is no metric %q", name), hints...)
		return nil
	}
	if c.inSession && a.Sessions {
		c.doc.Fail("E-METRIC", nameAt, name+" counts sessions, and this is inside one",
			source.Expected("a metric of the session's own events"))
	}
	if c.part == "by" && !a.Ranks {
		c.doc.Fail("E-RANK", nameAt, name+" cannot rank",
			source.Expected("a metric with one exact value for everybody, such as sum or count"))
	}
	m := &Metric{Function: name, Column: column, Sessions: a.Sessions, Span: n.Span()}
	if !c.metricColumn(m, a, columnAt) {
		return nil
	}
	return m
}

// meantMetric is the call that was meant by "count", "sum amount" and the like.
func (c *checker) meantMetric(text string) []source.Hint {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ()*:", r) })
	if len(words) == 0 {
		return nil
	}
	name := words[0]
	if near := source.Suggest(name, c.scope.aggregateNames()); len(near) > 0 {
		name = near[0]
	}
	a, ok := c.scope.aggregate(name)
	column := words[len(words)-1]
	if _, known := c.words.Columns[column]; !known || len(words) == 1 {
		column = "column"
	}
	switch {
	case !ok:
		return nil
	case a.Of == nil:
		column = ""
	}
	return []source.Hint{{Label: source.LabelDidYouMean, Text: name + "(" + column + ")"}}
}

// metricColumn looks up the column of an aggregate call and checks that the aggregate takes it.
func (c *checker) metricColumn(m *Metric, a *Aggregate, at source.Span) bool {
	switch {
	case a.Of == nil && m.Column == "":
		return true
	case a.Of == nil:
		fix := a.Name + "()"
		if slices.Contains(c.words.events, m.Column) {
			fix += ", of: " + m.Column
		}
		c.doc.Fail("E-METRIC", at, a.Name+" takes no column", source.Fix(fix))
		return false
	case m.Column == "":
		c.doc.Fail("E-METRIC", m.Span, a.Name+" needs a column", source.Expected(a.Name+"(column)"))
		return false
	}
	w, ok := c.words.Columns[m.Column]
	if !ok {
		hints := append(source.DidYouMean(m.Column, c.words.names()), c.words.columnHint(c.scope.Schemas, nil))
		c.doc.Fail("E-UNKNOWN-COLUMN", at, fmt.Sprintf("there is no column %q", m.Column), hints...)
		return false
	}
	if !c.impersonalMetric(m, a, w, at) {
		return false
	}
	m.Type = w.column.Type
	if a.Sums {
		m.Quantise = w.column.Quantise // everything else compares floats as they are
	}
	if !slices.Contains(a.Of, m.Type.Kind) {
		c.doc.Fail("E-TYPE", at,
			fmt.Sprintf("%s is %s, %s takes %s", m.Column, m.Type.Describe(), a.Name, value.DescribeKinds(a.Of)))
		return false
	}
	if a.Sums && m.Type.Kind == value.Float && m.Quantise == nil {
		c.doc.Fail("E-QUANTISE", at, fmt.Sprintf("%s is a float, whose sums depend on the order of the rows", m.Column),
			source.Expected("quantise: 0.01 (or another step) at the column in the schema, or a decimal column"))
		return false
	}
	for _, l := range w.Labels {
		if l.whole() {
			c.sensitiveAt(&c.doc.Report, l, at)
		}
	}
	return true
}

// compare reads the comparator of a condition: events are at least one unless it says otherwise, a metric must say, and
// one that ranks must not.
func (c *checker) compare(cond *Condition, verb *Verb, o *yaml.Object) {
	var found []yaml.Node
	for _, key := range o.Keys() {
		for _, name := range comparators {
			if key.Name() == name {
				found = append(found, key)
			}
		}
	}
	switch {
	case len(found) > 1:
		hints := []source.Hint{source.Expected("one of " + strings.Join(comparators, ", "))}
		if low, high := stretch(found); low.Name() != "" && len(found) == 2 {
			lowest, _ := o.Find(low.Name())
			highest, _ := o.Find(high.Name())
			hints = []source.Hint{bothBounds(o, verb, low.Name()+": "+lowest.Value(), high.Name()+": "+highest.Value())}
		}
		c.doc.Fail("E-COMPARATOR", found[1].Span(), "two comparators stand beside one verb", hints...)
	case len(found) == 1 && c.part == "by":
		c.doc.Fail("E-COMPARATOR", found[0].Span(), "a metric that ranks is not compared",
			source.Fix("leave "+found[0].Name()+" out"))
	case len(found) == 1:
		value, _ := o.Find(found[0].Name())
		cond.Compare = c.bound(cond, Comparator(found[0].Name()), value)
	case verb.Takes != TakesMetric: // of events and sessions at least one
		cond.Compare = &Compare{Op: AtLeast, Bound: value.Number{Int: 1}, Span: cond.Span}
	case c.part != "by" && !slices.ContainsFunc(comparators, func(name string) bool { return misnamed(o, verb, name) }):
		c.doc.Fail("E-COMPARATOR", cond.Span, "this condition does not say how much is enough",
			source.Expected("one of "+strings.Join(comparators, ", ")))
	}
}

// stretch are, of two comparators, the one from below and the one from above; nothing where they bound one side.
func stretch(found []yaml.Node) (low, high yaml.Node) {
	for _, key := range found {
		switch Comparator(key.Name()) {
		case AtLeast, MoreThan:
			low = key
		case AtMost, LessThan:
			high = key
		}
	}
	if low.Name() == "" || high.Name() == "" {
		return yaml.Node{}, yaml.Node{}
	}
	return low, high
}

var twoNumbers = regexp.MustCompile(`^\D*(\d+)\D+(\d+)\D*$`)

// between reports a range of counts that stands behind one key, and how it is written.
func (c *checker) between(o *yaml.Object, verb *Verb, key, n yaml.Node) bool {
	if !slices.Contains([]string{"between", "range", "count_between", "in_range"}, key.Name()) {
		return false
	}
	text := n.Value()
	if members, _ := n.Apart().List(); len(members) == 2 {
		text = members[0].Value() + " " + members[1].Value()
	}
	low, high := "3", "5"
	if m := twoNumbers.FindStringSubmatch(text); m != nil {
		low, high = m[1], m[2]
	}
	c.doc.Fail("E-UNKNOWN-KEY", key.Span(), fmt.Sprintf("%q is not a key of %s", key.Name(), o.What()),
		bothBounds(o, verb, string(AtLeast)+": "+low, string(AtMost)+": "+high))
	return true
}

// bothBounds is how a condition is written that has a bound from below and one from above: as two in all.
func bothBounds(o *yaml.Object, verb *Verb, low, high string) source.Hint {
	var same []string
	for key, n := range o.Fields() {
		switch name := key.Name(); {
		case name != verb.Name && !slices.ContainsFunc(verb.Clauses, func(c Clause) bool { return c.Name == name }):
		case n.IsText() && !n.IsQuoted():
			same = append(same, name+": "+n.Value())
		default:
			same = append(same, name+": ...")
		}
	}
	shared := strings.Join(same, ", ")
	return source.Fix(fmt.Sprintf("two conditions\nall:\n  - {%s, %s}\n  - {%s, %s}", shared, low, shared, high))
}

// signed is a number behind the sign of a comparison.
var signed = regexp.MustCompile(`^(>=|<=|==|>|<|=) ?(\d+)$`)

// bound reads the number, date or time that a comparator compares with; nil if it is wrong.
func (c *checker) bound(cond *Condition, op Comparator, n yaml.Node) *Compare {
	compare := &Compare{Op: op, Span: n.Span()}
	if m := signed.FindStringSubmatch(n.Value()); m != nil && n.IsText() {
		meant := source.Suggest(m[1], comparators)[0]
		c.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%s is %q", op, n.Value()), source.Fix(meant+": "+m[2]))
		return nil
	}
	if cond.Metric == nil || c.counts(cond.Metric) {
		v, ok := n.Int(0, maxCount)
		if !ok {
			return nil
		}
		compare.Bound = value.Number{Int: int64(v)}
		if cond.Metric == nil && v == 0 {
			c.checkZero(cond, compare)
		}
		return compare
	}
	kind := cond.Metric.Type.Kind
	if example, isTime := boundExamples[kind]; isTime {
		v, ok := value.ParseTime(kind, n.Value())
		if !n.IsText() || !ok {
			n.Wrong(example)
			return nil
		}
		compare.Bound = value.Number{Int: v.Int}
		return compare
	}
	number, ok := n.Number()
	if !ok {
		return nil
	}
	compare.Bound = number
	return compare
}

// maxCount bounds the numbers of events and people in a rule.
const maxCount = 1_000_000_000

// boundExamples are bounds of metrics over dates and times.
var boundExamples = map[value.Kind]string{
	value.Date: "a date such as 2026-04-01", value.Timestamp: "a time such as 2026-04-01T00:00:00+03:00",
	value.TimeOfDay: "a time such as 08:30",
}

func (c *checker) counts(m *Metric) bool {
	a, ok := c.scope.aggregate(m.Function)
	return ok && a.Counts
}

// Term is the column that the metric measures.
func (m *Metric) Term() Term { return Term{Column: m.Column, Type: m.Type, Of: m.Type} }

// checkZero refuses a count of events that asks for none: that is another verb.
func (c *checker) checkZero(cond *Condition, compare *Compare) {
	events := "any"
	if len(cond.Events) == 1 {
		events = cond.Events[0]
	} else if len(cond.Events) > 1 {
		events = "[" + strings.Join(cond.Events, ", ") + "]"
	}
	hint := source.Hint{Label: source.LabelDidYouMean, Text: "did_not: " + events}
	if cond.Is().Sessions {
		hint.Text = "not: {session: ...}, beside something that the person did"
	}
	switch compare.Op {
	case AtLeast:
		c.doc.Fail("E-COUNT-ZERO", compare.Span, "at_least: 0 is true for everybody", hint)
	case Exactly:
		c.doc.Fail("E-COUNT-ZERO", compare.Span, "exactly: 0 means that it never happened", hint)
	case LessThan:
		c.doc.Fail("E-CONTRADICTION", compare.Span, "nobody does something less than 0 times", hint)
	}
}
