package yaml

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// Span returns where the value stands: a text with its quotes, the sign that begins a block or bracket, or the first
// key of an object.
func (n Node) Span() source.Span {
	if n.raw == nil {
		return source.Span{}
	}
	start := n.doc.offset(n.raw.Line, n.raw.Column)
	switch {
	case n.raw.Kind == yaml.MappingNode && n.raw.Style&yaml.FlowStyle == 0 && len(n.raw.Content) > 0:
		return Node{doc: n.doc, raw: n.raw.Content[0]}.Span()
	case n.raw.Kind != yaml.ScalarNode || n.raw.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return source.Span{Start: start, End: min(start+1, len(n.doc.Source.Text))}
	}
	if at, ok := n.offsets(); ok {
		end := at[len(at)-1]
		if n.raw.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			end++
		}
		return source.Span{Start: start, End: end}
	}
	rest := n.doc.restOfLine(start)
	return source.Span{Start: start, End: start + len(strings.TrimRight(rest, " "))}
}

// offsets returns for each byte of a scalar's value, and for its end, where in the file it stands. Folded blocks, plain
// texts over several lines and double quotes with escapes have no such map.
func (n Node) offsets() ([]int, bool) {
	text, value := n.doc.Source.Text, n.raw.Value
	start := n.doc.offset(n.raw.Line, n.raw.Column)
	switch style := n.raw.Style; {
	case style&yaml.SingleQuotedStyle != 0:
		return singleQuotedOffsets(text, value, start)
	case style&yaml.LiteralStyle != 0:
		return n.literalOffsets()
	case style&yaml.FoldedStyle != 0:
		return nil, false
	case style&yaml.DoubleQuotedStyle != 0:
		start++
		if !strings.HasPrefix(text[min(start, len(text)):], value+`"`) || strings.ContainsAny(value, "\\\n") {
			return nil, false
		}
	case !strings.HasPrefix(text[start:], value):
		return nil, false
	}
	at := make([]int, len(value)+1)
	for i := range at {
		at[i] = start + i
	}
	return at, true
}

func singleQuotedOffsets(text, value string, start int) ([]int, bool) {
	at := make([]int, 0, len(value)+1)
	pos := start + 1
	for i := range len(value) {
		if pos >= len(text) || text[pos] != value[i] {
			return nil, false
		}
		at = append(at, pos)
		pos++
		if value[i] == '\'' {
			pos++
		}
	}
	return append(at, pos), true
}

// literalOffsets walks a literal block line by line; what a line of the file has more than the value is indentation.
func (n Node) literalOffsets() ([]int, bool) {
	at := make([]int, 0, len(n.raw.Value)+1)
	line := n.raw.Line
	rest := n.raw.Value
	for rest != "" {
		content, after, ended := strings.Cut(rest, "\n")
		line++
		if line > len(n.doc.lines) {
			return nil, false
		}
		start := n.doc.offset(line, 1)
		written := n.doc.restOfLine(start)
		indent := len(written) - len(content)
		if !strings.HasSuffix(written, content) || strings.Trim(written[:indent], " ") != "" {
			return nil, false
		}
		for i := range len(content) {
			at = append(at, start+indent+i)
		}
		if ended {
			at = append(at, start+len(written))
		}
		rest = after
	}
	end := n.doc.offset(line, 1)
	return append(at, end+len(n.doc.restOfLine(end))), true
}
