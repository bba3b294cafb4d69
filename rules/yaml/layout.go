package yaml

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// Layout is a file on its way to the canonical form: the tree of its values with the comments attached to them.
type Layout struct {
	Root     *Entry
	Entries  []*Entry // in the order of the file, the root left out
	Comments []Comment
	doc      *Document
	scalars  []source.Span // of all scalars; of blocks what stands below the sign
}

// Entry is a key with its value, or a member of a list.
type Entry struct {
	Key, Value Node     // key absent: a member of a list
	Shape      *Shape   // of the value
	In         *Body    // nil: the root
	Body       *Body    // of a value that is an object or a list
	Head       []string // comments above, "" for a blank line between them
	Line       string   // comment at the end of the line
	Blank      bool     // a blank line stands above
	start      int      // offset
	valueAt    int      // offset of the value
	column     int
}

// Body are the entries of an object or a list.
type Body struct {
	Owner   *Entry
	Shape   *Shape
	Flow    bool // stands in brackets, in one line
	Entries []*Entry
	Foot    []string    // comments below the last entry
	span    source.Span // of the brackets
}

// NewLayout attaches the comments of a document that could be read to its values; s is the shape of the file, nil if
// nobody describes it.
func NewLayout(d *Document, s *Shape) *Layout {
	l := &Layout{doc: d}
	l.Root = l.entry(nil, Node{}, d.Root(), s)
	l.Entries = l.Entries[1:]
	slices.SortFunc(l.scalars, func(a, b source.Span) int { return cmp.Compare(a.Start, b.Start) })
	l.scan()
	for i, c := range l.Comments {
		l.Comments[i].Target = l.attach(c)
	}
	for _, e := range l.Entries {
		e.Blank = l.alone(e.start) && l.blankAbove(e.start)
		if e == e.In.Entries[0] && len(e.Head) == 0 && e.In != l.Root.Body {
			e.Blank = false // it would otherwise move with the key
		}
	}
	return l
}

// entry makes the entry of a value and of all below it.
func (l *Layout) entry(in *Body, key, value Node, s *Shape) *Entry {
	e := &Entry{Key: key, Value: value, Shape: s, In: in}
	first := value
	if key.Present() {
		first = key
		l.scalar(key)
	}
	e.start, e.column = l.doc.offset(first.raw.Line, first.raw.Column), first.raw.Column
	if in != nil && !key.Present() && in.Owner.Value.raw.Style&yaml.FlowStyle == 0 {
		e.column = in.Owner.Value.raw.Column
	}
	e.valueAt = l.doc.offset(value.raw.Line, value.raw.Column)
	if n := len(l.Entries); n > 0 {
		e.start = max(e.start, l.Entries[n-1].start)
	}
	l.Entries = append(l.Entries, e)
	if value.raw.Kind == yaml.ScalarNode {
		l.scalar(value)
		return e
	}
	content := value.raw.Content
	e.Body = &Body{Owner: e, Shape: s, Flow: value.raw.Style&yaml.FlowStyle != 0 || len(content) == 0}
	e.Body.span.Start = e.valueAt
	for i := 0; i < len(content); i++ {
		if value.IsList() {
			e.Body.Entries = append(e.Body.Entries, l.entry(e.Body, Node{}, Node{doc: l.doc, raw: content[i]}, s.Member()))
			continue
		}
		name, behind := Node{doc: l.doc, raw: content[i]}, Node{doc: l.doc, raw: content[i+1]}
		e.Body.Entries = append(e.Body.Entries, l.entry(e.Body, name, behind, s.Behind(name.Value())))
		i++
	}
	return e
}

// Ordered are the entries in canonical order.
func (b *Body) Ordered() []*Entry {
	entries := slices.Clone(b.Entries)
	if b.Shape != nil && b.Shape.Names == nil && b.Owner.Value.IsObject() {
		slices.SortStableFunc(entries, func(x, y *Entry) int {
			return b.Shape.rank(x.Key.Value()) - b.Shape.rank(y.Key.Value())
		})
	}
	return entries
}

// About is the part of the file that a comment speaks of: its line, or what stands below it with all that is in it. A
// comment at the top speaks of the whole file.
func (l *Layout) About(c Comment) source.Span {
	start := l.doc.offset(l.doc.lineOf(c.At), 1)
	if !c.Alone {
		return source.Span{Start: start, End: c.At}
	}
	end := len(l.doc.Source.Text)
	i := slices.Index(l.Entries, c.Target)
	if i < 0 {
		return source.Span{Start: start, End: end}
	}
	for _, next := range l.Entries[i+1:] {
		if !slices.ContainsFunc(next.owners(), func(o *Entry) bool { return o == c.Target }) {
			end = next.start
			break
		}
	}
	return source.Span{Start: c.Target.start, End: end}
}

// owners are the entries that an entry stands in, itself left out.
func (e *Entry) owners() []*Entry {
	var out []*Entry
	for o := e.owner(); o != nil; o = o.owner() {
		out = append(out, o)
	}
	return out
}

// scalar notes where a scalar stands.
func (l *Layout) scalar(n Node) {
	span := n.extent()
	if n.raw.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		span.Start = min(span.End, span.Start+len(l.doc.restOfLine(span.Start)))
	}
	if span.End > span.Start {
		l.scalars = append(l.scalars, span)
	}
}
