// Package state keeps what destinations were last told, so that the next run can take the difference.
//
// Holdings are one Parquet table, encrypted to the project's state identity. In come ids of lists that were published, out
// go the same ids at the next run. The package knows no rules, no consent and no platform.
package state

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// List names one list: a segment at a destination. Kind is the destination's type, kept so that removals can be written
// after the destination is gone from the project.
type List struct{ Destination, Segment, Kind string }

// holding is one person whom a destination holds.
type holding struct {
	key   string // keyed id under the destination's sub-key (consent/identity.md 9)
	id    string // as it was sent
	runID string // the run that added him
}

// Holdings is what every destination holds from every segment.
type Holdings struct {
	runID string
	lists map[List][]holding // sorted by id
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
		return cmp.Or(strings.Compare(a.Destination, b.Destination), strings.Compare(a.Segment, b.Segment), strings.Compare(a.Kind, b.Kind))
	})
	return out
}

// Of returns the ids a destination holds from a segment, in byte order.
func (h *Holdings) Of(destination, segment string) []string {
	var out []string
	for l, held := range h.lists {
		if l.Destination == destination && l.Segment == segment {
			for _, p := range held {
				out = append(out, p.id)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Next returns a copy for the next run to change; Set replaces the people of a list and never changes them in place.
func (h *Holdings) Next(runID string) *Holdings {
	return &Holdings{runID: runID, lists: maps.Clone(h.lists)}
}

// Set makes ids (in byte order) what a list holds; who was held before keeps the run that added him.
func (h *Holdings) Set(l List, ids []string, ring *keys.Ring) error {
	keyer, err := ring.Keyer(keys.Dest(l.Destination))
	if err != nil {
		return fmt.Errorf("key the members of %s: %w", l.Destination, err)
	}
	before := map[string]holding{}
	for old, held := range h.lists {
		if old.Destination == l.Destination && old.Segment == l.Segment {
			for _, p := range held {
				before[p.id] = p
			}
			delete(h.lists, old)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	held := make([]holding, len(ids))
	for i, id := range ids {
		p, ok := before[id]
		if !ok {
			p = holding{id: id, runID: h.runID}
		}
		p.key = keyer.Key(keys.NewID(id))
		held[i] = p
	}
	h.lists[l] = held
	return nil
}

// formatVersion is in every row: holdings of a newer program are refused, older ones would be migrated.
const formatVersion = 1

var (
	text    = rules.Type{Kind: rules.Text}
	integer = rules.Type{Kind: rules.Integer}
	schema  = &rules.Schema{Name: "holdings", Columns: []rules.Column{
		{Name: "format", Type: integer},
		{Name: "destination", Type: text},
		{Name: "segment", Type: text},
		{Name: "profile", Type: text}, // the form of the identifier: for neutral files the destination's type
		{Name: "member_key", Type: text},
		{Name: "identifier", Type: text},
		{Name: "action", Type: text},
		{Name: "run_id", Type: text},
	}}
)

// Write returns the holdings as an encrypted Parquet object; equal holdings have equal plain bytes.
func (h *Holdings) Write(ring *keys.Ring) ([]byte, error) {
	var rows [7][]string
	for _, l := range h.Lists() {
		for _, p := range h.lists[l] {
			for i, v := range [7]string{l.Destination, l.Segment, l.Kind, p.key, p.id, "add", p.runID} {
				rows[i] = append(rows[i], v)
			}
		}
	}
	var out bytes.Buffer
	sealed, err := ring.EncryptState(&out)
	if err != nil {
		return nil, fmt.Errorf("encrypt the holdings: %w", err)
	}
	if err := writeTable(sealed, rows); err != nil {
		return nil, fmt.Errorf("write the holdings: %w", err)
	}
	if err := sealed.Close(); err != nil {
		return nil, fmt.Errorf("encrypt the holdings: %w", err)
	}
	return out.Bytes(), nil
}

// Read decrypts and checks holdings.
func Read(sealed []byte, ring *keys.Ring) (*Holdings, error) {
	plain, err := ring.DecryptState(bytes.NewReader(sealed))
	if err != nil {
		return nil, fmt.Errorf("decrypt the holdings: %w", err)
	}
	data, err := io.ReadAll(plain)
	if err != nil {
		return nil, fmt.Errorf("decrypt the holdings: %w", err)
	}
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), "holdings", schema, parquet.Limits{ChunkBytes: 8 << 30, PageBytes: 1 << 30})
	if err != nil {
		return nil, err
	}
	h := Empty()
	var cursor parquet.Cursor
	for i := range f.RowGroups() {
		if err := h.take(cursor.Move(f, i)); err != nil {
			return nil, err
		}
	}
	for _, held := range h.lists {
		slices.SortFunc(held, func(a, b holding) int { return strings.Compare(a.id, b.id) })
	}
	return h, nil
}
