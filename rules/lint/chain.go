package lint

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// longSession is a length that hardly any visit has: a day is probably meant for the time between two events.
const longSession = 24 * value.MicrosPerHour

// lintChain looks at the limits of sequences and sessions beside one another.
func (l *linter) lintChain(r *source.Report, c *rules.Condition) {
	w := c.Window
	relative := w != nil && w.From != (value.Duration{})
	if c.Is().Sessions && relative && c.Lasting.Shortest() > w.From.Longest() {
		r.Fail("E-CONTRADICTION", c.Span,
			fmt.Sprintf("nobody fulfils this: no session that begins within %v lasts %v by then", w, c.Lasting),
			source.Expected("lasting_at_least: 30min or the like"))
	} else if c.Is().Sessions && c.Lasting.Longest() >= longSession {
		r.Warn("W-SESSION-LONG", c.Span,
			fmt.Sprintf("a session of %v hardly happens: it ends with the first long pause", c.Lasting),
			source.Expected("lasting_at_least: 30min or the like; for people who come on several days metric: days()"))
	}
	s := c.Sequence
	if s == nil {
		return
	}
	if len(s.Steps) == 1 && s.Then == nil {
		r.Warn("W-SEQUENCE-ONE", c.Span, "a sequence of one step has no order", source.Hint{
			Label: source.LabelDidYouMean, Text: "did, with the same event and window",
		})
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		switch {
		case step.Limit == (value.Duration{}):
		case reaches(step.Limit, s.MaxSpan):
			loose(r, step.Span, "within_previous: "+step.Limit.String(), "span: "+s.MaxSpan.String())
		case coversAll(step.Limit, c.Window):
			loose(r, step.Span, "within_previous: "+step.Limit.String(), "within: "+c.Window.String())
		}
	}
	if coversAll(s.MaxSpan, c.Window) {
		loose(r, c.Span, "span: "+s.MaxSpan.String(), "within: "+c.Window.String())
	}
	l.lintThen(r, c)
}

// loose reports a limit that a shorter one beside it makes needless.
func loose(r *source.Report, at source.Span, limit, shorter string) {
	r.Warn("W-TAUTOLOGY", at, limit+" always holds, for "+shorter+" is no longer",
		source.Expected("a shorter limit, or none"))
}

// reaches reports whether a limit is at least as long as another one, which is there.
func reaches(limit, other value.Duration) bool {
	return other != (value.Duration{}) && limit.Reaches(other)
}

// coversAll reports whether any two events of a window lie within a limit of one another.
func coversAll(limit value.Duration, w *rules.Window) bool {
	if limit == (value.Duration{}) || w == nil || w.All {
		return false
	}
	if w.Since != 0 {
		return limit.Shortest() >= int64(w.Until-w.Since+1)*value.MicrosPerDay
	}
	return limit.Shortest() >= w.From.Longest() || w.From.Unit == limit.Unit && limit.N >= w.From.N
}

// lintThen reports a period after the last step that is never over: it would end after the moment that is asked
// about.
func (l *linter) lintThen(r *source.Report, c *rules.Condition) {
	then, w := c.Sequence.Then, c.Window
	if then == nil || w == nil || w.From == (value.Duration{}) {
		return
	}
	if limit := then.Limit; limit.Shortest() > w.From.Longest() || limit.Unit == w.From.Unit && limit.N > w.From.N {
		r.Fail("E-CONTRADICTION", then.Span,
			fmt.Sprintf("nobody fulfils this: of steps within %v the %v after the last are never over", w, limit),
			source.Expected("a shorter for, or a longer within"))
	}
}
