package rules

import (
	"slices"
	"strings"
)

// readable reports whether a condition has words that can be set anew: all of it was read, whatever it means.
func readable(text string) bool {
	l := lex(text)
	if l.broken != "" {
		return false
	}
	_, err := parse(l.tokens)
	return err == nil
}

// words are the tokens of a condition without their places.
func words(text string) []string {
	var out []string
	for _, t := range lex(text).tokens {
		out = append(out, string('0'+rune(t.kind))+t.value)
	}
	return out
}

// whereLines spells a condition with single blanks between its words, in the lines that it has; a line inside parentheses
// is indented by two blanks for each of them.
func whereLines(text string) []string {
	var lines []string
	var current strings.Builder
	depth, end := 0, 0
	tokens := lex(text).tokens
	for i, t := range tokens[:len(tokens)-1] {
		if i > 0 && strings.Contains(text[end:t.span.Start], "\n") {
			lines = append(lines, current.String())
			current.Reset()
		}
		if t.value == ")" && t.kind == tokenSign {
			depth--
		}
		switch {
		case current.Len() == 0:
			current.WriteString(indentation(2 * max(0, depth)))
		case i > 0 && spaceBetween(tokens[i-1], t):
			current.WriteByte(' ')
		}
		if t.value == "(" && t.kind == tokenSign {
			depth++
		}
		current.WriteString(t.written())
		end = t.span.End
	}
	return append(lines, current.String())
}

// written is the canonical spelling of a token.
func (t token) written() string {
	switch t.kind {
	case tokenText:
		return quoteText(t.value)
	case tokenSet:
		return "@" + t.value
	}
	return t.value
}

// spaceBetween reports whether a blank stands between two tokens: everywhere but inside parentheses, before commas and
// between a function and its column.
func spaceBetween(a, b token) bool {
	switch sign := func(t token, v string) bool { return t.kind == tokenSign && t.value == v }; {
	case sign(a, "("), sign(b, ")"), sign(b, ","):
		return false
	case sign(b, "("):
		return a.kind != tokenWord || slices.Contains(reservedWords, a.value)
	}
	return true
}
