package lint

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// lintAlways reports tests that every row with a value passes, alone or as alternatives of one another.
func (l *linter) lintAlways(r *source.Report, e rules.Expr) {
	var terms []rules.Expr
	switch e := e.(type) {
	case *rules.Test:
		if passesAll(e) {
			r.Warn("W-TAUTOLOGY", e.Span, "this accepts every value that "+e.Term.Column+" can have", source.Hint{
				Label: source.LabelDidYouMean, Text: e.Term.Column + " is not null",
			})
		}
	case rules.And:
		terms = e
	case rules.Or:
		terms = e
		l.lintAlternatives(r, e)
	}
	for _, term := range terms {
		l.lintAlways(r, term)
	}
}

// passesAll reports whether the test demands nothing of a text.
func passesAll(t *rules.Test) bool {
	if t.Not || len(t.Args) != 1 || t.Args[0].Kind != value.Text {
		return false
	}
	switch t.Op {
	case where.OpStartsWith, where.OpEndsWith, where.OpContains:
		return t.Args[0].Text == ""
	case where.OpMatches:
		return t.Args[0].Text == ".*"
	}
	return false
}

// lintAlternatives reports alternatives that leave no value out: a test and its opposite, or every value of a list.
func (l *linter) lintAlternatives(r *source.Report, or rules.Or) {
	for i, e := range or {
		x, ok := e.(*rules.Test)
		if !ok {
			continue
		}
		for _, other := range or[:i] {
			if y, ok := other.(*rules.Test); ok && eitherPasses(x, y) {
				always(r, later(x, y), x.Op == where.OpIsNull)
			}
		}
	}
	listed, last := map[string][]string{}, map[string]*rules.Test{}
	for _, e := range or {
		t, ok := e.(*rules.Test)
		if !ok || t.Not || t.Term.Function != "" || t.Op != where.OpEqual && t.Op != where.OpIn {
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
		if len(enum) > 0 && len(t.Args) < len(enum) &&
			!slices.ContainsFunc(enum, func(v string) bool { return !slices.Contains(listed[column], v) }) {
			always(r, last[column], false)
		}
	}
}

func always(r *source.Report, at *rules.Test, missing bool) {
	if missing {
		r.Warn("W-TAUTOLOGY", at.Span, "with the alternative beside it every row passes this",
			source.Expected("one of the two, or neither"))
		return
	}
	r.Warn("W-TAUTOLOGY", at.Span,
		"with the alternatives beside it this accepts every value that "+at.Term.Column+" can have", source.Hint{
			Label: source.LabelDidYouMean, Text: at.Term.Column + " is not null",
		})
}

// later is the test that stands further down in the file.
func later(x, y *rules.Test) *rules.Test {
	if x.Span.Start < y.Span.Start {
		return y
	}
	return x
}

// eitherPasses reports whether every value passes one of two tests of one term: then none passes both of their
// opposites. A test for null has an opposite only in another one.
func eitherPasses(x, y *rules.Test) bool {
	if (x.Op == where.OpIsNull) != (y.Op == where.OpIsNull) {
		return false
	}
	a, _ := rules.Negate(x).(*rules.Test)
	b, _ := rules.Negate(y).(*rules.Test)
	return exclusive(a, b)
}

// lintImplied reports conditions of an all that hold for everybody who fulfils the one beside them.
func lintImplied(r *source.Report, cond *rules.Condition) {
	if cond.Is().Logic != rules.LogicAll {
		return
	}
	for i, b := range cond.Children {
		for k, a := range cond.Children {
			if i == k || !implies(a, b) || i < k && implies(b, a) {
				continue
			}
			r.Warn("W-TAUTOLOGY", b.Span, fmt.Sprintf("whoever fulfils %s fulfils this as well", a.Path),
				source.Expected("one of the two"))
			break
		}
	}
}

// implies reports whether whoever fulfils a plainly fulfils b: both count events, and those of a are among those of b.
func implies(a, b *rules.Condition) bool {
	if !a.Is().Counts || !b.Is().Counts || b.Compare.Op != rules.AtLeast && b.Compare.Op != rules.MoreThan {
		return false
	}
	among := b.AnyEvent || !a.AnyEvent &&
		!slices.ContainsFunc(a.Events, func(e string) bool { return !slices.Contains(b.Events, e) })
	return among && least(a.Compare) >= max(1, least(b.Compare)) && b.Window.Covers(a.Window) &&
		demandsAll(a.Where, b.Where)
}

// least is the smallest whole number that passes.
func least(c *rules.Compare) int64 {
	switch c.Op {
	case rules.AtLeast, rules.Exactly:
		return c.Bound.Int
	case rules.MoreThan:
		return c.Bound.Int + 1
	}
	return 0
}

// demandsAll reports whether every row that passes a passes b, because each term of b stands in a.
func demandsAll(a, b rules.Expr) bool {
	terms := func(e rules.Expr) (keys []string) {
		and, ok := e.(rules.And)
		if !ok && e != nil {
			and = rules.And{e}
		}
		for _, t := range and {
			keys = append(keys, rules.Key(t))
		}
		return keys
	}
	have := terms(a)
	return !slices.ContainsFunc(terms(b), func(key string) bool { return !slices.Contains(have, key) })
}
