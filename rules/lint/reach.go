package lint

import (
	"fmt"
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// lintReach reports, once for a segment, the window that begins the longest before the logs do. Some hours matter only
// where somebody cannot be decided for them.
func (l *linter) lintReach(r *source.Report, seg *rules.Segment) {
	var at *rules.Condition
	first := int64(math.MaxInt64)
	for cond := range seg.Conditions() {
		reach, ok := l.facts.Reach[cond]
		if !ok || cond.Window.All {
			continue
		}
		if from, before := cond.Window.Bounds(l.facts.AsOf, reach.From, seg.Zone); from < reach.From && from < before &&
			from < first {
			at, first = cond, from
		}
	}
	undecided := func(s Size) bool { return s.Undecided > 0 }
	if at == nil || l.facts.Reach[at].From-first < value.MicrosPerDay &&
		!slices.ContainsFunc(l.facts.Sizes[seg.Name], undecided) {
		return
	}
	begins := l.facts.Reach[at].From
	if begins >= l.facts.AsOf {
		r.Warn("W-WINDOW-COVERAGE", at.Window.Span, "no log covers anything of this window",
			source.Expected("older days in the logs"))
		return
	}
	hint := source.Expected("older days in the logs")
	if at.Window.Since == 0 {
		hint = source.Expected(fmt.Sprintf("a shorter window; the logs will cover this one from %v on",
			seg.Zone.Day(seg.Zone.Step(begins, at.Window.From, 1))+1))
	}
	r.Warn("W-WINDOW-COVERAGE", at.Window.Span,
		fmt.Sprintf("this window begins at %s, and the logs at %s", minuteOf(seg, first), minuteOf(seg, begins)), hint)
}

// minuteOf writes an instant in the segment's zone.
func minuteOf(s *rules.Segment, us int64) string {
	day := s.Zone.Day(us)
	minutes := (s.Zone.Local(us) - int64(day-value.DateOfDays(0))*value.MicrosPerDay) / value.MicrosPerMinute
	return fmt.Sprintf("%v %02d:%02d", day, minutes/60, minutes%60)
}

// What a condition may read before it is asked about: both together are much.
const (
	longDays  = 28
	manyBytes = 1 << 30
)

// lintCost reports conditions that want every row of a long time, so that everything there must be read and kept.
func (l *linter) lintCost(r *source.Report, seg *rules.Segment) {
	for cond := range seg.Conditions() {
		reach, ok := l.facts.Reach[cond]
		if !ok || !cond.AnyEvent || chooses(cond.Where) || reach.Bytes < manyBytes {
			continue
		}
		from, before := cond.Window.Bounds(l.facts.AsOf, reach.From, seg.Zone)
		if days := (before - max(from, reach.From)) / value.MicrosPerDay; days > longDays {
			r.Warn("W-EXPENSIVE", cond.Span,
				fmt.Sprintf("this wants every row of %d days, for which up to %s are read", days, gigabytes(reach.Bytes)),
				source.Expected("events by name, a where with =, in or starts_with, or a shorter window"))
		}
	}
}

// chooses reports whether an expression leaves most rows out by the values of a column.
func chooses(e rules.Expr) bool {
	return slices.ContainsFunc(rules.Demands(e), func(t *rules.Test) bool { return !t.Not && t.Op != where.OpIsNull })
}

func gigabytes(n int64) string {
	tenths := (n + 5e7) / 1e8
	return fmt.Sprintf("%d.%d GB", tenths/10, tenths%10)
}
