package platform

import (
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// A table is how a platform lays people out in rows: what each cell holds, in the platform's order. An unknown value is
// an empty cell in its place. Who has several values of one kind has several rows, and a kind with fewer repeats its
// first; name and address of one row of the identifiers table stay together.
type table struct {
	cells   []cell
	address []Column // in the order of the part
}

// cell is a column of a table: its header and what fills it; piece counts the pieces of a birth date. One that always
// stands is there in every list; others only where somebody asked for them, or somebody in the list has them.
type cell struct {
	header string
	column Column
	piece  int
	always bool
}

// used returns the numbers of the cells of a list: those that are sent, and those that an entry of earlier settings
// still needs to be removed.
func (t *table) used(l List) (used []int) {
	needed, people := make([]bool, len(t.cells)), t.reader()
	for _, entry := range l.Entries {
		for row := range people.rows(entry) {
			for i, value := range row {
				needed[i] = needed[i] || value != ""
			}
		}
	}
	for i, c := range t.cells {
		if needed[i] || c.always || slices.Contains(l.Send, c.column) {
			used = append(used, i)
		}
	}
	return used
}

// headers are the headers of cells.
func (t *table) headers(cells []int) []string {
	out := make([]string, len(cells))
	for slot, i := range cells {
		out[slot] = t.cells[i].header
	}
	return out
}

// people yields the rows of all entries, cut down to the used cells. A row is valid until the next.
func (t *table) people(l List, used []int) iter.Seq[[]string] {
	return func(yield func(row []string) bool) {
		row, people := make([]string, len(used)), t.reader()
		for _, entry := range l.Entries {
			for full := range people.rows(entry) {
				for slot, i := range used {
					row[slot] = full[i]
				}
				if !yield(row) {
					return
				}
			}
		}
	}
}

// reader reads the rows of entries and reuses its memory.
type reader struct {
	cells                                          []cell
	at                                             []int // where each cell's column stands in an address, -1: it does not
	emails, phones, addresses, devices, parts, row []string
}

func (t *table) reader() *reader {
	r := &reader{cells: t.cells, row: make([]string, len(t.cells))}
	for _, c := range t.cells {
		r.at = append(r.at, slices.Index(t.address, c.column))
	}
	return r
}

// rows yields the rows of an entry: as many as it has values of the commonest kind. A row is valid until the next.
func (r *reader) rows(entry string) iter.Seq[[]string] {
	return func(yield func(row []string) bool) {
		r.emails, r.phones, r.addresses, r.devices = r.emails[:0], r.phones[:0], r.addresses[:0], r.devices[:0]
		for word, value := range identifiers(entry) {
			switch word {
			case emailWord:
				r.emails = append(r.emails, value)
			case phoneWord:
				r.phones = append(r.phones, value)
			case addressWord:
				r.addresses = append(r.addresses, value)
			case idfaWord, aaidWord:
				r.devices = append(r.devices, value)
			}
		}
		for n := range max(len(r.emails), len(r.phones), len(r.addresses), len(r.devices)) {
			r.parts = r.parts[:0]
			for part := range strings.SplitSeq(ofRow(r.addresses, n), ",") {
				r.parts = append(r.parts, part)
			}
			for i, c := range r.cells {
				switch {
				case c.column == Email:
					r.row[i] = ofRow(r.emails, n)
				case c.column == Phone:
					r.row[i] = ofRow(r.phones, n)
				case c.column == MAID:
					r.row[i] = ofRow(r.devices, n)
				case r.at[i] < 0 || r.at[i] >= len(r.parts):
					r.row[i] = ""
				default:
					r.row[i] = pieceOf(r.parts[r.at[i]], c.piece)
				}
			}
			if !yield(r.row) {
				return
			}
		}
	}
}

// ofRow is the value of a kind in row r: its own, the first where there are fewer, "" if there is none.
func ofRow(values []string, r int) string {
	switch {
	case r < len(values):
		return values[r]
	case len(values) > 0:
		return values[0]
	}
	return ""
}

// pieceOf is a piece of a value that is several.
func pieceOf(value string, n int) string {
	for range n {
		_, value, _ = strings.Cut(value, ":")
	}
	value, _, _ = strings.Cut(value, ":")
	return value
}

// write writes a list as CSV.
func (t *table) write(w io.Writer, l List) error {
	used := t.used(l)
	return writeRows(w, t.headers(used), t.people(l, used))
}

// values yields all identifiers of a list, each once: platforms that take one kind in a request refuse repetitions.
func values(l List) iter.Seq[string] {
	return func(yield func(value string) bool) {
		seen := map[string]bool{}
		for _, entry := range l.Entries {
			for _, value := range identifiers(entry) {
				if seen[value] {
					continue
				}
				if seen[value] = true; !yield(value) {
					return
				}
			}
		}
	}
}

// Volumes are the lists that a list is written as: one, or more where a file of the part cannot hold it.
func (p *Part) Volumes(l List) (out []List) {
	left, size := l.Entries, 0
	for at := 0; p.PerFile > 0 && at < len(left); at++ {
		rows := 1 + strings.Count(left[at], "\t")
		if size += rows; size > p.PerFile && at > 0 {
			l.Entries = left[:at:at]
			out = append(out, l)
			l.Volume++
			left, at, size = left[at:], 0, rows
		}
	}
	l.Entries = left
	return append(out, l)
}

// TooLong says by how many characters a name is longer than the platform takes.
func (p *Platform) TooLong(name string) int {
	if p.NameLength == 0 {
		return 0
	}
	return max(0, utf8.RuneCountInString(name)-p.NameLength)
}
