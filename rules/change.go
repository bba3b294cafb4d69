package rules

import "slices"

// Change is a difference between two rules, and the older rule with nothing else changed: nil where that would be no rule,
// such as an `all` whose only condition is gone. It has the older rule's name, for names break ties.
type Change struct {
	Difference
	Alone *Segment
}

// Changes lists what two rules say differently, as Differences does.
func Changes(old, now *Segment) []Change {
	d := differ{old: old, now: now}
	d.aspects("", slices.DeleteFunc(old.aspects(), isCondition), slices.DeleteFunc(now.aspects(), isCondition), func(key string) *Segment {
		return d.alone(func(s *Segment) { s.take(key, now) })
	})
	d.roots(old.Match, now.Match, func(s *Segment, c *Condition) { s.Match = c })
	d.roots(old.Exclude, now.Exclude, func(s *Segment, c *Condition) { s.Exclude = c })
	return d.found
}

// alone is the older rule with one change.
func (d *differ) alone(change func(s *Segment)) *Segment {
	s := *d.old
	change(&s)
	if s.Match == nil {
		return nil
	}
	s.Hash = s.hash()
	return &s
}

// instead is the older rule with a condition where another one stands; with nil, without it.
func (d *differ) instead(gone, with *Condition) *Segment {
	return d.alone(func(s *Segment) {
		exclude := s.Exclude != nil
		s.Match, s.Exclude = s.Match.instead(gone, with), s.Exclude.instead(gone, with)
		if exclude && s.Exclude == nil && gone != d.old.Exclude {
			s.Match = nil // nothing is left of it: leaving it out would say something else
		}
	})
}

// instead is a condition in which one stands where another did: nil if it is the one and nothing takes its place, or if
// nothing is left.
func (c *Condition) instead(gone, with *Condition) *Condition {
	switch {
	case c == nil:
		return nil
	case c == gone:
		return with
	case len(c.Children) == 0:
		return c
	}
	out := *c
	out.Children = nil
	for _, child := range c.Children {
		if k := child.instead(gone, with); k != nil {
			out.Children = append(out.Children, k)
		} else if child != gone {
			return nil
		}
	}
	if len(out.Children) == 0 {
		return nil
	}
	out.Count = min(out.Count, len(out.Children))
	return &out
}

// take takes over one aspect of another condition.
func (c *Condition) take(key string, from *Condition) {
	switch key {
	case "metric":
		c.Metric = from.Metric
	case "events":
		c.Events, c.AnyEvent = from.Events, from.AnyEvent
	case "in_segment":
		c.Segment = from.Segment
	case "where":
		c.Where = from.Where
	case "has":
		c.Has = from.Has
	case "sequence":
		c.Sequence = from.Sequence
	case "within":
		c.Window = from.Window
	case "lasting_at_least":
		c.Lasting = from.Lasting
	case "compare":
		c.Compare = from.Compare
	}
}

// take takes over one aspect of another rule.
func (s *Segment) take(key string, from *Segment) {
	switch key {
	case "purpose":
		s.Purpose = from.Purpose
	case "identity":
		s.Level = from.Level
	case "timezone":
		s.Zone = from.Zone
	case "top":
		s.Top = from.Top
	case "stay":
		s.Stay = from.Stay
	case "exclusive":
		s.Exclusive = from.Exclusive
	case "holdout":
		s.Holdout = from.Holdout
	case "cap":
		s.Cap = from.Cap
	case "min_size":
		s.MinSize = from.MinSize
	case "deliver":
		s.Deliver = from.Deliver
	}
}
