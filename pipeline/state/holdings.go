// Package state keeps what destinations were last told, so that the next run can take the difference.
//
// Holdings and the stay record are Parquet tables, encrypted to the project's state identity. In come entries of lists
// that were published and people who qualified, out go the same at the next run. The package knows no rules, no consent
// and no platform.
package state

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// List names one list: a segment at a destination. Kind is the destination's type, kept so that removals can be written
// after the destination is gone from the project; Part is one of several lists that the type makes of one audience.
type List struct{ Destination, Segment, Kind, Part string }

// holding is one person whom a destination holds.
type holding struct {
	key     string // keyed id under the destination's sub-key (docs/identity.md, Member keys)
	entry   string // identifiers as they were sent
	profile string // of the identifiers
	runID   string // the run that added him
}

// Holdings is what every destination holds from every segment.
type Holdings struct {
	runID string
	lists map[List][]holding // sorted by entry
}

// Empty returns holdings of nothing.
func Empty() *Holdings { return &Holdings{lists: map[List][]holding{}} }

// Lists returns the lists that hold somebody, in a fixed order.
func (h *Holdings) Lists() []List {
	var out []List
	for l, held := range h.lists {
		if len(held) > 0 {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b List) int {
		return cmp.Or(strings.Compare(a.Destination, b.Destination), strings.Compare(a.Segment, b.Segment),
			strings.Compare(a.Kind, b.Kind),
			strings.Compare(a.Part, b.Part))
	})
	return out
}

// Of returns the entries a list holds, in byte order.
func (h *Holdings) Of(l List) []string { return h.Whose(l, func(string) bool { return true }) }

// Whose returns the entries a list holds of people with some member keys, in byte order.
func (h *Holdings) Whose(l List, of func(key string) bool) []string {
	var out []string
	for _, p := range h.lists[l] {
		if of(p.key) {
			out = append(out, p.entry)
		}
	}
	return out
}

// Matcher returns a function that says under which member key a list holds somebody, "" if it does not. Keys stay what
// they were when their master was replaced, so every one in use is tried.
func (h *Holdings) Matcher(l List, ring *keys.Ring) (func(id string) string, error) {
	held, keyers := h.Keys(l), map[int]*keys.Keyer{}
	for key := range held {
		number, ok := keys.NumberOf(key)
		if !ok || keyers[number] != nil {
			continue
		}
		var err error
		if keyers[number], err = ring.KeyerOf(number, keys.Dest(l.Destination)); err != nil {
			return nil, fmt.Errorf("know the members of %s again: %w", l.Destination, err)
		}
	}
	return func(id string) string {
		for _, k := range keyers {
			if key := k.Key(keys.NewID(id)); held[key] {
				return key
			}
		}
		return ""
	}, nil
}

// Keys are the keyed ids of those whom a list holds.
func (h *Holdings) Keys(l List) map[string]bool {
	out := map[string]bool{}
	for _, p := range h.lists[l] {
		out[p.key] = true
	}
	return out
}

// Next returns a copy for the next run to change; Set replaces the people of a list and never changes them in place.
func (h *Holdings) Next(runID string) *Holdings {
	return &Holdings{runID: runID, lists: maps.Clone(h.lists)}
}

// Set makes told (entry and subject, in byte order of the entries) what a list holds, made with a profile; who was held
// before keeps the run that added him.
func (h *Holdings) Set(l List, profile string, told iter.Seq2[string, string], ring *keys.Ring) error {
	keyer, err := ring.Keyer(keys.Dest(l.Destination))
	if err != nil {
		return fmt.Errorf("key the members of %s: %w", l.Destination, err)
	}
	before := h.lists[l]
	delete(h.lists, l)
	var held []holding
	for entry, subject := range told {
		p := holding{key: keyer.Key(keys.NewID(subject)), entry: entry, profile: profile, runID: h.runID}
		for len(before) > 0 && before[0].entry < entry {
			before = before[1:]
		}
		if len(before) > 0 && before[0].entry == entry {
			p.runID = before[0].runID
		}
		held = append(held, p)
	}
	if len(held) > 0 {
		h.lists[l] = held
	}
	return nil
}

// Keep leaves a list as it is, but for the entries that are not in keep, which is in byte order.
func (h *Holdings) Keep(l List, keep []string) {
	var held []holding
	for _, p := range h.lists[l] {
		if _, stays := slices.BinarySearch(keep, p.entry); stays {
			held = append(held, p)
		}
	}
	delete(h.lists, l)
	if len(held) > 0 {
		h.lists[l] = held
	}
}

// formatVersion is that of holdings. Format 1 had neither kind nor part: its profile was the kind.
const formatVersion = 2

var schema = &rules.Schema{Name: "holdings", Columns: []rules.Column{
	{Name: "format", Type: integer},
	{Name: "destination", Type: text},
	{Name: "segment", Type: text},
	{Name: "kind", Type: text, Optional: true},
	{Name: "part", Type: text, Optional: true},
	{Name: "profile", Type: text},
	{Name: "member_key", Type: text},
	{Name: "identifier", Type: text},
	{Name: "action", Type: text},
	{Name: "run_id", Type: text},
}}

var holdingsTable = table{what: "the holdings", its: "their", it: "them", format: formatVersion, schema: schema}

// Write returns the holdings as an encrypted Parquet object; equal holdings have equal plain bytes.
func (h *Holdings) Write(ring *keys.Ring) ([]byte, error) {
	columns := make([]parquet.Values, len(schema.Columns)-1)
	rows := 0
	for _, l := range h.Lists() {
		for _, p := range h.lists[l] {
			for i, v := range []string{
				l.Destination, l.Segment, l.Kind, l.Part, p.profile, p.key, p.entry, "add", p.runID,
			} {
				columns[i].Text = append(columns[i].Text, v)
			}
			rows++
		}
	}
	return holdingsTable.seal(ring, rows, columns...)
}

// Read decrypts and checks holdings.
func Read(sealed []byte, ring *keys.Ring) (*Holdings, error) {
	h := Empty()
	if err := holdingsTable.open(sealed, ring, h.take); err != nil {
		return nil, err
	}
	for _, held := range h.lists {
		slices.SortFunc(held, func(a, b holding) int { return strings.Compare(a.entry, b.entry) })
	}
	return h, nil
}

// take adds the rows of a row group.
func (h *Holdings) take(g *parquet.RowGroup) error {
	t, err := texts(g, "destination", "segment", "kind", "part", "profile", "member_key", "identifier", "run_id")
	if err != nil {
		return err
	}
	for i := range g.Rows() {
		l := List{Destination: t[0].At(i), Segment: t[1].At(i), Kind: t[2].At(i), Part: t[3].At(i)}
		p := holding{profile: t[4].At(i), key: t[5].At(i), entry: t[6].At(i), runID: t[7].At(i)}
		if l.Kind == "" {
			l.Kind = p.profile
		}
		h.lists[l] = append(h.lists[l], p)
	}
	return nil
}
