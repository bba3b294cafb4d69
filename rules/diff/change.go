package diff

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
)

// Change is a difference between two rules, and the older rule with nothing else changed: nil where that would be no
// rule, such as an `all` whose only condition is gone. It has the older rule's name, for names break ties.
type Change struct {
	Difference
	Alone *rules.Segment
}

// Changes lists what two rules say differently, as Differences does.
func Changes(old, now *rules.Segment) []Change {
	d := differ{old: old, now: now}
	d.aspects("", slices.DeleteFunc(old.Aspects(), isCondition), slices.DeleteFunc(now.Aspects(), isCondition),
		func(key string) *rules.Segment {
			return d.alone(func(s *rules.Segment) { s.Take(key, now) })
		})
	d.roots(old.Match, now.Match, func(s *rules.Segment, c *rules.Condition) { s.Match = c })
	d.roots(old.Exclude, now.Exclude, func(s *rules.Segment, c *rules.Condition) { s.Exclude = c })
	return d.found
}

// alone is the older rule with one change.
func (d *differ) alone(change func(s *rules.Segment)) *rules.Segment {
	s := *d.old
	change(&s)
	if s.Match == nil {
		return nil
	}
	s.Hash = s.Definition()
	return &s
}

// instead is the older rule with a condition where another one stands; with nil, without it.
func (d *differ) instead(gone, with *rules.Condition) *rules.Segment {
	return d.alone(func(s *rules.Segment) {
		exclude := s.Exclude != nil
		s.Match, s.Exclude = instead(s.Match, gone, with), instead(s.Exclude, gone, with)
		if exclude && s.Exclude == nil && gone != d.old.Exclude {
			s.Match = nil // nothing is left of it: leaving it out would say something else
		}
	})
}

// instead is a condition in which one stands where another did: nil if it is the one and nothing takes its place, or if
// nothing is left.
func instead(c, gone, with *rules.Condition) *rules.Condition {
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
		if k := instead(child, gone, with); k != nil {
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
