package rules

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// lintWhere looks at the tests of one expression.
func (l *linter) lintWhere(r *report, cond *Condition, d demand) {
	e := d.where
	uses := map[string]int{}
	asked := map[string]bool{} // columns that are asked for null
	for t := range Tests(e) {
		uses[t.Term.Column]++
		asked[t.Term.Column] = asked[t.Term.Column] || t.Op == OpIsNull
	}
	for t := range Tests(e) {
		column := t.Term.Column
		if l.dropsNull(t, asked[column]) {
			r.warn("W-NULL-DROPPED", t.Span, "rows without "+column+" do not pass this: a missing value is neither equal nor unequal",
				expected(fmt.Sprintf("... or %s is null, to keep them; ... and %s is not null, to say that they go", column, column))).Note = l.lost(d, t)
		}
		if t.Not && (t.Op == OpEqual || t.Op == OpIn) && uses[column] == 1 && cond.Verb == "did" {
			r.warn("W-NEGATED-EVENT-FILTER", t.Span, "one other event is enough for this, also for people who did the excluded thing as well",
				Hint{DidYouMean, "did_not, with " + column + " = or in, beside this condition"})
		}
		l.lintCase(r, t)
		lintPattern(r, t)
		l.lintEnum(r, t)
	}
	lintDisjoint(r, e)
	l.lintAlways(r, e)
}

// lintEnum reports a list of all values that a column can have.
func (l *linter) lintEnum(r *report, t *Test) {
	column := t.Term.Column
	switch enum := l.enum(t); {
	case t.Op != OpIn || len(t.Args) == 0 || len(t.Args) != len(enum):
	case t.Not:
		r.fail("E-CONTRADICTION", t.Span, "this excludes every value that "+column+" can have", expected("fewer values"))
	default:
		r.warn("W-TAUTOLOGY", t.Span, "this accepts every value that "+column+" can have", Hint{DidYouMean, column + " is not null"})
	}
}

// dropsNull reports whether rows without a value fail the test although nothing near it says so.
func (l *linter) dropsNull(t *Test, asked bool) bool {
	return t.Not && t.Op != OpIsNull && !asked && l.optional(t.Term.Column)
}

// optional reports whether a log may lack the column's value.
func (l *linter) optional(column string) bool {
	w, ok := l.words.columns[column]
	return ok && slices.ContainsFunc(w.schemas, func(s *Schema) bool {
		c, ok := s.Column(column)
		return ok && c.Optional
	})
}

// enum are the values of the column that a test looks at as it is, nil if they are open.
func (l *linter) enum(t *Test) []string {
	if w, ok := l.words.columns[t.Term.Column]; ok && t.Term.Function == "" {
		return w.enum
	}
	return nil
}

// lintCase reports texts that fail for their capitals alone.
func (l *linter) lintCase(r *report, t *Test) {
	for _, v := range t.Args {
		if v.Kind != Text {
			return
		}
		if t.Term.Function == "lower" && t.Op != OpMatches && strings.ContainsFunc(v.Text, func(r rune) bool { return r <= '\u017f' && unicode.IsUpper(r) }) {
			r.warn("W-CASE", t.Span, fmt.Sprintf("lower() has no capitals, and %s has", quoteText(v.Text)), Hint{DidYouMean, quoteText(strings.ToLower(v.Text))})
		}
		fits, ok := map[Op]func(string, string) bool{OpStartsWith: strings.HasPrefix, OpEndsWith: strings.HasSuffix, OpContains: strings.Contains}[t.Op]
		enum := l.enum(t)
		if !ok || slices.ContainsFunc(enum, func(e string) bool { return fits(e, v.Text) }) {
			continue
		}
		if i := slices.IndexFunc(enum, func(e string) bool { return fits(strings.ToLower(e), strings.ToLower(v.Text)) }); i >= 0 {
			r.warn("W-CASE", t.Span, fmt.Sprintf("no value of %s has %s in it as it is written", t.Term.Column, quoteText(v.Text)),
				Hint{DidYouMean, "the spelling of " + quoteText(enum[i])})
		}
	}
}

// lintPattern reports a pattern that a plain operator says as well: such a test is read more easily, and skips data that
// cannot pass.
func lintPattern(r *report, t *Test) {
	if t.Op != OpMatches {
		return
	}
	p, err := syntax.Parse(t.Args[0].Text, syntax.Perl)
	if err != nil {
		return
	}
	parts := []*syntax.Regexp{p}
	if p.Op == syntax.OpConcat {
		parts = p.Sub
	}
	anything := func(p *syntax.Regexp) bool { return p.Op == syntax.OpStar && p.Sub[0].Op == syntax.OpAnyCharNotNL }
	open, closed := anything(parts[0]), anything(parts[len(parts)-1])
	if open {
		parts = parts[1:]
	}
	if closed && len(parts) > 0 {
		parts = parts[:len(parts)-1]
	}
	if len(parts) != 1 || parts[0].Op != syntax.OpLiteral || parts[0].Flags&syntax.FoldCase != 0 {
		return
	}
	operator := "="
	switch {
	case open && closed:
		operator = "contains"
	case open:
		operator = "ends_with"
	case closed:
		operator = "starts_with"
	}
	r.warn("W-REGEX", t.Span, "this pattern does not need matches", Hint{DidYouMean, operator + " " + quoteText(string(parts[0].Rune))})
}
