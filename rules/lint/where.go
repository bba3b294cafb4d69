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
		lintPattern(r, t)
		l.lintEnum(r, t)
	}
	lintDisjoint(r, e)
	l.lintAlways(r, e)
}

// lintEnum reports a list of all values that a column can have.
func (l *linter) lintEnum(r *source.Report, t *rules.Test) {
	column := t.Term.Column
	switch enum := l.enum(t); {
	case t.Op != where.OpIn || len(t.Args) == 0 || len(t.Args) != len(enum):
	case t.Not:
		r.Fail("E-CONTRADICTION", t.Span, "this excludes every value that "+column+" can have",
			source.Expected("fewer values"))
	default:
		r.Warn("W-TAUTOLOGY", t.Span, "this accepts every value that "+column+" can have", source.Hint{
			Label: source.LabelDidYouMean, Text: column + " is not null",
		})
	}
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

// enum are the values of the column that a test looks at as it is, nil if they are open.
func (l *linter) enum(t *rules.Test) []string {
	if w, ok := l.words.Columns[t.Term.Column]; ok && t.Term.Function == "" {
		return w.Enum
	}
	return nil
}

// lintCase reports texts that fail for their capitals alone.
func (l *linter) lintCase(r *source.Report, t *rules.Test) {
	for _, v := range t.Args {
		if v.Kind != value.Text {
			return
		}
		if t.Term.Function == "lower" && t.Op != where.OpMatches &&
			strings.ContainsFunc(v.Text, func(r rune) bool { return r <= '\u017f' && unicode.IsUpper(r) }) {
			r.Warn("W-CASE", t.Span, fmt.Sprintf("lower() has no capitals, and %s has", value.Quote(v.Text)), source.Hint{
				Label: source.LabelDidYouMean, Text: value.Quote(strings.ToLower(v.Text)),
			})
		}
		fits, ok := map[where.Op]func(string, string) bool{
			where.OpStartsWith: strings.HasPrefix, where.OpEndsWith: strings.HasSuffix, where.OpContains: strings.Contains,
		}[t.Op]
		enum := l.enum(t)
		if !ok || slices.ContainsFunc(enum, func(e string) bool { return fits(e, v.Text) }) {
			continue
		}
		if i := slices.IndexFunc(enum, func(e string) bool {
			return fits(strings.ToLower(e), strings.ToLower(v.Text))
		}); i >= 0 {
			r.Warn("W-CASE", t.Span,
				fmt.Sprintf("no value of %s has %s in it as it is written", t.Term.Column, value.Quote(v.Text)),
				source.Hint{Label: source.LabelDidYouMean, Text: "the spelling of " + value.Quote(enum[i])})
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
