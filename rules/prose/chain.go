package prose

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// sessions says a condition on sessions; what must hold in each follows.
func (n *narrator) sessions(c *rules.Condition) string {
	text := n.fill("session.compared", "compared", n.compared(c.Compare, c.Compare.Bound.String()))
	if c.Compare.Op == rules.AtLeast && c.Compare.Bound.Int == 1 {
		text = n.fill("session.once")
	}
	if c.Lasting != (value.Duration{}) {
		text = n.fill("session.lasting", "sessions", text, "span", n.duration(c.Lasting))
	}
	return n.fill("session", "sessions", text, "when", n.window(c.Window))
}

func (n *narrator) sessionNotes(c *rules.Condition, negated bool) []string {
	notes := []string{n.fill("session.note")}
	if !c.Window.All && !n.excluding && (negated || !grows(c)) {
		notes = append(notes, n.fill("note.missing"))
	}
	return notes
}

// sequence says a chain of events, one line for each link.
func (n *narrator) sequence(c *rules.Condition, depth int, negated bool) {
	s := c.Sequence
	text := n.fill("sequence", "when", n.when(c))
	if s.SameSession {
		text = n.fill("sequence.same_session", "sequence", text)
	}
	if s.MaxSpan != (value.Duration{}) {
		text = n.fill("sequence.span", "sequence", text, "span", n.duration(s.MaxSpan))
	}
	var notes []string
	if s.Strict {
		notes = append(notes, n.fill("sequence.strict"))
	}
	if c.Window != nil && !c.Window.All && !n.excluding && (negated || s.Then != nil) {
		notes = append(notes, n.fill("note.missing"))
	}
	n.say(c.Path, depth, n.fill("sequence.steps", "sequence", text), notes...)
	for i := range s.Steps {
		step := &s.Steps[i]
		text := n.fill("step", "number", i+1, "events", n.step(step))
		if step.Limit != (value.Duration{}) {
			text = n.fill("step.limit", "step", text, "span", n.duration(step.Limit))
		}
		if step.Without != nil {
			text = n.fill("step.without", "step", text, "events", n.step(step.Without))
		}
		notes := n.fixed(step.Where)
		if step.Without != nil {
			notes = append(notes, n.fixed(step.Without.Where)...)
		}
		n.say(step.Path, depth+1, text, notes...)
	}
	if s.Then != nil {
		n.say(s.Then.Path, depth+1, n.fill("then_not", "events", n.step(s.Then), "span", n.duration(s.Then.Limit)),
			append(n.fixed(s.Then.Where), n.fill("then_not.note"))...)
	}
}

// step names the events of a step.
func (n *narrator) step(s *rules.Step) string {
	return n.noun(&rules.Condition{Events: s.Events, AnyEvent: s.AnyEvent, Where: s.Where}, 1)
}
