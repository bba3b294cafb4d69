package rules

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Format returns a file in its canonical form: keys in the order of the examples, two blanks of indentation, no quotes that
// nobody needs, conditions with single blanks between their words, lines that end with a line feed. Comments stay with what
// they stand above or beside. The definition hash of a rule does not change, and formatting twice changes nothing.
//
// A file that YAML or we cannot read is not formatted; the findings say why.
func Format(src *Source) (string, Errors) {
	d := Read(src)
	if d.root != nil {
		d.Root().Object("the file")
	}
	if d.found.Failed() || d.root == nil {
		return "", d.Errors()
	}
	l := newLayout(d)
	if d.found.Failed() {
		return "", d.Errors()
	}
	text := l.print()
	if !l.sameAs(text) {
		d.fail("E-FORMAT", Span{}, "the file cannot be written in the canonical form without changing what it says",
			expected("values and comments that stand where other files have them; please report this one"))
		return "", d.Errors()
	}
	return text, nil
}

// layout is a file on its way to the canonical form: the tree of its values with the comments attached to them.
type layout struct {
	doc      *Document
	root     *entry
	entries  []*entry // in the order of the file, the root left out
	scalars  []Span   // of all scalars; of blocks what stands below the sign
	comments []comment
}

// entry is a key with its value, or a member of a list.
type entry struct {
	key, value *yaml.Node // key nil: a member of a list
	shape      *shape     // of the value
	in         *body      // nil: the root
	body       *body      // of a value that is an object or a list
	start      int        // offset
	valueAt    int        // offset of the value
	column     int
	head       []string // comments above, "" for a blank line between them
	line       string   // comment at the end of the line
	blank      bool     // a blank line stands above
}

// body are the entries of an object or a list.
type body struct {
	owner   *entry
	node    *yaml.Node
	shape   *shape
	flow    bool // stands in brackets, in one line
	span    Span // of the brackets
	entries []*entry
	foot    []string // comments below the last entry
}

func newLayout(d *Document) *layout {
	l := &layout{doc: d}
	l.root = l.entry(nil, nil, d.root, shapeOf(d.KindOf()))
	l.entries = l.entries[1:]
	slices.SortFunc(l.scalars, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	l.scan()
	for i, c := range l.comments {
		l.comments[i].target = l.attach(c)
	}
	for _, e := range l.entries {
		e.blank = l.alone(e.start) && l.blankAbove(e.start)
		if e == e.in.entries[0] && len(e.head) == 0 && e.in != l.root.body {
			e.blank = false // it would otherwise move with the key
		}
	}
	return l
}

// entry makes the entry of a value and of all below it.
func (l *layout) entry(in *body, key, value *yaml.Node, s *shape) *entry {
	e := &entry{key: key, value: value, shape: s, in: in}
	first := value
	if key != nil {
		first = key
		l.scalar(key, nil)
	}
	e.start, e.column = l.doc.offset(first.Line, first.Column), first.Column
	if in != nil && key == nil && in.node.Style&yaml.FlowStyle == 0 {
		e.column = in.node.Column
	}
	e.valueAt = l.doc.offset(value.Line, value.Column)
	if n := len(l.entries); n > 0 {
		e.start = max(e.start, l.entries[n-1].start)
	}
	l.entries = append(l.entries, e)
	if value.Kind == yaml.ScalarNode {
		l.scalar(value, s)
		return e
	}
	e.body = &body{owner: e, node: value, shape: s, flow: value.Style&yaml.FlowStyle != 0 || len(value.Content) == 0}
	e.body.span.Start = l.doc.offset(value.Line, value.Column)
	for i := 0; i < len(value.Content); i++ {
		if value.Kind == yaml.SequenceNode {
			e.body.entries = append(e.body.entries, l.entry(e.body, nil, value.Content[i], s.member()))
			continue
		}
		name := value.Content[i]
		e.body.entries = append(e.body.entries, l.entry(e.body, name, value.Content[i+1], s.behind(name.Value)))
		i++
	}
	return e
}

// scalar notes where a scalar stands; a condition that cannot be read is an error, since its words are not known.
func (l *layout) scalar(n *yaml.Node, s *shape) {
	node := Node{doc: l.doc, raw: n}
	span := node.extent()
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		span.Start = min(span.End, span.Start+len(l.doc.restOfLine(span.Start)))
	}
	if span.End > span.Start {
		l.scalars = append(l.scalars, span)
	}
	if s.condition() && node.form() == formText && !readable(n.Value) {
		l.doc.fail("E-WHERE", node.Span(), "the file is not formatted because this condition cannot be read",
			expected("malgrupp validate tells what is wrong with it"))
	}
}

// sameAs reports whether a text says what the file says, comments included.
func (l *layout) sameAs(text string) bool {
	d := Read(&Source{Name: l.doc.source.Name, Text: text})
	if d.root == nil || d.found.Failed() || !sameValue(l.doc.root, d.root, l.root.shape) {
		return false
	}
	return slices.Equal(commentTexts(l.comments), commentTexts(newLayout(d).comments))
}

func commentTexts(comments []comment) []string {
	texts := make([]string, len(comments))
	for i, c := range comments {
		texts[i] = c.text
	}
	slices.Sort(texts)
	return texts
}

// sameValue reports whether two values are equal, objects in any order of their keys, conditions word by word.
func sameValue(a, b *yaml.Node, s *shape) bool {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(a.Content); i += 2 {
			j := slices.IndexFunc(b.Content, func(n *yaml.Node) bool { return n.Value == a.Content[i].Value })
			for j >= 0 && j%2 == 1 {
				next := slices.IndexFunc(b.Content[j+1:], func(n *yaml.Node) bool { return n.Value == a.Content[i].Value })
				if next < 0 {
					return false
				}
				j += 1 + next
			}
			if j < 0 || !sameValue(a.Content[i+1], b.Content[j+1], s.behind(a.Content[i].Value)) {
				return false
			}
		}
		return true
	case yaml.SequenceNode:
		for i := range a.Content {
			if !sameValue(a.Content[i], b.Content[i], s.member()) {
				return false
			}
		}
		return true
	}
	form := Node{raw: a}.form()
	switch {
	case form != (Node{raw: b}).form():
		return false
	case form == formText && s.condition():
		return slices.Equal(words(a.Value), words(b.Value))
	}
	return form == formNull || a.Value == b.Value
}

// indentation is that many blanks.
func indentation(n int) string { return strings.Repeat(" ", n) }
