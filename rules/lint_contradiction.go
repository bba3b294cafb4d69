package rules

import (
	"fmt"
	"slices"
)

// lintDisjoint reports two tests of one conjunction that no value passes both.
func lintDisjoint(r *report, e Expr) {
	if or, ok := e.(Or); ok {
		for _, term := range or {
			lintDisjoint(r, term)
		}
		return
	}
	tests := demands(e)
	for i, x := range tests {
		for _, y := range tests[:i] {
			if exclusive(x, y) {
				later, earlier := x, y
				if later.Span.Start < earlier.Span.Start {
					later, earlier = earlier, later
				}
				r.fail("E-CONTRADICTION", later.Span, fmt.Sprintf("nothing passes this and %v", earlier), expected("or instead of and, or one of the two"))
			}
		}
	}
	if and, ok := e.(And); ok {
		for _, term := range and {
			if _, ok := term.(Or); ok {
				lintDisjoint(r, term)
			}
		}
	}
}

// exclusive reports whether no row passes both tests.
func exclusive(x, y *Test) bool {
	missing := func(t *Test) bool { return t.Op == OpIsNull && !t.Not && t.Term.Function == "" }
	if missing(x) != missing(y) {
		return x.Term.Column == y.Term.Column && x.Term.Function != "query_param" && y.Term.Function != "query_param"
	}
	return x.Term.String() == y.Term.String() && (apart(x, y) || below(x, y) || below(y, x))
}

// below reports whether all values that pass x are smaller than those that pass y.
func below(x, y *Test) bool {
	high, highIncluded, ok := x.high()
	low, lowIncluded, also := y.low()
	if !ok || !also {
		return false
	}
	c := compareValues(high, low)
	return c < 0 || c == 0 && !(highIncluded && lowIncluded)
}

// high is the largest value that may pass the test, and whether it does.
func (t *Test) high() (v Value, included, ok bool) {
	switch {
	case t.Not || len(t.Args) == 0:
		return Value{}, false, false
	case t.Op == OpEqual, t.Op == OpIn, t.Op == OpBetween, t.Op == OpLessEqual:
		return t.Args[len(t.Args)-1], true, true
	}
	return t.Args[0], false, t.Op == OpLess
}

// low is the smallest value that may pass the test, and whether it does.
func (t *Test) low() (v Value, included, ok bool) {
	switch {
	case t.Not || len(t.Args) == 0:
		return Value{}, false, false
	case t.Op == OpEqual, t.Op == OpIn, t.Op == OpBetween, t.Op == OpGreaterEqual:
		return t.Args[0], true, true
	}
	return t.Args[0], false, t.Op == OpGreater
}

// lintOpposites reports a did and a did_not of the same thing beside each other: together they are never true, and one of
// them always is.
func (l *linter) lintOpposites(r *report, cond *Condition) {
	if cond.Verb != "all" && cond.Verb != "any" {
		return
	}
	for _, a := range cond.Children {
		for _, b := range cond.Children {
			if a.Verb != "did" || b.Verb != "did_not" || !sameEvents(a, b) {
				continue
			}
			at := b.Span
			if at.Start < a.Span.Start {
				at = a.Span
			}
			switch {
			case cond.Verb == "all" && (a.Compare.Op == AtLeast || a.Compare.Op == MoreThan || a.Compare.Op == Exactly):
				r.fail("E-CONTRADICTION", at, "nobody did and did not do the same thing in the same time", expected("another event, where or window in one of the two"))
			case cond.Verb == "any" && *a.Compare == (Compare{AtLeast, Number{Int: 1}, a.Compare.Span}):
				r.warn("W-TAUTOLOGY", at, "everybody did or did not do this", expected("one of the two"))
			}
		}
	}
}

// sameEvents reports whether two conditions look at the same rows.
func sameEvents(a, b *Condition) bool {
	if a.Window == nil || b.Window == nil || a.Window.String() != b.Window.String() {
		return false
	}
	return a.AnyEvent == b.AnyEvent && slices.Equal(a.Events, b.Events) && Equal(a.Where, b.Where)
}
