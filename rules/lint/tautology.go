package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/where"
)

// always reports tests that every row with a value passes, alone or as alternatives of one another.
func (l rowLint) always(e rules.Expr) {
	switch e := e.(type) {
	case *rules.Test:
		if t := e; t.Op != where.OpIsNull && l.words.Always(t) {
			l.Warn("W-TAUTOLOGY", t.Span, "this accepts every value that "+t.Term.String()+" can have", notNull(t))
		}
	case rules.And:
		for _, term := range e {
			l.always(term)
		}
	case rules.Or:
		before := len(l.Found)
		for _, term := range e {
			l.always(term)
		}
		if len(l.Found) == before && (l.words.Always(e) || l.trueOrFalse(e)) {
			l.alternatives(e)
		}
	}
}

// trueOrFalse reports whether alternatives ask only whether one column is true or false, and either will do: without a
// value they are false.
func (l rowLint) trueOrFalse(or rules.Or) bool {
	first := lastOf(or)
	for t := range rules.Tests(or) {
		if t.Op != where.OpIsTrue && t.Op != where.OpIsFalse || t.Term != first.Term {
			return false
		}
	}
	return l.words.Within(&rules.Test{Term: first.Term, Op: where.OpIsNull, Not: true}, or)
}

func notNull(t *rules.Test) source.Hint {
	return source.Hint{Label: source.LabelDidYouMean, Text: t.Term.String() + " is not null"}
}

// alternatives reports an `or` that leaves no value out, where possible at the second of two that do so alone.
func (l rowLint) alternatives(or rules.Or) {
	terms := slices.Clone(or)
	slices.SortStableFunc(terms, func(a, b rules.Expr) int {
		return cmp.Compare(lastOf(a).Span.Start, lastOf(b).Span.Start)
	})
	if slices.ContainsFunc(or, func(e rules.Expr) bool {
		t, ok := e.(*rules.Test)
		return ok && t.Op == where.OpIsNull && t.Not && l.words.Within(or, t)
	}) {
		return // it says so itself
	}
	at, both := lastOf(or), rules.Or(terms)
	for i, x := range terms {
		for _, y := range terms[:i] {
			if pair := (rules.Or{y, x}); l.words.Always(pair) {
				at, both = lastOf(x), pair
			}
		}
	}
	if l.words.Within(nil, both) {
		l.Warn("W-TAUTOLOGY", at.Span, "with the alternative beside it every row passes this",
			source.Expected("one of the two, or neither"))
		return
	}
	l.Warn("W-TAUTOLOGY", at.Span,
		"with the alternatives beside it this accepts every value that "+at.Term.String()+" can have", notNull(at))
}

// lintImplied reports conditions of an all that hold for everybody who fulfils the one beside them.
func (l *linter) lintImplied(r *source.Report, cond *rules.Condition) {
	if cond.Is().Logic != rules.LogicAll {
		return
	}
	for i, b := range cond.Children {
		for k, a := range cond.Children {
			if i == k || !l.implies(a, b) || i < k && l.implies(b, a) {
				continue
			}
			r.Warn("W-TAUTOLOGY", b.Span, fmt.Sprintf("whoever fulfils %s fulfils this as well", a.Path),
				source.Expected("one of the two"))
			break
		}
	}
}
