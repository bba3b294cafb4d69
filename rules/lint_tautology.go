package rules

import (
	"fmt"
	"slices"
)

// lintAlways reports tests that every row with a value passes, alone or as alternatives of one another.
func (l *linter) lintAlways(r *report, e Expr) {
	var terms []Expr
	switch e := e.(type) {
	case *Test:
		if e.passesAll() {
			r.warn("W-TAUTOLOGY", e.Span, "this accepts every value that "+e.Term.Column+" can have", Hint{DidYouMean, e.Term.Column + " is not null"})
		}
	case And:
		terms = e
	case Or:
		terms = e
		l.lintAlternatives(r, e)
	}
	for _, term := range terms {
		l.lintAlways(r, term)
	}
}

// passesAll reports whether the test demands nothing of a text.
func (t *Test) passesAll() bool {
	if t.Not || len(t.Args) != 1 || t.Args[0].Kind != Text {
		return false
	}
	switch t.Op {
	case OpStartsWith, OpEndsWith, OpContains:
		return t.Args[0].Text == ""
	case OpMatches:
		return t.Args[0].Text == ".*"
	}
	return false
}

// lintAlternatives reports alternatives that leave no value out: a test and its opposite, or every value of a list.
func (l *linter) lintAlternatives(r *report, or Or) {
	for i, e := range or {
		x, ok := e.(*Test)
		if !ok {
			continue
		}
		for _, other := range or[:i] {
			if y, ok := other.(*Test); ok && eitherPasses(x, y) {
				always(r, later(x, y), x.Op == OpIsNull)
			}
		}
	}
	listed, last := map[string][]string{}, map[string]*Test{}
	for _, e := range or {
		t, ok := e.(*Test)
		if !ok || t.Not || t.Term.Function != "" || t.Op != OpEqual && t.Op != OpIn {
			continue
		}
		column := t.Term.Column
		for _, v := range t.Args {
			listed[column] = append(listed[column], v.Text)
		}
		if last[column] == nil || t.Span.Start > last[column].Span.Start {
			last[column] = t
		}
		enum := l.enum(t)
		if len(enum) > 0 && len(t.Args) < len(enum) && !slices.ContainsFunc(enum, func(v string) bool { return !slices.Contains(listed[column], v) }) {
			always(r, last[column], false)
		}
	}
}

func always(r *report, at *Test, missing bool) {
	if missing {
		r.warn("W-TAUTOLOGY", at.Span, "with the alternative beside it every row passes this", expected("one of the two, or neither"))
		return
	}
	r.warn("W-TAUTOLOGY", at.Span, "with the alternatives beside it this accepts every value that "+at.Term.Column+" can have", Hint{DidYouMean, at.Term.Column + " is not null"})
}

// later is the test that stands further down in the file.
func later(x, y *Test) *Test {
	if x.Span.Start < y.Span.Start {
		return y
	}
	return x
}

// eitherPasses reports whether every value passes one of two tests of one term: then none passes both of their opposites. A
// test for null has an opposite only in another one.
func eitherPasses(x, y *Test) bool {
	if (x.Op == OpIsNull) != (y.Op == OpIsNull) {
		return false
	}
	a, _ := Negate(x).(*Test)
	b, _ := Negate(y).(*Test)
	return exclusive(a, b)
}

// lintImplied reports conditions of an all that hold for everybody who fulfils the one beside them.
func lintImplied(r *report, cond *Condition) {
	if cond.Verb != "all" {
		return
	}
	for i, b := range cond.Children {
		for k, a := range cond.Children {
			if i == k || !implies(a, b) || i < k && implies(b, a) {
				continue
			}
			r.warn("W-TAUTOLOGY", b.Span, fmt.Sprintf("whoever fulfils %s fulfils this as well", a.Path), expected("one of the two"))
			break
		}
	}
}

// implies reports whether whoever fulfils a plainly fulfils b: both count events, and those of a are among those of b.
func implies(a, b *Condition) bool {
	if a.Verb != "did" || b.Verb != "did" || b.Compare.Op != AtLeast && b.Compare.Op != MoreThan {
		return false
	}
	among := b.AnyEvent || !a.AnyEvent && !slices.ContainsFunc(a.Events, func(e string) bool { return !slices.Contains(b.Events, e) })
	return among && a.Compare.least() >= max(1, b.Compare.least()) && b.Window.covers(a.Window) && demandsAll(a.Where, b.Where)
}

// least is the smallest whole number that passes.
func (c *Compare) least() int64 {
	switch c.Op {
	case AtLeast, Exactly:
		return c.Bound.Int
	case MoreThan:
		return c.Bound.Int + 1
	}
	return 0
}

// covers reports whether a window plainly holds all of another one.
func (w *Window) covers(o *Window) bool {
	switch {
	case w == nil || o == nil:
		return w == o // inside a session both are the session
	case w.All || w.String() == o.String():
		return true
	case o.All || w.Since != 0 || o.Since != 0:
		return false
	}
	return w.To == (Duration{}) && w.From.micros(shortestMicros) >= o.From.micros(unitMicros) || w.From == o.From && w.To == (Duration{})
}

// demandsAll reports whether every row that passes a passes b, because each term of b stands in a.
func demandsAll(a, b Expr) bool {
	terms := func(e Expr) (keys []string) {
		and, ok := e.(And)
		if !ok && e != nil {
			and = And{e}
		}
		for _, t := range and {
			keys = append(keys, Key(t))
		}
		return keys
	}
	have := terms(a)
	return !slices.ContainsFunc(terms(b), func(key string) bool { return !slices.Contains(have, key) })
}
