package rules

import (
	"fmt"
	"slices"
	"strings"
)

// maxSteps is the most links of a sequence (rules/spec.md 4.5).
const maxSteps = 10

// sequence reads the steps of a sequence.
func (c *checker) sequence(cond *Condition, n Node) {
	members, ok := n.List()
	if !ok {
		return
	}
	cond.Sequence = &Sequence{}
	for i, member := range members {
		o, ok := member.Object("a step")
		if !ok {
			continue
		}
		path := fmt.Sprintf("%s.sequence[%d]", cond.Path, i)
		if key, ok := o.Find("then_not"); ok {
			c.thenNot(cond.Sequence, o, key, path, i == len(members)-1)
			continue
		}
		c.step(cond.Sequence, o, path)
	}
	switch steps := len(cond.Sequence.Steps); {
	case c.doc.found.Failed():
	case steps == 0:
		c.doc.fail("E-SEQUENCE", n.Span(), "this sequence has no step that happens", expected("one or more steps - did: EVENT, in order"))
	case steps > maxSteps:
		c.doc.fail("E-SEQUENCE", n.Span(), fmt.Sprintf("this sequence has %d steps", steps), expected(fmt.Sprintf("at most %d", maxSteps)))
	}
}

// step reads one link that happens.
func (c *checker) step(s *Sequence, o *Object, path string) {
	o.what = "a step"
	o.Only("did", "where", "within_previous", "without")
	step, ok := c.matching(o, "did", path)
	if !ok {
		return
	}
	if n, ok := o.Find("within_previous"); ok {
		step.Limit, _ = c.stepDuration(n)
	}
	if n, ok := o.Find("without"); ok {
		if between, ok := n.Object("without"); ok {
			between.what = "without"
			between.Only("did", "where")
			if forbidden, ok := c.matching(between, "did", path+".without"); ok {
				step.Without = &forbidden
			}
		}
	}
	for _, key := range []string{"within_previous", "without"} {
		if _, ok := o.Find(key); ok && len(s.Steps) == 0 {
			c.doc.fail("E-SEQUENCE", o.KeySpan(key), key+" looks back to the step before, and the first step has none", expected("no "+key+" at the first step"))
		}
	}
	if step.Without != nil && len(s.Steps) > 0 {
		c.checkWithout(&s.Steps[len(s.Steps)-1], &step)
	}
	s.Steps = append(s.Steps, step)
}

// thenNot reads what must not follow the last step.
func (c *checker) thenNot(s *Sequence, o *Object, key Node, path string, last bool) {
	o.what = "then_not"
	o.Only("then_not", "where", "for")
	step, ok := c.matching(o, "then_not", path)
	if limit, found := o.Find("for"); found {
		step.Limit, _ = c.stepDuration(limit)
	} else {
		o.Need("for")
	}
	if !last {
		c.doc.fail("E-SEQUENCE", o.KeySpan("then_not"), "then_not ends a sequence, and here a step follows",
			expected("then_not as the last entry; between two steps: without"))
	}
	if ok {
		s.Then = &step
	}
}

// matching reads which events a step is about.
func (c *checker) matching(o *Object, key, path string) (Step, bool) {
	n, ok := o.Need(key)
	if !ok {
		return Step{}, false
	}
	cond := Condition{Verb: key}
	c.events(&cond, n)
	if w, ok := o.Find("where"); ok {
		cond.Where = c.where(w, cond.Events)
	}
	return Step{Events: cond.Events, EventAt: cond.EventAt, AnyEvent: cond.AnyEvent, Where: cond.Where, Path: path, Span: o.KeySpan(key)}, true
}

// stepDuration reads a duration between two events: months are too vague there.
func (c *checker) stepDuration(n Node) (Duration, bool) {
	d, ok := n.Duration()
	if ok && d.Unit == Month {
		c.doc.fail("E-DURATION", n.Span(), "months have no fixed length between two events", expected("s, min, h, d or w, such as 30d"))
		return d, false
	}
	return d, ok
}

// checkWithout refuses a forbidden event that could be one of the steps it separates: the chain would forbid itself.
func (c *checker) checkWithout(before, step *Step) {
	for _, s := range []*Step{before, step} {
		if s.mayMeet(step.Without) {
			c.doc.fail("E-SEQUENCE", step.Without.Span, "what must not lie between two steps could be one of these steps itself",
				expected("other events, or a where that excludes the step, such as another value of the same column"))
			return
		}
	}
}

// mayMeet reports whether one event could match both: their events overlap, and no column must have two values at once.
func (s *Step) mayMeet(o *Step) bool {
	if !s.AnyEvent && !o.AnyEvent && !slices.ContainsFunc(s.Events, func(e string) bool { return slices.Contains(o.Events, e) }) {
		return false
	}
	return !disjoint(s.Where, o.Where)
}

// disjoint reports whether two conditions plainly exclude each other: both demand values of one term that do not overlap.
func disjoint(a, b Expr) bool {
	for _, x := range demands(a) {
		for _, y := range demands(b) {
			if x.Term.String() == y.Term.String() && apart(x, y) {
				return true
			}
		}
	}
	return false
}

// demands are the tests that every passing row fulfils.
func demands(e Expr) []*Test {
	switch e := e.(type) {
	case *Test:
		return []*Test{e}
	case And:
		var out []*Test
		for _, t := range e {
			out = append(out, demands(t)...)
		}
		return out
	}
	return nil
}

// apart reports whether no value fulfils both tests of one term. It knows lists of values, and texts that must begin, end or
// be inside; of anything else it says that they may meet.
func apart(x, y *Test) bool {
	if x.Op != OpEqual && x.Op != OpIn {
		x, y = y, x
	}
	if x.Op != OpEqual && x.Op != OpIn {
		return false
	}
	if x.Not { // all values but some: they meet unless the other demands only those
		return (y.Op == OpEqual || y.Op == OpIn) && !y.Not && !slices.ContainsFunc(y.Args, func(v Value) bool { return !has(x.Args, v) })
	}
	return !slices.ContainsFunc(x.Args, func(v Value) bool { return y.mayHold(v) })
}

func has(of []Value, v Value) bool {
	return slices.ContainsFunc(of, func(o Value) bool { return compareValues(o, v) == 0 })
}

// mayHold reports whether the test could be true for a value of its term.
func (t *Test) mayHold(v Value) bool {
	holds := true
	switch t.Op {
	case OpEqual, OpIn:
		holds = has(t.Args, v)
	case OpStartsWith:
		holds = strings.HasPrefix(v.Text, t.Args[0].Text)
	case OpEndsWith:
		holds = strings.HasSuffix(v.Text, t.Args[0].Text)
	case OpContains:
		holds = strings.Contains(v.Text, t.Args[0].Text)
	default:
		return true
	}
	return holds != t.Not
}
