package sql

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

// Matches is true where the whole of a text matches a pattern of the subset that rules allow (rules.CheckPattern). The
// pattern is written anew from its syntax tree, so that RE2 and Java read the same.
func (d *Dialect) Matches(text, pattern string) (string, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", fmt.Errorf("read the pattern again: %w", err)
	}
	var b strings.Builder
	d.write(&b, tree)
	return fmt.Sprintf(d.matches, text, d.Quote(fmt.Sprintf(d.pattern, b.String()))), nil
}

// write writes one node of a pattern.
func (d *Dialect) write(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			writeRune(b, r)
		}
	case syntax.OpCharClass:
		d.writeClass(b, re.Rune)
	case syntax.OpAnyCharNotNL:
		b.WriteString(`[^\x{a}]`)
	case syntax.OpAnyChar:
		b.WriteString(`[\x{0}-\x{10ffff}]`)
	case syntax.OpNoMatch:
		b.WriteString(`[^\x{0}-\x{10ffff}]`)
	case syntax.OpBeginText:
		b.WriteString(`\A`)
	case syntax.OpEndText:
		b.WriteString(`\z`)
	case syntax.OpWordBoundary:
		b.WriteString(d.boundary)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if uncaptured(sub).Op == syntax.OpAlternate {
				d.writeGroup(b, sub)
			} else {
				d.write(b, sub)
			}
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 {
				b.WriteByte('|')
			}
			d.write(b, sub)
		}
	case syntax.OpCapture:
		d.write(b, re.Sub[0])
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		d.writeGroup(b, re.Sub[0])
		b.WriteString(times(re))
	}
}

// uncaptured is what stands in parentheses.
func uncaptured(re *syntax.Regexp) *syntax.Regexp {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	return re
}

// writeGroup writes a node so that what stands beside it does not change its meaning.
func (d *Dialect) writeGroup(b *strings.Builder, re *syntax.Regexp) {
	re = uncaptured(re)
	switch re.Op {
	case syntax.OpLiteral:
		if len(re.Rune) == 1 {
			d.write(b, re)
			return
		}
	case syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar, syntax.OpBeginText, syntax.OpEndText:
		d.write(b, re)
		return
	}
	b.WriteString("(?:")
	d.write(b, re)
	b.WriteByte(')')
}

// times is how often a part may come.
func times(re *syntax.Regexp) string {
	switch {
	case re.Op == syntax.OpStar:
		return "*"
	case re.Op == syntax.OpPlus:
		return "+"
	case re.Op == syntax.OpQuest:
		return "?"
	case re.Max < 0:
		return fmt.Sprintf("{%d,}", re.Min)
	case re.Max == re.Min:
		return fmt.Sprintf("{%d}", re.Min)
	}
	return fmt.Sprintf("{%d,%d}", re.Min, re.Max)
}

func (d *Dialect) writeClass(b *strings.Builder, ranges []rune) {
	b.WriteByte('[')
	for i := 0; i < len(ranges); i += 2 {
		writeRune(b, ranges[i])
		if ranges[i] != ranges[i+1] {
			b.WriteByte('-')
			writeRune(b, ranges[i+1])
		}
	}
	b.WriteByte(']')
}

// writeRune writes a character so that no engine takes it for a sign.
func writeRune(b *strings.Builder, r rune) {
	if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '/' {
		b.WriteRune(r)
		return
	}
	fmt.Fprintf(b, `\x{%x}`, r)
}
