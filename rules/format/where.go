package format

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules/where"
)

// readable reports whether a condition has words that can be set anew: all of it was read, whatever it means.
func readable(text string) bool {
	l := where.Lex(text)
	if l.Broken != "" {
		return false
	}
	_, err := where.Parse(l.Tokens)
	return err == nil
}

// words are the tokens of a condition without their places.
func words(text string) []string {
	var out []string
	for _, t := range where.Lex(text).Tokens {
		out = append(out, string('0'+rune(t.Kind))+t.Value)
	}
	return out
}

// whereLines spells a condition with single blanks between its words, in the lines that it has; a line inside
// parentheses is indented by two blanks for each of them.
func whereLines(text string) []string {
	var lines []string
	var current strings.Builder
	depth, end := 0, 0
	tokens := where.Lex(text).Tokens
	for i, t := range tokens[:len(tokens)-1] {
		if i > 0 && strings.Contains(text[end:t.Span.Start], "\n") {
			lines = append(lines, current.String())
			current.Reset()
		}
		if t.Value == ")" && t.Kind == where.TokenSign {
			depth--
		}
		switch {
		case current.Len() == 0:
			current.WriteString(indentation(2 * max(0, depth)))
		case i > 0 && spaceBetween(tokens[i-1], t):
			current.WriteByte(' ')
		}
		if t.Value == "(" && t.Kind == where.TokenSign {
			depth++
		}
		current.WriteString(t.Written())
		end = t.Span.End
	}
	return append(lines, current.String())
}

// spaceBetween reports whether a blank stands between two tokens: everywhere but inside parentheses, before commas and
// between a function and its column.
func spaceBetween(a, b where.Token) bool {
	switch sign := func(t where.Token, v string) bool { return t.Kind == where.TokenSign && t.Value == v }; {
	case sign(a, "("), sign(b, ")"), sign(b, ","):
		return false
	case sign(b, "("):
		return a.Kind != where.TokenWord || where.Reserved(a.Value)
	}
	return true
}
