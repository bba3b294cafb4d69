package rules

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Where reads a `where` that stands alone, such as one typed at a prompt. Places in the findings are places of src.
func (s *Scope) Where(src *Source) (Expr, Errors) {
	patterns := 0
	b := &binder{
		report: report{source: src}, text: src.Text, place: func(at Span) Span { return at },
		scope: s, words: s.vocabulary(), patterns: &patterns,
	}
	return b.read(), b.found.Sorted()
}

// where reads the `where` of a condition; nil if it is absent or wrong.
func (c *checker) where(n Node, events []string) Expr {
	if n.tagged() || n.raw.Anchor != "" {
		return nil // it has been reported, and YAML has taken a part of it away
	}
	if !n.IsText() {
		n.Wrong("a condition on one row, such as product = 'mortgage'")
		return nil
	}
	at, ok := n.offsets()
	if !ok {
		text := strings.TrimSpace(n.raw.Value)
		e := c.doc.fail("E-WHERE-FORM", n.Span(), "a condition over several lines, or with escapes, has no exact places",
			blockFix(n.name, strings.ReplaceAll(text, "\n", "\n  ")))
		e.Edits = c.doc.blockEdit(n.extent(), text)
		return nil
	}
	if c.cut(n, at[len(at)-1]) {
		return nil
	}
	b := &binder{
		report: report{source: c.doc.source}, text: n.raw.Value, events: events,
		scope: c.scope, words: c.words, patterns: &c.patterns, sensitive: c.sensitiveAt,
		place: func(s Span) Span { return Span{at[s.Start], at[s.End]} },
	}
	if n.raw.Style&yaml.SingleQuotedStyle != 0 {
		b.encode = func(text string) string { return strings.ReplaceAll(text, "'", "''") }
	}
	e := b.read()
	c.doc.found = append(c.doc.found, b.found...)
	return e
}

// cut reports a condition of which YAML read only a part: up to a comment sign, or up to a comma inside { }.
func (c *checker) cut(n Node, end int) bool {
	if n.raw.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle) != 0 {
		return false
	}
	rest := c.doc.restOfLine(end)
	value := n.raw.Value
	open := strings.Count(value, "'")%2 == 1
	if strings.HasPrefix(strings.TrimLeft(rest, " "), "#") && open {
		c.doc.explainCut(n.name, n.Span().Start, value)
		return true
	}
	if strings.HasPrefix(rest, ",") && (open || strings.Count(value, "(") > strings.Count(value, ")")) {
		c.doc.explainComma(n.Span().Start, value)
		return true
	}
	return false
}

// read turns the text into a bound expression; nil after an error.
func (b *binder) read() Expr {
	if len(b.text) > maxWhereBytes {
		b.fault("E-LIMIT", Span{0, 1}, fmt.Sprintf("the condition has %d bytes", len(b.text)), expected("at most 4 KiB, long lists as a value set"))
		return nil
	}
	l := lex(b.text)
	b.misspelt(l.wrong)
	if l.broken != "" {
		b.fault("E-WHERE", l.at, l.broken, expected("column = 'text', column > 100, and, or, not"))
		return nil
	}
	t, err := parse(l.tokens)
	if err != nil {
		if len(l.wrong) == 0 {
			b.fault("E-WHERE", err.span, err.message, err.hints...)
		}
		return nil
	}
	before := b.errors()
	e := b.bind(t, false)
	if len(l.wrong) > 0 || b.errors() > before {
		return nil
	}
	return e
}

// errors counts what is wrong so far, warnings left out.
func (b *binder) errors() int {
	n := 0
	for _, e := range b.found {
		if e.Severity == SeverityError {
			n++
		}
	}
	return n
}

// misspelt reports the operators of other languages in one finding, with the whole text put right.
func (b *binder) misspelt(wrong []misspelt) {
	if len(wrong) == 0 {
		return
	}
	var right, others strings.Builder
	var edits []Edit
	last := 0
	for i, w := range wrong {
		spelling := spaced(b.text, w)
		right.WriteString(b.text[last:w.span.Start] + spelling)
		edits = append(edits, b.edit(w.span, spelling))
		last = w.span.End
		if i > 0 {
			column := b.source.Position(b.place(w.span).Start).Column
			fmt.Fprintf(&others, " (and %q is written %q, column %d)", b.written(w.span), w.right, column)
		}
	}
	right.WriteString(b.text[last:])
	b.fault("E-OPERATOR", wrong[0].span, fmt.Sprintf("%q is written %q here%s", b.written(wrong[0].span), wrong[0].right, others.String()),
		fix(strings.TrimSpace(right.String())+"        (malgrupp validate --fix)")).Edits = edits
}

// edit is an edit of the file that puts a text in place of a piece of the condition.
func (b *binder) edit(at Span, text string) Edit {
	if b.encode != nil {
		text = b.encode(text)
	}
	return b.place(at).edit(text)
}

// spaced returns the right spelling of an operator, set apart from its neighbours if it is a word.
func spaced(text string, w misspelt) string {
	right := w.right
	if !isLetter(right[0]) {
		return right
	}
	if w.span.End < len(text) && text[w.span.End] != ' ' {
		right += " "
	}
	if w.span.Start > 0 && text[w.span.Start-1] != ' ' {
		right = " " + right
	}
	return right
}
