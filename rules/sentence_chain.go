package rules

import "strconv"

// sessions says a condition on sessions; what must hold in each follows.
func (n *narrator) sessions(c *Condition) string {
	text := "had " + c.Compare.words(c.Compare.Bound.String()) + " sessions"
	if c.Compare.Op == AtLeast && c.Compare.Bound.Int == 1 {
		text = "had at least one session"
	}
	if c.Lasting != (Duration{}) {
		text += " of " + c.Lasting.words() + " or longer"
	}
	return text + c.Window.words() + " in which this holds:"
}

func (n *narrator) sessionNotes(c *Condition, negated bool) []string {
	notes := []string{"a session belongs to the time in which it starts; a pause longer than the project's session_gap ends it where the log has no session id"}
	if !c.Window.All && !n.excluding && (negated || !c.grows()) {
		notes = append(notes, "if some of those days are missing in the data this is unknown, and unknown makes nobody a member")
	}
	return notes
}

// sequence says a chain of events, one line for each link.
func (n *narrator) sequence(c *Condition, depth int, negated bool) {
	s := c.Sequence
	text := "did these in this order"
	if c.Window != nil {
		text += c.Window.words()
	} else {
		text += " in that session"
	}
	if s.SameSession {
		text += ", in one session"
	}
	if s.MaxSpan != (Duration{}) {
		text += ", from first to last in " + s.MaxSpan.words() + " at most"
	}
	var notes []string
	if s.Strict {
		notes = append(notes, "events at the same moment are not in order")
	}
	if c.Window != nil && !c.Window.All && !n.excluding && (negated || s.Then != nil) {
		notes = append(notes, "if some of those days are missing in the data this is unknown, and unknown makes nobody a member")
	}
	n.say(c.Path, depth, text+":", notes...)
	for i := range s.Steps {
		step := &s.Steps[i]
		text := strconv.Itoa(i+1) + ". " + step.noun()
		if step.Limit != (Duration{}) {
			text += ", at most " + step.Limit.words() + " after the one before"
		}
		if step.Without != nil {
			text += ", with no " + step.Without.noun() + " in between"
		}
		n.say(step.Path, depth+1, text)
	}
	if s.Then != nil {
		n.say(s.Then.Path, depth+1, "then no "+s.Then.noun()+" for "+s.Then.Limit.words(), "as long as that time is not over nobody is a member")
	}
}

// noun names the events of a step.
func (s *Step) noun() string {
	c := Condition{Events: s.Events, AnyEvent: s.AnyEvent, Where: s.Where}
	return c.noun(1)
}
