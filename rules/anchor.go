package rules

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules/source"
)

// checkAnchored refuses a match that people who were never seen could fulfil, naming the branch at fault.
func (c *checker) checkAnchored(match *Condition) {
	if match != nil && !c.doc.Found.Failed() && !c.anchored(match) {
		c.blame(match, nil)
	}
}

// anchored asks the verb whether only somebody who was seen can fulfil the condition.
func (c *checker) anchored(cond *Condition) bool {
	children := make([]bool, len(cond.Children))
	for i, child := range cond.Children {
		children[i] = c.anchored(child)
	}
	v, ok := c.scope.verb(cond.Verb)
	return ok && v.Anchored(cond, children)
}

// blame reports the innermost branches that make a condition unanchored: those of an alternative one by one, a
// conjunction as a whole.
func (c *checker) blame(cond, parent *Condition) {
	v, _ := c.scope.verb(cond.Verb)
	if v.Takes == TakesCountOf || v.Takes == TakesConditions && c.alternative(v, cond) {
		for _, child := range cond.Children {
			if !c.anchored(child) {
				c.blame(child, cond)
			}
		}
		return
	}
	message, where := "this condition is true for people we have never seen", ""
	if parent != nil {
		message = fmt.Sprintf("this branch of `%s` is true for people we have never seen", parent.Verb)
		where = fmt.Sprintf(", in every branch of %s (%s starts at line %d)", parent.Verb, parent.Verb, c.doc.Source.Position(parent.Span.Start).Line)
	}
	e := c.doc.Fail("E-UNANCHORED", cond.Span, message,
		source.Expected("something the person did, or a profile condition"+where),
		source.Fix(fmt.Sprintf("put this %s into an `all` together with a `did`", cond.Verb)))
	e.Note = "needs no event at all"
}

// alternative reports whether each child of the condition must be anchored: one anchored child is not enough.
func (c *checker) alternative(v *Verb, cond *Condition) bool {
	one := make([]bool, len(cond.Children)+1)
	one[0] = true
	return !v.Anchored(cond, one)
}
