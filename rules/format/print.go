package format

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/yaml"
)

// line is a line of the canonical form with the comment at its end.
type line struct{ text, comment string }

// printer writes a layout line by line.
type printer struct{ lines []line }

// print returns the canonical form.
func print(l *yaml.Layout) string {
	p := &printer{}
	p.comments(l.Root.Head, 0)
	b := l.Root.Body
	if b.Flow {
		p.line(flow(l.Root), l.Root.Line)
		p.comments(b.Foot, 0)
		return p.text()
	}
	if len(l.Root.Head) > 0 && b.Entries[0].Blank {
		p.blank()
	}
	b.Entries[0].Blank = false
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
func (p *printer) body(b *yaml.Body, indent int, lead string) {
	entries := b.Ordered()
	width := 0
	for i, e := range entries {
		before := lead
		if i > 0 || lead == "" {
			before = indentation(indent)
			p.above(e, indent, i == 0)
		}
		if !e.Key.Present() {
			p.value(e, before+"- ", indent)
			continue
		}
		if i == 0 || !aligned(entries[i-1], e) {
			width = widest(entries[i:])
		}
		key := scalar(e.Key, nil, true).text + ":"
		p.value(e, before+key+indentation(max(0, width-utf8.RuneCountInString(key))+1), indent)
	}
	p.comments(b.Foot, indent)
}

// above writes what stands over an entry. Of the first entry of a body the blank lines are dropped.
func (p *printer) above(e *yaml.Entry, indent int, first bool) {
	head := heads(e)
	for first && len(head) > 0 && head[0] == "" {
		head = head[1:]
	}
	p.comments(head, indent)
	if e.Blank && !(first && len(head) == 0) {
		p.blank()
	}
}

// heads are the comments over an entry. What stands over the first key of a list's member stands over the member, since
// both begin in one line.
func heads(e *yaml.Entry) []string {
	head := e.Head
	if e.Key.Present() || e.Body == nil || e.Body.Flow {
		return head
	}
	if e.Line != "" {
		head = append(slices.Clip(head), e.Line)
	}
	return slices.Concat(head, heads(e.Body.Ordered()[0]))
}

// value writes an entry whose line begins with the text given.
func (p *printer) value(e *yaml.Entry, before string, indent int) {
	switch {
	case e.Body == nil:
		s := scalar(e.Value, e.Shape, false)
		if s.text == "" && !e.Key.Present() {
			s.text = "null"
		}
		p.line(strings.TrimRight(before+s.text, " "), e.Line)
		for _, l := range s.block {
			if l != "" {
				l = indentation(indent+2) + l
			}
			p.line(l, "")
		}
	case e.Body.Flow:
		p.line(before+flow(e), e.Line)
	case !e.Key.Present():
		p.body(e.Body, indent+2, before)
	default:
		p.line(strings.TrimRight(before, " "), e.Line)
		p.body(e.Body, indent+2, "")
	}
}

// flow writes a value in one line.
func flow(e *yaml.Entry) string {
	if e.Body == nil {
		if text := scalar(e.Value, e.Shape, true).text; text != "" {
			return text
		}
		return "null"
	}
	var parts []string
	for _, member := range e.Body.Ordered() {
		text := flow(member)
		if member.Key.Present() {
			text = scalar(member.Key, nil, true).text + ": " + text
		}
		parts = append(parts, text)
	}
	if e.Value.IsList() {
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// aligned reports whether two entries are rows of one table: objects in brackets behind names that the author chose,
// one right below the other.
func aligned(a, b *yaml.Entry) bool {
	row := func(e *yaml.Entry) bool {
		return e.In.Shape.Table() && e.Body != nil && e.Body.Flow && e.Value.IsObject() && len(e.Body.Entries) > 0
	}
	return row(a) && row(b) && !b.Blank && len(b.Head) == 0
}

// widest is the width of the widest key of the table that begins with the first entry, 0 if it is no table.
func widest(entries []*yaml.Entry) int {
	width := 0
	for i, e := range entries {
		if i > 0 && !aligned(entries[i-1], e) {
			if i == 1 {
				return 0
			}
			break
		}
		width = max(width, utf8.RuneCountInString(scalar(e.Key, nil, true).text)+1)
	}
	if len(entries) == 1 {
		return 0
	}
	return width
}
