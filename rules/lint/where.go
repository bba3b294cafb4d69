package lint

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// lintWhere looks at the tests of one expression.
func (l *linter) lintWhere(r *source.Report, cond *rules.Condition, d demand) {
	e := d.where
	uses := map[string]int{}
	asked := map[string]bool{} // columns that are asked for null
	for t := range rules.Tests(e) {
		uses[t.Term.Column]++
		asked[t.Term.Column] = asked[t.Term.Column] || t.Op == where.OpIsNull
	}
	for t := range rules.Tests(e) {
		column := t.Term.Column
		if l.dropsNull(t, asked[column]) {
			r.Warn("W-NULL-DROPPED", t.Span,
				"rows without "+column+" do not pass this: a missing value is neither equal nor unequal",
				source.Expected(fmt.Sprintf("... or %s is null, to keep them; ... and %s is not null, to say that they go", column,
					column))).Note = l.lost(d, t)
		}
		if t.Not && (t.Op == where.OpEqual || t.Op == where.OpIn) && uses[column] == 1 && cond.Is().Counts {
			r.Warn("W-NEGATED-EVENT-FILTER", t.Span,
				"one other event is enough for this, also for people who did the excluded thing as well",
				source.Hint{Label: source.LabelDidYouMean, Text: "did_not, with " + column + " = or in, beside this condition"})
		}
		l.lintCase(r, t)
		if !lintSpelling(r, l.wordsOf(cond), t) {
			lintPattern(r, t)
		}
	}
	l.lintRow(r, cond, d)
}

// lintRow looks for tests that never hold for such a row, or always. What is always so is asked without knowing the
// row: a test that repeats the event's name is no mistake.
func (l *linter) lintRow(r *source.Report, cond *rules.Condition, d demand) {
	if d.where == nil {
		return
	}
	row := rowLint{Report: r, words: l.wordsOf(cond), rows: d.called()}
	var given []rules.Expr
	if cond.Is().Takes != rules.TakesWhere {
		given = []rules.Expr{l.words.About(d.events, d.anyEvent, l.words.Dated(cond.Window))}
	}
	if !row.words.Never(d.given) { // else it has been said of what is given
		given = append(given, d.given)
	}
	if row.never(d.where, given) {
		return
	}
	before := len(r.Found)
	row.always(d.where)
	if picked := l.words.About(d.events, d.anyEvent, d.given); len(r.Found) == before && d.given != nil &&
		l.words.Within(picked, d.where) {
		r.Warn("W-TAUTOLOGY", lastOf(d.where).Span, "every event that where picks passes this",
			source.Expected("a test of something else in has, or less of it in where"))
	}
}

// wordsOf is the vocabulary of a condition's where: that of customers for one on their attributes.
func (l *linter) wordsOf(c *rules.Condition) *rules.Vocabulary {
	if c.Is().Takes != rules.TakesWhere || l.scope.Profile == nil {
		return l.words
	}
	return (&rules.Scope{Language: l.scope.Language, Schemas: []*rules.Schema{l.scope.Profile}}).Vocabulary()
}

// dropsNull reports whether rows without a value fail the test although nothing near it says so.
func (l *linter) dropsNull(t *rules.Test, asked bool) bool {
	return t.Not && t.Op != where.OpIsNull && !asked && l.optional(t.Term.Column)
}

// optional reports whether a log may lack the column's value.
func (l *linter) optional(column string) bool {
	w, ok := l.words.Columns[column]
	return ok && slices.ContainsFunc(w.Schemas, func(s *rules.Schema) bool {
		c, ok := s.Column(column)
		return ok && c.Optional
	})
}

// lintCase reports texts of a list that fail for their capitals alone; where all of them do, nothing passes.
func (l *linter) lintCase(r *source.Report, t *rules.Test) {
	if t.Term.Function != "lower" || t.Op != where.OpIn || t.Never || t.Always {
		return
	}
	for _, v := range t.Args {
		if small := strings.ToLower(v.Text); strings.ContainsFunc(v.Text, func(r rune) bool {
			return r <= '\u017f' && unicode.IsUpper(r)
		}) {
			r.Warn("W-CASE", t.Span, fmt.Sprintf("lower() has no capitals, and %s has", value.Quote(v.Text)),
				source.Hint{Label: source.LabelDidYouMean, Text: value.Quote(small)})
		}
	}
}

// lintPattern reports a pattern that a plain operator says as well: such a test is read more easily, and skips data
// that cannot pass.
func lintPattern(r *source.Report, t *rules.Test) {
	if t.Op != where.OpMatches {
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
	r.Warn("W-REGEX", t.Span, "this pattern does not need matches", source.Hint{
		Label: source.LabelDidYouMean, Text: operator + " " + value.Quote(string(parts[0].Rune)),
	})
}
