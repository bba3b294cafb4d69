package yaml

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// extent returns the whole range of a scalar in the file, over as many lines as it has: with its quotes; of a block
// from its sign to the end of its last line.
func (n Node) extent() source.Span {
	start := n.doc.offset(n.raw.Line, n.raw.Column)
	text := n.doc.Source.Text
	switch style := n.raw.Style; {
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return source.Span{Start: start, End: n.blockEnd(start)}
	case style&yaml.SingleQuotedStyle != 0:
		return source.Span{Start: start, End: quotedEnd(text, start, '\'')}
	case style&yaml.DoubleQuotedStyle != 0:
		return source.Span{Start: start, End: quotedEnd(text, start, '"')}
	}
	return source.Span{Start: start, End: plainEnd(text, start, n.raw.Value)}
}

// quotedEnd returns the offset behind the closing quote of the text that begins at start.
func quotedEnd(text string, start int, quote byte) int {
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// plainEnd returns the offset behind a plain value: its words stand in the file in their order, blanks and line ends
// between them.
func plainEnd(text string, start int, value string) int {
	i := start
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ' ' || r == '\n' }) {
		for i < len(text) && strings.IndexByte(" \r\n", text[i]) >= 0 {
			i++
		}
		if !strings.HasPrefix(text[i:], word) {
			return i
		}
		i += len(word)
	}
	return i
}

// indicated is the sign of a block that says by how much more than its key it is indented.
var indicated = regexp.MustCompile(`^[|>][-+]?([1-9])`)

// blockEnd returns the end of the last line of a block whose sign stands at start: the lines below it that are indented
// like the first of them, or blank.
func (n Node) blockEnd(start int) int {
	line := n.doc.lineOf(start)
	sign := n.doc.restOfLine(start)
	end := start + len(sign)
	if strings.TrimSpace(n.raw.Value) == "" {
		return end
	}
	indent := n.doc.blockIndent(start)
	for line++; line <= len(n.doc.lines); line++ {
		at := n.doc.offset(line, 1)
		written := n.doc.restOfLine(at)
		content := strings.TrimLeft(written, " ")
		if content == "" {
			continue
		}
		if len(written)-len(content) < indent {
			break
		}
		end = at + len(written)
	}
	return end
}

// blockIndent returns by how many blanks the lines of the block are indented whose sign stands at start.
func (d *Document) blockIndent(start int) int {
	line := d.lineOf(start)
	if m := indicated.FindStringSubmatch(d.restOfLine(start)); m != nil {
		above := d.restOfLine(d.offset(line, 1))
		return len(above) - len(strings.TrimLeft(above, " -")) + int(m[1][0]-'0')
	}
	for line++; line <= len(d.lines); line++ {
		written := d.restOfLine(d.offset(line, 1))
		if content := strings.TrimLeft(written, " "); content != "" {
			return len(written) - len(content)
		}
	}
	return 0
}

var foldedSign = regexp.MustCompile(`^>[1-9]?([-+]?)`)

// Folded returns the lines of a folded block without their indentation, and its sign for the line ends behind it: "", -
// or +.
func (n Node) Folded() (lines []string, chomp string) {
	span := n.extent()
	indent := n.doc.blockIndent(span.Start)
	for no := n.doc.lineOf(span.Start) + 1; no <= n.doc.lineOf(span.End); no++ {
		written := n.doc.restOfLine(n.doc.offset(no, 1))
		lines = append(lines, written[min(indent, len(written)):])
	}
	if m := foldedSign.FindStringSubmatch(n.doc.restOfLine(span.Start)); m != nil {
		chomp = m[1]
	}
	return lines, chomp
}
