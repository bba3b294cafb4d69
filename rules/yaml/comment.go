package yaml

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
)

// Comment is a comment of a file on its way to a place in the canonical form.
type Comment struct {
	Text   string // from the # on, without blanks at its end
	At     int    // offset
	column int    // from 1, in bytes: what stands before a comment of its own are blanks
	Alone  bool   // it has a line of its own
	dashed bool   // only the dash of a list's member stands before it
	blank  bool   // a blank line stands above
	Target *Entry // what it stands above or beside; nil: it ends an object or a list
}

// scan finds the comments and the ends of brackets: they stand where no scalar does.
func (l *Layout) scan() {
	text := l.doc.Source.Text
	brackets := map[int]*Body{}
	for _, e := range append(l.Entries, l.Root) {
		if e.Body != nil && e.Body.Flow {
			brackets[e.Body.span.Start] = e.Body
		}
	}
	var open []int
	scalars := l.scalars
	for i := 0; i < len(text); i++ {
		for len(scalars) > 0 && scalars[0].End <= i {
			scalars = scalars[1:]
		}
		if len(scalars) > 0 && scalars[0].Start <= i {
			i = scalars[0].End - 1
			continue
		}
		switch text[i] {
		case '#':
			l.comment(i)
			i += len(l.doc.restOfLine(i)) - 1
		case '{', '[':
			open = append(open, i)
		case '}', ']':
			if len(open) > 0 {
				if b, ok := brackets[open[len(open)-1]]; ok {
					b.close(l.doc, i+1)
				}
				open = open[:len(open)-1]
			}
		}
	}
}

// close notes where the brackets end; entries on several lines do not stay in brackets.
func (b *Body) close(d *Document, end int) {
	b.span.End = end
	b.Flow = len(b.Entries) == 0 || d.lineOf(b.span.Start) == d.lineOf(end-1)
}

func (l *Layout) comment(at int) {
	start := l.doc.offset(l.doc.lineOf(at), 1)
	before := l.doc.Source.Text[start:at]
	c := Comment{
		Text: strings.TrimRight(l.doc.restOfLine(at), " "), At: at, column: at - start + 1, blank: l.blankAbove(at),
	}
	c.Alone = strings.Trim(before, " -") == ""
	c.dashed = c.Alone && strings.Contains(before, "-")
	l.Comments = append(l.Comments, c)
}

// alone reports whether nothing but blanks and dashes stand before an offset in its line.
func (l *Layout) alone(at int) bool {
	return strings.Trim(l.doc.Source.Text[l.doc.offset(l.doc.lineOf(at), 1):at], " -") == ""
}

// blankAbove reports whether the line above that of the offset is blank and no part of a scalar.
func (l *Layout) blankAbove(at int) bool {
	line := l.doc.lineOf(at) - 1
	if line < 1 {
		return false
	}
	start := l.doc.offset(line, 1)
	return strings.TrimSpace(l.doc.restOfLine(start)) == "" &&
		!slices.ContainsFunc(l.scalars, func(s source.Span) bool { return s.Start <= start && start < s.End })
}

// attach gives a comment to what it stands above, beside or below, and returns it unless it is below.
func (l *Layout) attach(c Comment) (target *Entry) {
	next, _ := slices.BinarySearchFunc(l.Entries, c.At, func(e *Entry, at int) int {
		if e.start <= at {
			return -1
		}
		return 1
	})
	switch {
	case next == 0:
		target = l.Root.above(c)
	case c.Alone:
		target = attachAlone(c, l.Entries[next-1], slices.Concat(l.Entries[next:], []*Entry{nil})[0])
	default:
		target = l.Entries[next-1]
		for in := target.In; in.span.End > 0 && in.span.End <= c.At && in != l.Root.Body; in = target.In {
			target = in.Owner
		}
		target.beside(c)
	}
	if next > 0 {
		for _, b := range l.Entries[next-1].around(c) {
			b.Flow = len(b.Entries) == 0
		}
	}
	return target
}

// around are the brackets that a comment stands in, seen from the entry before it.
func (e *Entry) around(c Comment) []*Body {
	var out []*Body
	for ; e != nil; e = e.owner() {
		if b := e.Body; b != nil && b.span.Start < c.At && c.At < b.span.End {
			out = append(out, b)
		}
	}
	return out
}

// owner is the entry whose object or list the entry stands in, nil for the root.
func (e *Entry) owner() *Entry {
	if e.In == nil {
		return nil
	}
	return e.In.Owner
}

// attachAlone places a comment that has a line of its own, between two entries of which the second may be nil. It
// belongs to what follows, unless it is indented further: then it ends the innermost object or list that is indented no
// further and does not hold what follows. It returns nil then, else what the comment stands above.
func attachAlone(c Comment, previous, next *Entry) *Entry {
	if previous.valueAt > c.At && !c.dashed && (next == nil || next.In.Owner != previous) {
		return previous.above(c)
	}
	b := previous.In
	if next != nil && (c.dashed || c.column <= next.column || next.within(b)) {
		return next.above(c)
	}
	for up := b.Owner.In; up != nil &&
		(b.span.End > 0 && b.span.End <= c.At || b.span.End == 0 && b.Owner.Value.raw.Column > c.column); up = b.Owner.In {
		if next != nil && next.within(up) && b.span.End == 0 {
			break
		}
		b = up
	}
	if next != nil && next.within(b) {
		return next.above(c)
	}
	if c.blank {
		b.Foot = append(b.Foot, "")
	}
	b.Foot = append(b.Foot, c.Text)
	return nil
}

// within reports whether the entry stands in a body, at whatever depth.
func (e *Entry) within(b *Body) bool {
	for in := e.In; in != nil; in = in.Owner.In {
		if in == b {
			return true
		}
	}
	return false
}

// above puts a comment over an entry, which it returns.
func (e *Entry) above(c Comment) *Entry {
	if c.blank {
		e.Head = append(e.Head, "")
	}
	e.Head = append(e.Head, c.Text)
	return e
}

// beside puts a comment at the end of an entry's line; one that stood there already goes over it.
func (e *Entry) beside(c Comment) {
	if e.Line != "" {
		e.Head = append(e.Head, e.Line)
	}
	e.Line = c.Text
}
