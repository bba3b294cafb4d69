package rules

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

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
		c.doc.Fail("E-COMPARATOR", found[1].Span(), "two comparators stand beside one verb", source.Expected("one of "+strings.Join(comparators, ", ")))
	case len(found) == 1 && c.part == "by":
		c.doc.Fail("E-COMPARATOR", found[0].Span(), "a metric that ranks is not compared", source.Fix("leave "+found[0].Name()+" out"))
	case len(found) == 1:
		value, _ := o.Find(found[0].Name())
		cond.Compare = c.bound(cond, Comparator(found[0].Name()), value)
	case verb.Takes == TakesEvents, verb.Takes == TakesCondition: // did and session: at least one
		cond.Compare = &Compare{Op: AtLeast, Bound: value.Number{Int: 1}, Span: cond.Span}
	case c.part != "by":
		c.doc.Fail("E-COMPARATOR", cond.Span, "this condition does not say how much is enough", source.Expected("one of "+strings.Join(comparators, ", ")))
	}
}

// bound reads the number, date or time that a comparator compares with; nil if it is wrong.
func (c *checker) bound(cond *Condition, op Comparator, n yaml.Node) *Compare {
	compare := &Compare{Op: op, Span: n.Span()}
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
	value.Date: "a date such as 2026-04-01", value.Timestamp: "a time such as 2026-04-01T00:00:00+03:00", value.TimeOfDay: "a time such as 08:30",
}

func (c *checker) counts(m *Metric) bool {
	a, ok := c.scope.aggregate(m.Function)
	return ok && a.Counts
}

// checkZero refuses a count of events that asks for none: that is another verb.
func (c *checker) checkZero(cond *Condition, compare *Compare) {
	events := "any"
	if len(cond.Events) == 1 {
		events = cond.Events[0]
	} else if len(cond.Events) > 1 {
		events = "[" + strings.Join(cond.Events, ", ") + "]"
	}
	hint := source.Hint{Label: source.LabelDidYouMean, Text: "did_not: " + events}
	switch compare.Op {
	case AtLeast:
		c.doc.Fail("E-COUNT-ZERO", compare.Span, "at_least: 0 is true for everybody", hint)
	case Exactly:
		c.doc.Fail("E-COUNT-ZERO", compare.Span, "exactly: 0 means that it never happened", hint)
	case LessThan:
		c.doc.Fail("E-CONTRADICTION", compare.Span, "nobody does something less than 0 times", hint)
	}
}
