package lint

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// lintDisjoint reports two tests of one conjunction that no value passes both.
func lintDisjoint(r *source.Report, e rules.Expr) {
	if or, ok := e.(rules.Or); ok {
		for _, term := range or {
			lintDisjoint(r, term)
		}
		return
	}
	tests := rules.Demands(e)
	for i, x := range tests {
		for _, y := range tests[:i] {
			if exclusive(x, y) {
				later, earlier := x, y
				if later.Span.Start < earlier.Span.Start {
					later, earlier = earlier, later
				}
				r.Fail("E-CONTRADICTION", later.Span, fmt.Sprintf("nothing passes this and %v", earlier),
					source.Expected("or instead of and, or one of the two"))
			}
		}
	}
	if and, ok := e.(rules.And); ok {
		for _, term := range and {
			if _, ok := term.(rules.Or); ok {
				lintDisjoint(r, term)
			}
		}
	}
}

// exclusive reports whether no row passes both tests.
func exclusive(x, y *rules.Test) bool {
	missing := func(t *rules.Test) bool { return t.Op == where.OpIsNull && !t.Not && t.Term.Function == "" }
	if missing(x) != missing(y) {
		return x.Term.Column == y.Term.Column && x.Term.Function != "query_param" && y.Term.Function != "query_param"
	}
	return x.Term.String() == y.Term.String() && (rules.Apart(x, y) || below(x, y) || below(y, x))
}

// below reports whether all values that pass x are smaller than those that pass y.
func below(x, y *rules.Test) bool {
	high, highIncluded, ok := high(x)
	low, lowIncluded, also := low(y)
	if !ok || !also {
		return false
	}
	c := value.Compare(high, low)
	return c < 0 || c == 0 && !(highIncluded && lowIncluded)
}

// high is the largest value that may pass the test, and whether it does.
func high(t *rules.Test) (v value.Value, included, ok bool) {
	switch {
	case t.Not || len(t.Args) == 0:
		return value.Value{}, false, false
	case t.Op == where.OpEqual, t.Op == where.OpIn, t.Op == where.OpBetween, t.Op == where.OpLessEqual:
		return t.Args[len(t.Args)-1], true, true
	}
	return t.Args[0], false, t.Op == where.OpLess
}

// low is the smallest value that may pass the test, and whether it does.
func low(t *rules.Test) (v value.Value, included, ok bool) {
	switch {
	case t.Not || len(t.Args) == 0:
		return value.Value{}, false, false
	case t.Op == where.OpEqual, t.Op == where.OpIn, t.Op == where.OpBetween, t.Op == where.OpGreaterEqual:
		return t.Args[0], true, true
	}
	return t.Args[0], false, t.Op == where.OpGreater
}

// lintOpposites reports a did and a did_not of the same thing beside each other: together they are never true, and one
// of them always is.
func (l *linter) lintOpposites(r *source.Report, cond *rules.Condition) {
	all := cond.Is().Logic == rules.LogicAll
	if !all && cond.Is().Logic != rules.LogicAny {
		return
	}
	for _, a := range cond.Children {
		for _, b := range cond.Children {
			if !a.Is().Counts || !b.Is().Absent || !sameEvents(a, b) {
				continue
			}
			at := b.Span
			if at.Start < a.Span.Start {
				at = a.Span
			}
			switch {
			case all && (a.Compare.Op == rules.AtLeast || a.Compare.Op == rules.MoreThan || a.Compare.Op == rules.Exactly):
				r.Fail("E-CONTRADICTION", at, "nobody did and did not do the same thing in the same time",
					source.Expected("another event, where or window in one of the two"))
			case !all && *a.Compare == (rules.Compare{Op: rules.AtLeast, Bound: value.Number{Int: 1}, Span: a.Compare.Span}):
				r.Warn("W-TAUTOLOGY", at, "everybody did or did not do this", source.Expected("one of the two"))
			}
		}
	}
}

// sameEvents reports whether two conditions look at the same rows.
func sameEvents(a, b *rules.Condition) bool {
	if a.Window == nil || b.Window == nil || a.Window.String() != b.Window.String() {
		return false
	}
	return a.AnyEvent == b.AnyEvent && slices.Equal(a.Events, b.Events) && rules.Equal(a.Where, b.Where)
}
