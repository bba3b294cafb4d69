package rules

import (
	"slices"
	"strings"
)

// comment is a comment of a file on its way to a place in the canonical form.
type comment struct {
	text   string // from the # on, without blanks at its end
	at     int    // offset
	column int    // from 1, in bytes: what stands before a comment of its own are blanks
	alone  bool   // it has a line of its own
	dashed bool   // only the dash of a list's member stands before it
	blank  bool   // a blank line stands above
	target *entry // what it stands above or beside; nil: it ends an object or a list
}

// scan finds the comments and the ends of brackets: they stand where no scalar does.
func (l *layout) scan() {
	text := l.doc.source.Text
	brackets := map[int]*body{}
	for _, e := range append(l.entries, l.root) {
		if e.body != nil && e.body.flow {
			brackets[e.body.span.Start] = e.body
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
func (b *body) close(d *Document, end int) {
	b.span.End = end
	b.flow = len(b.entries) == 0 || d.lineOf(b.span.Start) == d.lineOf(end-1)
}

func (l *layout) comment(at int) {
	start := l.doc.offset(l.doc.lineOf(at), 1)
	before := l.doc.source.Text[start:at]
	c := comment{text: strings.TrimRight(l.doc.restOfLine(at), " "), at: at, column: at - start + 1, blank: l.blankAbove(at)}
	c.alone = strings.Trim(before, " -") == ""
	c.dashed = c.alone && strings.Contains(before, "-")
	l.comments = append(l.comments, c)
}

// alone reports whether nothing but blanks and dashes stand before an offset in its line.
func (l *layout) alone(at int) bool {
	return strings.Trim(l.doc.source.Text[l.doc.offset(l.doc.lineOf(at), 1):at], " -") == ""
}

// blankAbove reports whether the line above that of the offset is blank and no part of a scalar.
func (l *layout) blankAbove(at int) bool {
	line := l.doc.lineOf(at) - 1
	if line < 1 {
		return false
	}
	start := l.doc.offset(line, 1)
	return strings.TrimSpace(l.doc.restOfLine(start)) == "" &&
		!slices.ContainsFunc(l.scalars, func(s Span) bool { return s.Start <= start && start < s.End })
}

// attach gives a comment to what it stands above, beside or below, and returns it unless it is below.
func (l *layout) attach(c comment) (target *entry) {
	next, _ := slices.BinarySearchFunc(l.entries, c.at, func(e *entry, at int) int {
		if e.start <= at {
			return -1
		}
		return 1
	})
	switch {
	case next == 0:
		target = l.root.above(c)
	case c.alone:
		target = attachAlone(c, l.entries[next-1], slices.Concat(l.entries[next:], []*entry{nil})[0])
	default:
		target = l.entries[next-1]
		for in := target.in; in.span.End > 0 && in.span.End <= c.at && in != l.root.body; in = target.in {
			target = in.owner
		}
		target.beside(c)
	}
	if next > 0 {
		for _, b := range l.entries[next-1].around(c) {
			b.flow = len(b.entries) == 0
		}
	}
	return target
}

// around are the brackets that a comment stands in, seen from the entry before it.
func (e *entry) around(c comment) []*body {
	var out []*body
	for ; e != nil; e = e.owner() {
		if b := e.body; b != nil && b.span.Start < c.at && c.at < b.span.End {
			out = append(out, b)
		}
	}
	return out
}

// owner is the entry whose object or list the entry stands in, nil for the root.
func (e *entry) owner() *entry {
	if e.in == nil {
		return nil
	}
	return e.in.owner
}

// attachAlone places a comment that has a line of its own, between two entries of which the second may be nil. It belongs to
// what follows, unless it is indented further: then it ends the innermost object or list that is indented no further and does
// not hold what follows. It returns nil then, else what the comment stands above.
func attachAlone(c comment, previous, next *entry) *entry {
	if previous.valueAt > c.at && !c.dashed && (next == nil || next.in.owner != previous) {
		return previous.above(c)
	}
	b := previous.in
	if next != nil && (c.dashed || c.column <= next.column || next.within(b)) {
		return next.above(c)
	}
	for up := b.owner.in; up != nil && (b.span.End > 0 && b.span.End <= c.at || b.span.End == 0 && b.node.Column > c.column); up = b.owner.in {
		if next != nil && next.within(up) && b.span.End == 0 {
			break
		}
		b = up
	}
	if next != nil && next.within(b) {
		return next.above(c)
	}
	if c.blank {
		b.foot = append(b.foot, "")
	}
	b.foot = append(b.foot, c.text)
	return nil
}

// within reports whether the entry stands in a body, at whatever depth.
func (e *entry) within(b *body) bool {
	for in := e.in; in != nil; in = in.owner.in {
		if in == b {
			return true
		}
	}
	return false
}

// above puts a comment over an entry, which it returns.
func (e *entry) above(c comment) *entry {
	if c.blank {
		e.head = append(e.head, "")
	}
	e.head = append(e.head, c.text)
	return e
}

// beside puts a comment at the end of an entry's line; one that stood there already goes over it.
func (e *entry) beside(c comment) {
	if e.line != "" {
		e.head = append(e.head, e.line)
	}
	e.line = c.text
}
