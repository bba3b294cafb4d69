package builtin

import "github.com/malgrupp/malgrupp/rules/fold"

// trend says how more rows could move a value: what decides whether a verdict stands while rows may be missing.
type trend uint8

const (
	anyWay    trend = iota // sums and averages
	grows                  // counts, distinct values, days, maxima
	falls                  // minima
	mergeable              // sessions: more of them, or, where a missing row joins two, fewer
)

// judge sets the verdict for one subject's value. Over a window that the data do not wholly cover a verdict stands only
// if no added row could change it (design.md 9, Language).
func judge(v fold.Verdicts, subject uint32, value fold.Int128, r fold.Range, t trend, covered bool) {
	in := r.Holds(value)
	switch {
	case covered:
		if in {
			v.True.Set(subject)
		}
	case in && ((t == grows || t == mergeable) && r.OpenAbove() || t == falls && r.OpenBelow()): // of sessions by rules/spec.md 4.4
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
