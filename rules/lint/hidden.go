package lint

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// muchHidden is the share of a segment's people, in per cent, above which it is asked about: whoever consents while a
// window is open rests on hidden time for a while, so some always do.
const muchHidden = 10

// lintHidden reports a segment for advertising many of whose people are in it for what they did not do, over time of
// which consent hides rows.
func (l *linter) lintHidden(r *source.Report, seg *rules.Segment) {
	if seg.Purpose != rules.Advertising {
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
	r.Warn("W-HIDDEN-NEGATIVE", negativeOf(seg),
		fmt.Sprintf("%s of the %s people of this segment are in it for want of events over time that consent hides",
			l.facts.Show(worst.Hidden), l.facts.Show(worst.Members)),
		source.Expected("a window in which most people had consented, or a decision that what they let us see is enough"))
}

// negativeOf is where the segment first asks that something did not happen.
func negativeOf(s *rules.Segment) source.Span {
	at := s.Match.Span
	s.Match.Walk(func(c *rules.Condition) bool {
		limited := c.Compare != nil &&
			(c.Compare.Op == rules.AtMost || c.Compare.Op == rules.Exactly || c.Compare.Op == rules.LessThan)
		if !c.Is().Absent && c.Is().Logic != rules.LogicNot && !limited {
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
