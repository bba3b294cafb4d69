package rules

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// line is a line of the canonical form with the comment at its end.
type line struct{ text, comment string }

// printer writes a layout line by line.
type printer struct {
	doc   *Document
	lines []line
}

// print returns the canonical form.
func (l *layout) print() string {
	p := &printer{doc: l.doc}
	p.comments(l.root.head, 0)
	b := l.root.body
	if b.flow {
		p.line(p.flow(b.node, b.shape), l.root.line)
		p.comments(b.foot, 0)
		return p.text()
	}
	if len(l.root.head) > 0 && b.entries[0].blank {
		p.blank()
	}
	b.entries[0].blank = false
	p.body(b, 0, "")
	return p.text()
}

// maxAligned is the width of a line beyond which its comment keeps no column with others.
const maxAligned = 80

// width counts the characters before the comment, 0 if there are too many to keep a column.
func (l line) width() int {
	if n := utf8.RuneCountInString(l.text); n <= maxAligned {
		return n
	}
	return 0
}

// joins reports whether the comments of two lines, one right below the other, begin in one column.
func (l line) joins(next line) bool {
	indent := func(l line) int { return len(l.text) - len(strings.TrimLeft(l.text, " -")) }
	return l.comment != "" && next.comment != "" && indent(l) == indent(next)
}

// text joins the lines; comments at the ends of consecutive lines of one indentation begin in one column.
func (p *printer) text() string {
	var b strings.Builder
	for i := 0; i < len(p.lines); {
		end, width := i+1, p.lines[i].width()
		for ; end < len(p.lines) && p.lines[i].joins(p.lines[end]); end++ {
			width = max(width, p.lines[end].width())
		}
		for _, l := range p.lines[i:end] {
			b.WriteString(l.text)
			if l.comment != "" {
				b.WriteString(indentation(max(0, width-utf8.RuneCountInString(l.text))+2) + l.comment)
			}
			b.WriteByte('\n')
		}
		i = end
	}
	return b.String()
}

func (p *printer) line(text, comment string) { p.lines = append(p.lines, line{text, comment}) }

// blank leaves a line blank, but neither the first one nor two.
func (p *printer) blank() {
	if n := len(p.lines); n > 0 && p.lines[n-1] != (line{}) {
		p.lines = append(p.lines, line{})
	}
}

func (p *printer) comments(texts []string, indent int) {
	for _, t := range texts {
		if t == "" {
			p.blank()
		} else {
			p.line(indentation(indent)+t, "")
		}
	}
}

// body writes the entries of an object or a list; lead, if any, is what stands before the first of them in its line.
func (p *printer) body(b *body, indent int, lead string) {
	entries := b.ordered()
	width := 0
	for i, e := range entries {
		before := lead
		if i > 0 || lead == "" {
			before = indentation(indent)
			p.above(e, indent, i == 0)
		}
		if e.key == nil {
			p.value(e, before+"- ", indent)
			continue
		}
		if i == 0 || !p.aligned(entries[i-1], e) {
			width = p.width(entries[i:])
		}
		key := p.scalar(e.key, nil, true).text + ":"
		p.value(e, before+key+indentation(max(0, width-utf8.RuneCountInString(key))+1), indent)
	}
	p.comments(b.foot, indent)
}

// above writes what stands over an entry. Of the first entry of a body the blank lines are dropped.
func (p *printer) above(e *entry, indent int, first bool) {
	head := e.heads()
	for first && len(head) > 0 && head[0] == "" {
		head = head[1:]
	}
	p.comments(head, indent)
	if e.blank && !(first && len(head) == 0) {
		p.blank()
	}
}

// heads are the comments over an entry. What stands over the first key of a list's member stands over the member, since
// both begin in one line.
func (e *entry) heads() []string {
	head := e.head
	if e.key != nil || e.body == nil || e.body.flow {
		return head
	}
	if e.line != "" {
		head = append(slices.Clip(head), e.line)
	}
	return slices.Concat(head, e.body.ordered()[0].heads())
}

// value writes an entry whose line begins with the text given.
func (p *printer) value(e *entry, before string, indent int) {
	switch {
	case e.body == nil:
		s := p.scalar(e.value, e.shape, false)
		if s.text == "" && e.key == nil {
			s.text = "null"
		}
		p.line(strings.TrimRight(before+s.text, " "), e.line)
		for _, l := range s.block {
			if l != "" {
				l = indentation(indent+2) + l
			}
			p.line(l, "")
		}
	case e.body.flow:
		p.line(before+p.flow(e.value, e.shape), e.line)
	case e.key == nil:
		p.body(e.body, indent+2, before)
	default:
		p.line(strings.TrimRight(before, " "), e.line)
		p.body(e.body, indent+2, "")
	}
}

// flow writes a value in one line.
func (p *printer) flow(n *yaml.Node, s *shape) string {
	var parts []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, member := range n.Content {
			parts = append(parts, p.flow(member, s.member()))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.MappingNode:
		for _, i := range s.order(n) {
			parts = append(parts, p.scalar(n.Content[i], nil, true).text+": "+p.flow(n.Content[i+1], s.behind(n.Content[i].Value)))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	if text := p.scalar(n, s, true).text; text != "" {
		return text
	}
	return "null"
}

// aligned reports whether two entries are rows of one table: objects in brackets behind names that the author chose, one
// right below the other.
func (p *printer) aligned(a, b *entry) bool {
	row := func(e *entry) bool {
		return e.in.shape.table() && e.body != nil && e.body.flow && e.value.Kind == yaml.MappingNode && len(e.value.Content) > 0
	}
	return row(a) && row(b) && !b.blank && len(b.head) == 0
}

// width is that of the widest key of the table that begins with the first entry, 0 if it is no table.
func (p *printer) width(entries []*entry) int {
	width := 0
	for i, e := range entries {
		if i > 0 && !p.aligned(entries[i-1], e) {
			if i == 1 {
				return 0
			}
			break
		}
		width = max(width, utf8.RuneCountInString(p.scalar(e.key, nil, true).text)+1)
	}
	if len(entries) == 1 {
		return 0
	}
	return width
}

// ordered are the entries in canonical order.
func (b *body) ordered() []*entry {
	if b.node.Kind != yaml.MappingNode {
		return b.entries
	}
	out := make([]*entry, 0, len(b.entries))
	for _, i := range b.shape.order(b.node) {
		out = append(out, b.entries[i/2])
	}
	return out
}
