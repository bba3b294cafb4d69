package segments_test

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
)

// absent says of everybody who is seen and not in which condition keeps him out, one person after the other.
func (p *plain) absent(s *rules.Segment, use int) map[string]string {
	out := map[string]string{}
	for _, who := range p.people(use) {
		switch {
		case p.verdict(s.Match, use, who) != yes:
			out[who] = p.lacking(s.Match, "all", yes, use, who)
		case s.Exclude != nil && p.verdict(s.Exclude, use, who) != no:
			out[who] = p.lacking(s.Exclude, "any", no, use, who)
		}
	}
	return out
}

// lacking is the innermost condition that alone is not what it should be.
func (p *plain) lacking(c *rules.Condition, joint string, want verdict, use int, who string) string {
	at := func(child *rules.Condition) bool { return p.verdict(child, use, who) != want }
	if c.Verb == joint {
		if first := slices.IndexFunc(c.Children, at); first >= 0 && !slices.ContainsFunc(c.Children[first+1:], at) {
			return p.lacking(c.Children[first], joint, want, use, who)
		}
	}
	return c.Path
}
