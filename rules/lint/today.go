package lint

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Today asks what only the day tells: segments that have expired, windows that nothing can lie in yet, and dates that
// lie in no window any more. A run goes on with them, so they are asked apart from Rules.
func Today(s *rules.Scope, segs []*rules.Segment, today value.CivilDate) source.Findings {
	l := &linter{scope: s, words: s.Vocabulary(), segs: segs}
	for _, seg := range segs {
		r := &source.Report{Source: seg.Source}
		if seg.Expires != 0 && today > seg.Expires {
			r.Fail("E-EXPIRED", keyAt(seg.Source, "metadata", "expires"),
				fmt.Sprintf("this segment expired on %v: nobody is delivered and everybody held is removed", seg.Expires),
				source.Expected("a later day, or no such file once its lists are empty"))
		}
		for cond := range seg.Conditions() {
			l.lintDay(r, cond, today)
		}
		l.found = append(l.found, r.Found...)
	}
	return l.found.Sorted()
}

// lintDay compares a window, and the local dates that are asked for in it, with a day.
func (l *linter) lintDay(r *source.Report, c *rules.Condition, today value.CivilDate) {
	w := c.Window
	switch {
	case w == nil:
		return
	case w.Since > today && c.Is().Absent:
		r.Warn("W-TAUTOLOGY", w.Span, fmt.Sprintf("as of %v nothing lies in this window, so everybody fulfils this", today),
			source.Expected("a window that has begun"))
		return
	case w.Since > today:
		r.Fail("E-CONTRADICTION", w.Span, fmt.Sprintf("as of %v nothing lies in this window yet", today),
			source.Expected("a window that has begun"))
		return
	case w.Since != 0:
		return // the dates of its rows are known without the day
	}
	looked := rules.Window{Since: 1, Until: today + 2} // as_of lies somewhere in the day
	if w.From != (value.Duration{}) {
		looked.Since = today - days(w.From.Longest()) - 2
	}
	if w.To != (value.Duration{}) {
		looked.Until -= days(w.To.Shortest()) - 1
	}
	for _, d := range demandsOf(c) {
		row := rowLint{Report: r, words: l.words, rows: d.called()}
		if d.where != nil && !l.words.Never(l.words.About(d.events, d.anyEvent, d.where)) {
			row.never(d.where, []rules.Expr{l.words.Dated(&looked)})
		}
	}
}

func days(micros int64) value.CivilDate { return value.CivilDate(micros / value.MicrosPerDay) }
