package platform

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// An entry is a person's identifiers as they are sent: word=value for each, by field and then by value, with a tab
// between two. Holdings keep entries, so that a removal says exactly what the addition said, whatever became of
// profiles and contact data since: nothing else finds the person again (docs/adr/0012-a-list-is-a-set-of-entries.md).
// Values are hashes, device ids, country and postal codes: none holds a tab.

// addressWord is the word of name and address together: the values of the part's columns of an address with commas
// between, "" for one that is not told.
const addressWord = "address"

// identifiers yields word and value of each identifier of an entry.
func identifiers(entry string) iter.Seq2[string, string] {
	return func(yield func(word, value string) bool) {
		for one := range strings.SplitSeq(entry, "\t") {
			word, value, _ := strings.Cut(one, "=")
			if !yield(word, value) {
				return
			}
		}
	}
}

// span is one identifier of an entry that is being made.
type span struct {
	field      identifier.Field
	address    bool
	start, end int
}

func (s span) word() string {
	if s.address {
		return addressWord
	}
	return s.field.String()
}

// entryMaker makes entries and reuses its buffers.
type entryMaker struct {
	values []byte
	spans  []span
}

func (m *entryMaker) reset() { m.values, m.spans = m.values[:0], m.spans[:0] }

// add takes what was appended to values since start as one identifier.
func (m *entryMaker) add(s span) {
	s.end = len(m.values)
	m.spans = append(m.spans, s)
}

func (m *entryMaker) value(s span) []byte { return m.values[s.start:s.end] }

func (m *entryMaker) compare(a, b span) int {
	switch {
	case a.address != b.address && b.address:
		return -1
	case a.address != b.address:
		return 1
	case a.field != b.field:
		return int(a.field) - int(b.field)
	}
	return bytes.Compare(m.value(a), m.value(b))
}

// order sorts identifiers, addresses last, drops repetitions, and returns those that the part takes no more of.
func (m *entryMaker) order(part *Part) (over []span) {
	slices.SortFunc(m.spans, m.compare)
	m.spans = slices.CompactFunc(m.spans, func(a, b span) bool {
		return a.field == b.field && a.address == b.address && bytes.Equal(m.value(a), m.value(b))
	})
	most := len(m.spans)
	if first := slices.IndexFunc(m.spans, func(s span) bool { return s.address }); part.Addresses > 0 && first >= 0 {
		most = min(most, first+part.Addresses)
	}
	if part.Most > 0 {
		most = min(most, part.Most)
	}
	over = m.spans[most:]
	m.spans = m.spans[:most]
	return over
}

// text appends the entry; nothing if there is no identifier.
func (m *entryMaker) text(dst []byte) []byte {
	for i, s := range m.spans {
		if i > 0 {
			dst = append(dst, '\t')
		}
		dst = append(append(append(dst, s.word()...), '='), m.value(s)...)
	}
	return dst
}
