package builtin

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
)

// trend says how more rows could move a value: what decides whether a verdict stands while rows may be missing.
type trend uint8

const (
	anyWay    trend = iota // sums and averages
	grows                  // counts, distinct values, days, maxima
	falls                  // minima
	mergeable              // sessions: more of them, or, where a missing row joins two, fewer
)

// judge sets the verdict for one subject's value. Over a window that the data do not wholly cover a verdict stands only
// if no added row could change it (docs/language.md, Missing days).
func judge(v fold.Verdicts, subject uint32, value fold.Int128, r fold.Range, t trend, covered bool) {
	in := r.Holds(value)
	switch {
	case covered:
		if in {
			v.True.Set(subject)
		}
	case in && ((t == grows || t == mergeable) && r.OpenAbove() || t == falls && r.OpenBelow()):
		v.True.Set(subject)
	case r.Empty() || t == grows && r.Passed(value) || t == falls && r.Under(value):
	default:
		v.Unknown.Set(subject)
	}
}

// nothing sets the verdict of a subject for whom an aggregate has no value.
func nothing(v fold.Verdicts, subject uint32, covered bool) {
	if covered {
		v.NoValue.Set(subject)
	} else {
		v.Unknown.Set(subject)
	}
}

// judgeSQL is judge as an expression.
func judgeSQL(b bounds, t trend, covered bool) string {
	choose := func(condition string, yes, no int) string {
		return fmt.Sprintf("CASE WHEN %s THEN %d ELSE %d END", condition, yes, no)
	}
	switch {
	case covered:
		return choose(b.in, sql.True, sql.False)
	case b.Empty():
		return fmt.Sprint(sql.False)
	case (t == grows || t == mergeable) && b.OpenAbove() || t == falls && b.OpenBelow():
		return choose(b.in, sql.True, sql.Unknown)
	case t == grows:
		return choose(b.above, sql.False, sql.Unknown)
	case t == falls:
		return choose(b.below, sql.False, sql.Unknown)
	}
	return fmt.Sprint(sql.Unknown)
}

// nothingSQL is the verdict on somebody for whom an aggregate has no value.
func nothingSQL(covered bool) int {
	if covered {
		return sql.NoValue
	}
	return sql.Unknown
}
