package rules

import "fmt"

// lintTimes looks at durations that may not be what was meant, and at the steps of the population.
func (l *linter) lintTimes(r *report, seg *Segment) {
	for cond := range seg.Conditions() {
		if w := cond.Window; w != nil {
			for _, d := range []Duration{w.From, w.To} {
				if d.Unit == Hour && d.N%24 == 0 {
					r.warn("W-HOURS-FOR-DAYS", w.Span, fmt.Sprintf("%v are elapsed time: they begin at another time of day when clocks change", d),
						Hint{DidYouMean, fmt.Sprintf("%dd   (local days)", d.N/24)})
				}
			}
		}
		if s := cond.Sequence; s != nil && s.Then != nil && (s.Then.Limit.Unit == Day || s.Then.Limit.Unit == Week) {
			r.warn("W-HOURS-FOR-DAYS", s.Then.Span, fmt.Sprintf("the period of %v is 23 to 25 hours a day when clocks change", s.Then.Limit),
				Hint{DidYouMean, fmt.Sprintf("for: %dh   (elapsed time)", s.Then.Limit.micros(unitMicros)/microsPerHour)})
		}
	}
	if seg.Cap != nil && seg.Cap.By == nil {
		r.warn("W-CAP-UNORDERED", keyAt(seg.Source, "spec", "cap"), "the cap does not say who comes first, so chance decides",
			expected("by: a metric, such as {metric: max(event_time), of: app_open, within: 30d}"))
	}
	if longest, bounded := longestWindow(seg); bounded && seg.Stay.micros(unitMicros) > longest.micros(unitMicros) {
		r.warn("W-STAY-LONG", keyAt(seg.Source, "spec", "stay"),
			fmt.Sprintf("people stay for %v after an event that is looked for in %v only", seg.Stay, longest), expected("at most "+longest.String()))
	}
}

// longestWindow is the duration that reaches furthest back; windows between dates and over everything have no bound.
func longestWindow(seg *Segment) (longest Duration, bounded bool) {
	bounded = true
	seg.Match.walk(func(cond *Condition) bool {
		switch w := cond.Window; {
		case w == nil:
		case w.From == (Duration{}):
			bounded = false
		case w.From.micros(unitMicros) > longest.micros(unitMicros):
			longest = w.From
		}
		return true
	})
	return longest, bounded && longest != (Duration{})
}
