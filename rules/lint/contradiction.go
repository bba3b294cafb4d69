package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// rowLint looks for tests of one row that never hold, or always.
type rowLint struct {
	*source.Report
	words *rules.Vocabulary
	rows  string // what a message calls the rows that are looked at
}

// never reports the parts of an expression that no row passes beside what is given; it returns whether there are
// some.
func (l rowLint) never(e rules.Expr, given []rules.Expr) bool {
	switch e := e.(type) {
	case *rules.Test:
		if !l.words.Never(append(slices.Clip(given), e)...) {
			return false
		}
		l.neverHolds(e, given)
		return true
	case rules.Or:
		found := false
		for _, term := range e {
			found = l.never(term, given) || found
		}
		return found
	case rules.And:
		return l.neverTogether(e, given)
	}
	return false
}

// neverTogether looks at the terms of a conjunction in the order of the file, alternatives last.
func (l rowLint) neverTogether(and rules.And, given []rules.Expr) bool {
	terms := slices.Clone(and)
	slices.SortStableFunc(terms, func(a, b rules.Expr) int {
		_, x := a.(rules.Or)
		_, y := b.(rules.Or)
		if x != y {
			return cmp.Compare(bit(x), bit(y))
		}
		return cmp.Compare(lastOf(a).Span.Start, lastOf(b).Span.Start)
	})
	found := false
	for _, term := range terms {
		if l.never(term, given) {
			found = true
			continue
		}
		given = append(slices.Clip(given), term)
	}
	if !found && l.words.Never(given...) {
		l.Fail("E-CONTRADICTION", lastOf(terms[len(terms)-1]).Span, "nothing passes this and what stands beside it",
			source.Expected("or instead of and, or less of it"))
		return true
	}
	return found
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// neverHolds says why no row passes a test.
func (l rowLint) neverHolds(t *rules.Test, given []rules.Expr) {
	if l.words.Never(t) {
		l.neverAlone(t)
		return
	}
	for _, g := range given {
		for _, other := range rules.Demands(g) {
			if !l.words.Never(other, t) {
				continue
			}
			message := fmt.Sprintf("nothing passes this and %s", other.Written())
			if other.Span == (source.Span{}) {
				message = fmt.Sprintf("no %s passes this: they have %v", l.rows, other)
			}
			l.Fail("E-CONTRADICTION", t.Span, message, source.Expected("or instead of and, or one of the two"))
			return
		}
	}
	l.Fail("E-CONTRADICTION", t.Span, "nothing passes this and what stands beside it",
		source.Expected("or instead of and, or less of it"))
}

// neverAlone reports a test that no value of its term passes.
func (l rowLint) neverAlone(t *rules.Test) {
	if t.Op == where.OpIn && t.Not {
		l.Fail("E-CONTRADICTION", t.Span, "this excludes every value that "+t.Term.Column+" can have",
			source.Expected("fewer values"))
		return
	}
	l.Fail("E-CONTRADICTION", t.Span, fmt.Sprintf("no value of %v passes this", t.Term), l.why(t)...)
}

// why says what values of a term there are, and what was probably meant.
func (l rowLint) why(t *rules.Test) []source.Hint {
	var hints []source.Hint
	f := l.words.Function(t.Term.Function)
	for _, v := range t.Args {
		if meant, ok := l.meant(t, f, v); ok {
			hints = append(hints, source.Hint{Label: source.LabelDidYouMean, Text: meant})
			break
		}
	}
	switch w := l.words.Columns[t.Term.Column]; {
	case f != nil && f.Apply != nil && w != nil && w.Enum != nil:
		hints = append(hints, source.Expected(fmt.Sprintf("%s() of one of %s", f.Name, strings.Join(w.Enum, ", "))))
	case f != nil && f.Outside != "":
		hints = append(hints, source.Expected(f.Outside))
	case f == nil && w != nil && w.Enum != nil:
		hints = append(hints, source.Expected("one of "+strings.Join(w.Enum, ", ")))
	case t.Op == where.OpIn && len(t.Args) == 0 && t.Term.Type.Kind == value.Integer:
		hints = append(hints, source.Expected("a whole number"))
	case t.Op == where.OpIn && len(t.Args) == 0:
		hints = append(hints, source.Expected(fmt.Sprintf("a value of %s, which is %v: %d digits behind the point",
			t.Term.Column, t.Term.Type, t.Term.Type.Scale)))
	case f == nil && w != nil && bounded(w, t.Term.Column):
		hints = append(hints, source.Expected("a number within min and max of the schema"))
	case t.Term.Type.Kind == value.Decimal:
		hints = append(hints, source.Expected(fmt.Sprintf("a value of %s, which is %v", t.Term.Column, t.Term.Type)))
	case t.Term.Type.Kind == value.Integer:
		hints = append(hints, source.Expected("a whole number"))
	default:
		hints = append(hints, source.Expected("a value that "+t.Term.String()+" can have"))
	}
	return hints
}

// bounded reports whether a schema says how large the column's numbers are.
func bounded(w *rules.Word, column string) bool {
	return slices.ContainsFunc(w.Schemas, func(s *rules.Schema) bool {
		c, ok := s.Column(column)
		return ok && (c.Min != nil || c.Max != nil)
	})
}

// meant is a test that a value passes, if what was written is no result of the function and its result is.
func (l rowLint) meant(t *rules.Test, f *rules.Function, v value.Value) (string, bool) {
	if v.Kind != value.Text || t.Op == where.OpMatches {
		return "", false
	}
	candidates := []string{strings.ToLower(v.Text)}
	if f != nil && f.Apply != nil {
		if result, ok := f.Apply(v, t.Term.Key); ok && result.Kind == value.Text {
			candidates = append([]string{result.Text}, candidates...)
		}
	}
	for _, text := range candidates {
		other := *t
		other.Op, other.Not, other.Args = t.Op, false, []value.Value{{Kind: value.Text, Text: text}}
		if t.Op == where.OpIn || t.Op == where.OpBetween {
			other.Op = where.OpEqual
		}
		if text != "" && text != v.Text && !l.words.Never(&other) {
			return other.String(), true
		}
	}
	return "", false
}

// lastOf is the test of an expression that stands furthest down in the file.
func lastOf(e rules.Expr) *rules.Test {
	var last *rules.Test
	for t := range rules.Tests(e) {
		if last == nil || t.Span.Start > last.Span.Start {
			last = t
		}
	}
	return last
}
