package sets

import (
	"encoding/binary"
	"slices"
	"sort"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// wellFormed passes texts that are UTF-8.
type wellFormed struct{}

func (wellFormed) start() string { return "" }

func (wellFormed) read(at string, l letter) string {
	if l.lone() {
		return "broken"
	}
	return at
}

func (wellFormed) passes(at string) bool { return at == "" }

func (wellFormed) settled(at string) bool { return at != "" }

// order compares with one or two texts byte by byte. Its place is, of both, how many bytes were alike so far, and
// less or more from the byte on that differed.
type order struct {
	low, high string
	op        where.Op
}

// Sides of a text that has been told from another one. Beyond says that it begins with all of the other one.
const (
	alike = iota
	less
	more
	beyond
)

// side is where a text stands to another one of which n bytes were alike.
type side struct{ sort, n int }

func (s side) read(to, bytes string) side {
	for i := 0; i < len(bytes) && s.sort == alike; i++ {
		switch {
		case s.n == len(to):
			s.sort = beyond
		case bytes[i] < to[s.n]:
			s = side{sort: less}
		case bytes[i] > to[s.n]:
			s = side{sort: more}
		default:
			s.n++
		}
	}
	return s
}

// compare is how the text, if it ends here, compares with the other one.
func (s side) compare(to string) int {
	switch {
	case s.sort == less, s.sort == alike && s.n < len(to):
		return -1
	case s.sort == alike:
		return 0
	}
	return 1
}

func (o order) start() string { return sides(side{}, side{}) }

func sides(a, b side) string { return packed(a.sort, a.n, b.sort, b.n) }

func sidesOf(at string) (a, b side) {
	var n [4]int
	unpack(at, n[:])
	return side{n[0], n[1]}, side{n[2], n[3]}
}

func (o order) read(at string, l letter) string {
	a, b := sidesOf(at)
	return sides(a.read(o.low, l.bytes), b.read(o.high, l.bytes))
}

func (o order) passes(at string) bool {
	a, b := sidesOf(at)
	c := a.compare(o.low)
	switch o.op {
	case where.OpLess:
		return c < 0
	case where.OpLessEqual:
		return c <= 0
	case where.OpGreater:
		return c > 0
	case where.OpGreaterEqual:
		return c >= 0
	case where.OpStartsWith:
		return a.sort == beyond || a.sort == alike && a.n == len(o.low)
	}
	return c >= 0 && b.compare(o.high) <= 0
}

func (o order) settled(at string) bool {
	a, b := sidesOf(at)
	return a.sort != alike && b.sort != alike || o.op == where.OpStartsWith && a.n == len(o.low)
}

// list passes the texts of a list. Its place is the part of the sorted list that begins with the text so far, and how
// long that is.
type list struct{ texts []string }

func newList(args []value.Value) list {
	l := list{make([]string, len(args))}
	for i, v := range args {
		l.texts[i] = v.Text
	}
	slices.Sort(l.texts)
	return l
}

func partOf(at string) (from, to, n int) {
	var v [3]int
	unpack(at, v[:])
	return v[0], v[1], v[2]
}

func (l list) start() string { return packed(0, len(l.texts), 0) }

func (l list) read(at string, next letter) string {
	from, to, n := partOf(at)
	for _, b := range []byte(next.bytes) {
		within := l.texts[from:to]
		byteAt := func(i int) int {
			if n >= len(within[i]) {
				return -1
			}
			return int(within[i][n])
		}
		low := sort.Search(len(within), func(i int) bool { return byteAt(i) >= int(b) })
		high := sort.Search(len(within), func(i int) bool { return byteAt(i) > int(b) })
		from, to, n = from+low, from+high, n+1
	}
	if from == to {
		return packed(0, 0, 0)
	}
	return packed(from, to, n)
}

func (l list) passes(at string) bool {
	from, to, n := partOf(at)
	return from < to && len(l.texts[from]) == n
}

func (l list) settled(at string) bool {
	from, to, _ := partOf(at)
	return from == to
}

// part passes texts in which another one occurs, or at whose end it does. Its place is how much of the other one the
// text so far ends with.
type part struct {
	text  string
	atEnd bool
	back  []int // by how much was alike: how much still is if the next byte is another one
}

func newPart(text string, atEnd bool) part {
	p := part{text, atEnd, make([]int, len(text)+1)}
	for n := 2; n <= len(text); n++ {
		k := p.back[n-1]
		for k > 0 && text[k] != text[n-1] {
			k = p.back[k]
		}
		if text[k] == text[n-1] {
			k++
		}
		p.back[n] = k
	}
	return p
}

func (p part) start() string { return packed(0) }

func (p part) read(at string, l letter) string {
	n := matched(at)
	for i := 0; i < len(l.bytes) && !p.found(n); i++ {
		for n > 0 && (n == len(p.text) || p.text[n] != l.bytes[i]) {
			n = p.back[n]
		}
		if n < len(p.text) && p.text[n] == l.bytes[i] {
			n++
		}
	}
	return packed(n)
}

// found reports that the text has the other one, whatever follows.
func (p part) found(n int) bool { return n == len(p.text) && (!p.atEnd || p.text == "") }

func (p part) passes(at string) bool {
	n := matched(at)
	return n == len(p.text)
}

func (p part) settled(at string) bool {
	n := matched(at)
	return p.found(n)
}

// matched is how much of the part the text so far ends with.
func matched(at string) int {
	var n [1]int
	unpack(at, n[:])
	return n[0]
}

// packed is a place made of numbers, and unpack reads them back.
func packed(numbers ...int) string {
	out := make([]byte, 0, 16)
	for _, n := range numbers {
		out = binary.AppendUvarint(out, uint64(n))
	}
	return string(out)
}

func unpack(at string, numbers []int) {
	rest := []byte(at)
	for i := range numbers {
		n, width := binary.Uvarint(rest)
		numbers[i], rest = int(n), rest[width:]
	}
}
