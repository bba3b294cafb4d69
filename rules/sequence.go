package rules

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules/sets"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// maxSteps is the most links of a sequence (docs/language.md, Limits).
const maxSteps = 10

// sequence reads the steps of a sequence.
func (c *checker) sequence(cond *Condition, n yaml.Node) {
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
	case c.doc.Found.Failed():
	case steps == 0:
		c.doc.Fail("E-SEQUENCE", n.Span(), "this sequence has no step that happens",
			source.Expected("one or more steps - did: EVENT, in order"))
	case steps > maxSteps:
		c.doc.Fail("E-SEQUENCE", n.Span(), fmt.Sprintf("this sequence has %d steps", steps),
			source.Expected(fmt.Sprintf("at most %d", maxSteps)))
	}
}

// step reads one link that happens.
func (c *checker) step(s *Sequence, o *yaml.Object, path string) {
	o.Call("a step")
	o.Only(stepKeys)
	step, ok := c.matching(o, "did", path)
	if !ok {
		return
	}
	if n, ok := o.Find("within_previous"); ok {
		step.Limit, _ = ReadLength(n)
	}
	if n, ok := o.Find("without"); ok {
		if between, ok := n.Object("without"); ok {
			between.Call("without")
			between.Only(betweenKeys)
			if forbidden, ok := c.matching(between, "did", path+".without"); ok {
				step.Without = &forbidden
			}
		}
	}
	for _, key := range []string{"within_previous", "without"} {
		if _, ok := o.Find(key); ok && len(s.Steps) == 0 {
			c.doc.Fail("E-SEQUENCE", o.KeySpan(key), key+" looks back to the step before, and the first step has none",
				source.Expected("no "+key+" at the first step"))
		}
	}
	if step.Without != nil && len(s.Steps) > 0 {
		c.checkWithout(&s.Steps[len(s.Steps)-1], &step)
	}
	s.Steps = append(s.Steps, step)
}

// thenNot reads what must not follow the last step.
func (c *checker) thenNot(s *Sequence, o *yaml.Object, key yaml.Node, path string, last bool) {
	o.Call("then_not")
	o.Only(thenKeys)
	step, ok := c.matching(o, "then_not", path)
	if limit, found := o.Find("for"); found {
		step.Limit, _ = ReadLength(limit)
	} else {
		o.Need("for")
	}
	if !last {
		c.doc.Fail("E-SEQUENCE", o.KeySpan("then_not"), "then_not ends a sequence, and here a step follows",
			source.Expected("then_not as the last entry; between two steps: without"))
	}
	if ok {
		s.Then = &step
	}
}

// matching reads which events a step is about.
func (c *checker) matching(o *yaml.Object, key, path string) (Step, bool) {
	n, ok := o.Need(key)
	if !ok {
		return Step{}, false
	}
	cond := Condition{Verb: key}
	c.events(&cond, n)
	if w, ok := o.Find("where"); ok {
		if cond.Where = c.where(w, cond.Events); cond.Where == nil {
			return Step{}, false
		}
	}
	return Step{
		Events: cond.Events, EventAt: cond.EventAt, AnyEvent: cond.AnyEvent, Where: cond.Where, Path: path,
		Span: o.KeySpan(key),
	}, true
}

// ReadLength reads a duration between two events: months are too vague there.
func ReadLength(n yaml.Node) (value.Duration, bool) {
	d, ok := n.Duration()
	if ok && d.Unit == value.Month {
		n.Document().Fail("E-DURATION", n.Span(), "months have no fixed length between two events",
			source.Expected("s, min, h, d or w, such as 30d"))
		return d, false
	}
	return d, ok
}

// checkWithout refuses a forbidden event that could be one of the steps it separates: the chain would forbid itself.
func (c *checker) checkWithout(before, step *Step) {
	without := c.words.About(step.Without.Events, step.Without.AnyEvent, step.Without.Where)
	for _, s := range []*Step{before, step} {
		row, answer := c.words.Meet(c.words.About(s.Events, s.AnyEvent, s.Where), without)
		if answer == sets.None || !s.mayBe(step.Without) {
			continue
		}
		e := c.doc.Fail("E-SEQUENCE", step.Without.Span,
			"what must not lie between two steps could be one of these steps itself",
			source.Expected("other events, or a where that excludes the step, such as another value of the same column"))
		if answer == sets.Some && len(row) > 0 {
			e.Note = "for example " + row.String()
		}
		return
	}
}

// mayBe reports whether one event could have a name of both steps.
func (s *Step) mayBe(o *Step) bool {
	return s.AnyEvent || o.AnyEvent ||
		slices.ContainsFunc(s.Events, func(e string) bool { return slices.Contains(o.Events, e) })
}
