package rules

import "fmt"

// muchHidden is the share of a segment's people, in per cent, above which it is asked about: whoever consents while a window is
// open rests on hidden time for a while, so some always do.
const muchHidden = 10

// lintHidden reports a segment for advertising many of whose people are in it for what they did not do, over time of which
// consent hides rows.
func (l *linter) lintHidden(r *report, seg *Segment) {
	if seg.Purpose != Advertising {
		return
	}
	worst := Size{}
	for _, s := range l.facts.Sizes[seg.Name] {
		if s.Hidden > worst.Hidden {
			worst = s
		}
	}
	if worst.Hidden < enough || 100*worst.Hidden <= muchHidden*worst.Members {
		return
	}
	r.warn("W-HIDDEN-NEGATIVE", seg.negative(), fmt.Sprintf("%s of the %s people of this segment are in it for want of events over time that consent hides",
		l.facts.Show(worst.Hidden), l.facts.Show(worst.Members)), expected("a window in which most people had consented, or a decision that what they let us see is enough"))
}

// negative is where the segment first asks that something did not happen.
func (s *Segment) negative() Span {
	at := s.Match.Span
	s.Match.walk(func(c *Condition) bool {
		limited := c.Compare != nil && (c.Compare.Op == AtMost || c.Compare.Op == Exactly || c.Compare.Op == LessThan)
		if c.Verb != "did_not" && c.Verb != "not" && !limited {
			if c == s.Match && s.Exclude != nil {
				at = s.Exclude.Span
			}
			return true
		}
		at = c.Span
		return false
	})
	return at
}
