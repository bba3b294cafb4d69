package reference

// Seen reports whether a person has a row that one of the rule's conditions looks at: one of its events, that passes
// its where and lies in its window. Rules are anchored, so nobody else can be a member, and a run that reads only what
// its rules ask for does not meet anybody else.
func (w *World) Seen(rules map[string]*Rule, name, person string) bool {
	rule := rules[name]
	s := &scene{World: w, rows: w.timelines(rule.Identity)[person]}
	return s.meets(rules, rule.Match) || rule.Exclude != nil && s.meets(rules, rule.Exclude)
}

func (s *scene) meets(rules map[string]*Rule, c *Condition) bool {
	inner := append(append([]*Condition{}, c.All...), c.Any...)
	if c.Not != nil {
		inner = append(inner, c.Not)
	}
	if c.AtLeastOf != nil {
		inner = append(inner, c.AtLeastOf.Of...)
	}
	for _, child := range inner {
		if s.meets(rules, child) {
			return true
		}
	}
	switch {
	case c.InSegment != "":
		other := rules[c.InSegment]
		return s.meets(rules, other.Match) || other.Exclude != nil && s.meets(rules, other.Exclude)
	case c.Within == nil:
		return false
	case c.Sequence != nil:
		for _, step := range c.Sequence {
			if step.Did != nil && len(s.within(s.span(c), step.Did, step.Where)) > 0 {
				return true
			}
		}
		return false
	}
	for _, events := range []*Events{c.Did, c.DidNot, c.Of, c.First, c.Last} {
		if events != nil {
			return len(s.within(s.span(c), events, c.Where)) > 0
		}
	}
	return len(s.within(s.span(c), &Events{}, nil)) > 0
}
