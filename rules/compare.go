package rules

// compare reads the comparator of a condition: events are at least one unless it says otherwise, a metric must say, and
// one that ranks must not.
func (c *checker) compare(cond *Condition, verb *Verb, o *Object) {
	var found []Node
	for _, key := range o.Keys() {
		for _, name := range comparators {
			if key.name == name {
				found = append(found, key)
			}
		}
	}
	switch {
	case len(found) > 1:
		c.doc.fail("E-COMPARATOR", found[1].Span(), "two comparators stand beside one verb", expected("one of "+list(comparators)))
	case len(found) == 1 && c.part == "by":
		c.doc.fail("E-COMPARATOR", found[0].Span(), "a metric that ranks is not compared", fix("leave "+found[0].name+" out"))
	case len(found) == 1:
		value, _ := o.Find(found[0].name)
		cond.Compare = c.bound(cond, Comparator(found[0].name), value)
	case verb.Takes == TakesEvents, verb.Takes == TakesCondition: // did and session: at least one
		cond.Compare = &Compare{Op: AtLeast, Bound: Number{Int: 1}, Span: cond.Span}
	case c.part != "by":
		c.doc.fail("E-COMPARATOR", cond.Span, "this condition does not say how much is enough", expected("one of "+list(comparators)))
	}
}

// bound reads the number, date or time that a comparator compares with; nil if it is wrong.
func (c *checker) bound(cond *Condition, op Comparator, n Node) *Compare {
	compare := &Compare{Op: op, Span: n.Span()}
	if cond.Metric == nil || c.counts(cond.Metric) {
		v, ok := n.Int(0, maxCount)
		if !ok {
			return nil
		}
		compare.Bound = Number{Int: int64(v)}
		if cond.Metric == nil && v == 0 {
			c.checkZero(cond, compare)
		}
		return compare
	}
	form, isTime := boundForms[cond.Metric.Type.Kind]
	if isTime {
		v, ok := timeValue(form.kind, n.raw.Value)
		if !n.IsText() || !ok {
			n.Wrong(form.example)
			return nil
		}
		compare.Bound = Number{Int: v.Int}
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

// boundForms are the bounds of metrics over dates and times.
var boundForms = map[Kind]struct {
	kind    literalKind
	example string
}{
	Date:      {literalDate, "a date such as 2026-04-01"},
	Timestamp: {literalTimestamp, "a time such as 2026-04-01T00:00:00+03:00"},
	TimeOfDay: {literalTime, "a time such as 08:30"},
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
		events = "[" + list(cond.Events) + "]"
	}
	hint := Hint{DidYouMean, "did_not: " + events}
	switch compare.Op {
	case AtLeast:
		c.doc.fail("E-COUNT-ZERO", compare.Span, "at_least: 0 is true for everybody", hint)
	case Exactly:
		c.doc.fail("E-COUNT-ZERO", compare.Span, "exactly: 0 means that it never happened", hint)
	case LessThan:
		c.doc.fail("E-CONTRADICTION", compare.Span, "nobody does something less than 0 times", hint)
	}
}
