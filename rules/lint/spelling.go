package lint

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// lintSpelling asks about texts that other languages read as something else: a pattern, a missing value, a path without
// its slash, a parameter with its question mark. One test is asked about once; it returns whether it was.
func lintSpelling(r *source.Report, words *rules.Vocabulary, t *rules.Test) bool {
	if lintParameter(r, t) {
		return true
	}
	if t.Term.Type.Kind != value.Text || len(t.Args) == 0 || t.Never {
		return false
	}
	return lintWildcard(r, t) || lintNullWord(r, words, t) || lintPath(r, words, t)
}

// lintParameter reports a parameter that is named with the sign before it.
func lintParameter(r *source.Report, t *rules.Test) bool {
	at := strings.IndexAny(t.Term.Key, "?&=#")
	if t.Term.Function != "query_param" || at < 0 {
		return false
	}
	meant := *t
	meant.Term.Key = strings.Trim(t.Term.Key, "?&=#")
	hints := []source.Hint{source.Expected("the name alone, as it stands between & or ? and =")}
	if meant.Term.Key != "" && !strings.ContainsAny(meant.Term.Key, "?&=#") {
		hints = append([]source.Hint{{Label: source.LabelDidYouMean, Text: meant.String()}}, hints...)
	}
	r.Fail("E-CONTRADICTION", t.Span, fmt.Sprintf("a parameter's name has no %s", t.Term.Key[at:at+1]), hints...)
	return true
}

// plain are the operators to which a text stands for itself.
var plain = []where.Op{where.OpEqual, where.OpIn, where.OpStartsWith, where.OpEndsWith, where.OpContains}

// lintWildcard reports signs that stand for any text in other languages, and for themselves here.
func lintWildcard(r *source.Report, t *rules.Test) bool {
	if t.Op == where.OpMatches {
		return lintGlob(r, t)
	}
	if !slices.Contains(plain, t.Op) {
		return false
	}
	for _, v := range t.Args {
		sign, at := wildcard(v.Text)
		if sign == "" {
			continue
		}
		r.Warn("W-PATTERN", t.Span, fmt.Sprintf("%s stands for itself here, not for any text", sign),
			source.Hint{Label: source.LabelDidYouMean, Text: t.Term.String() + operatorFor(t, v.Text, at)})
		return true
	}
	return false
}

// wildcard finds a star, or a per cent sign that begins no byte of a URL and ends no number.
func wildcard(text string) (sign string, at int) {
	for i := range len(text) {
		switch {
		case text[i] == '*':
			return "*", i
		case text[i] == '%' && !encoded(text[i+1:]) && (i == 0 || text[i-1] < '0' || text[i-1] > '9') &&
			!(i > 0 && text[i-1] == ' '):
			return "%", i
		}
	}
	return "", 0
}

// encoded reports whether a text begins with two hexadecimal digits.
func encoded(text string) bool {
	return len(text) >= 2 && !strings.ContainsFunc(text[:2], func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF", r)
	})
}

// operatorFor is the operator that says what a text with wildcards says in other languages.
func operatorFor(t *rules.Test, text string, at int) string {
	sign := text[at : at+1]
	open, closed := strings.HasPrefix(text, sign), strings.HasSuffix(text, sign)
	inner := strings.Trim(text, sign)
	word := "matches"
	switch {
	case inner == "":
		if t.Not {
			return " is null"
		}
		return " is not null"
	case strings.Contains(inner, sign):
		parts := strings.Split(text, sign)
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		inner = strings.Join(parts, ".*")
	case open && closed, t.Op == where.OpContains:
		word = "contains"
	case open:
		word = "ends_with"
	default:
		word = "starts_with"
		if !closed {
			inner = text[:at]
		}
	}
	if t.Not {
		word = "not " + word
	}
	return " " + word + " " + value.Quote(inner)
}

// lintGlob reports a pattern that ends by repeating one letter, as patterns of file names do, or has a per cent sign.
func lintGlob(r *source.Report, t *rules.Test) bool {
	text := t.Args[0].Text
	if sign, at := wildcard(text); sign == "%" {
		r.Warn("W-PATTERN", t.Span, "% stands for itself here, not for any text",
			source.Hint{Label: source.LabelDidYouMean, Text: t.Term.String() + operatorFor(t, text, at)})
		return true
	}
	p, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return false
	}
	for i, part := range concatenated(p) {
		star := part.Op == syntax.OpStar && part.Sub[0].Op == syntax.OpLiteral
		if !star || i < len(concatenated(p))-1 && part.Sub[0].Rune[0] != '/' {
			continue
		}
		letter := string(part.Sub[0].Rune)
		meant := strings.Replace(text, regexp.QuoteMeta(letter)+"*", regexp.QuoteMeta(letter)+".*", 1)
		hint := t.Term.String() + " matches " + value.Quote(meant)
		if prefix, ok := literal(concatenated(p)[:i]); ok && i == len(concatenated(p))-1 {
			hint = t.Term.String() + " starts_with " + value.Quote(prefix+letter)
		}
		r.Warn("W-PATTERN", t.Span,
			fmt.Sprintf("* repeats the %s before it, it does not stand for any text", value.Quote(letter)),
			source.Hint{Label: source.LabelDidYouMean, Text: hint})
		return true
	}
	return false
}

// concatenated are the parts of a pattern, one after the other.
func concatenated(p *syntax.Regexp) []*syntax.Regexp {
	if p.Op == syntax.OpConcat {
		return p.Sub
	}
	return []*syntax.Regexp{p}
}

// literal is the text that parts of a pattern stand for, if it is one.
func literal(parts []*syntax.Regexp) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		if p.Op != syntax.OpLiteral {
			return "", false
		}
		b.WriteString(string(p.Rune))
	}
	return b.String(), true
}

// nullWords are what other programs write where a value is missing.
var nullWords = []string{"", "null", "(null)", "<null>", "nil", "none", "undefined", "nan", "n/a", "#n/a"}

// lintNullWord reports a comparison with a word for nothing, unless the schema lists it among the values.
func lintNullWord(r *source.Report, words *rules.Vocabulary, t *rules.Test) bool {
	if t.Op != where.OpEqual && t.Op != where.OpIn {
		return false
	}
	w := words.Columns[t.Term.Column]
	for _, v := range t.Args {
		listed := w != nil && slices.Contains(w.Enum, v.Text)
		if listed || !slices.Contains(nullWords, strings.ToLower(v.Text)) || v.Text == "" && t.Term.Function != "" {
			continue
		}
		what := value.Quote(v.Text) + " is a text of that name, not a missing value"
		if v.Text == "" {
			what = "'' is a text without letters, not a missing value"
		}
		is := " is null"
		if t.Not {
			is = " is not null"
		}
		r.Warn("W-NULL", t.Span, what, source.Hint{Label: source.LabelDidYouMean, Text: t.Term.String() + is})
		return true
	}
	return false
}

// lintPath reports a test of a path that no path passes, because its text does not begin with a slash.
func lintPath(r *source.Report, words *rules.Vocabulary, t *rules.Test) bool {
	if !isPath(t.Term) || t.Op != where.OpMatches && !slices.Contains(plain, t.Op) {
		return false
	}
	begins := &rules.Test{Term: t.Term, Op: where.OpStartsWith, Args: []value.Value{{Kind: value.Text, Text: "/"}}}
	meant := *t
	meant.Args = slices.Clone(t.Args)
	found := false
	for i, v := range t.Args {
		one := *t
		one.Not, one.Args = false, []value.Value{v}
		if words.Never(&one, begins) {
			found, meant.Args[i].Text = true, "/"+v.Text
		}
	}
	if found {
		r.Warn("W-PATH", t.Span, "a path begins with /, and no text that passes this does",
			source.Hint{Label: source.LabelDidYouMean, Text: meant.String()})
	}
	return found
}

// isPath reports whether a term is the path of a page: by its function, or by the name of its column.
func isPath(t rules.Term) bool {
	switch t.Function {
	case "path":
		return true
	case "", "lower":
		return slices.Contains(strings.FieldsFunc(t.Column, func(r rune) bool { return r == '_' || r == '.' }), "path")
	}
	return false
}
