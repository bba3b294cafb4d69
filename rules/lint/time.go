package lint

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// lintTimes looks at durations that may not be what was meant, and at the steps of the population.
func (l *linter) lintTimes(r *source.Report, seg *rules.Segment) {
	for cond := range seg.Conditions() {
		if w := cond.Window; w != nil {
			for _, d := range []value.Duration{w.From, w.To} {
				if d.Unit == value.Hour && d.N%24 == 0 {
					r.Warn("W-HOURS-FOR-DAYS", w.Span,
						fmt.Sprintf("%v are elapsed time: they begin at another time of day when clocks change", d),
						source.Hint{Label: source.LabelDidYouMean, Text: fmt.Sprintf("%dd   (local days)", d.N/24)})
				}
			}
		}
		if s := cond.Sequence; s != nil && s.Then != nil &&
			(s.Then.Limit.Unit == value.Day || s.Then.Limit.Unit == value.Week) {
			r.Warn("W-HOURS-FOR-DAYS", s.Then.Span,
				fmt.Sprintf("the period of %v is 23 to 25 hours a day when clocks change", s.Then.Limit),
				source.Hint{
					Label: source.LabelDidYouMean,
					Text:  fmt.Sprintf("for: %dh   (elapsed time)", s.Then.Limit.Longest()/value.MicrosPerHour),
				})
		}
	}
	if seg.Cap != nil && seg.Cap.By == nil {
		r.Warn("W-CAP-UNORDERED", keyAt(seg.Source, "spec", "cap"), "the cap does not say who comes first, so chance decides",
			source.Expected("by: a metric, such as {metric: max(event_time), of: app_open, within: 30d}"))
	}
	if longest, bounded := longestWindow(seg); bounded && seg.Stay.Longest() > longest.Longest() {
		r.Warn("W-STAY-LONG", keyAt(seg.Source, "spec", "stay"),
			fmt.Sprintf("people stay for %v after an event that is looked for in %v only", seg.Stay, longest),
			source.Expected("at most "+longest.String()))
	}
}

// longestWindow is the duration that reaches furthest back; windows between dates and over everything have no bound.
func longestWindow(seg *rules.Segment) (longest value.Duration, bounded bool) {
	bounded = true
	seg.Match.Walk(func(cond *rules.Condition) bool {
		switch w := cond.Window; {
		case w == nil:
		case w.From == (value.Duration{}):
			bounded = false
		case w.From.Longest() > longest.Longest():
			longest = w.From
		}
		return true
	})
	return longest, bounded && longest != (value.Duration{})
}
