package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// held are some rows of a row group, copied out of it so that they can be scanned again and again. It is a scan.RowGroup
// without statistics.
type held struct {
	object    string   // key of the object they came from
	rows      []uint32 // their numbers there
	columns   map[string]arrow.Array
	oversized []int32 // in numbers of its own
	in        []string
}

// hold copies columns of some rows of a row group: those that decide, and those that only name a row, which a damaged object may
// lack.
func hold(g *parquet.RowGroup, object string, rows []uint32, decide, name []string) (*held, error) {
	h := &held{object: object, rows: rows, columns: map[string]arrow.Array{}}
	for i, column := range slices.Concat(decide, name) {
		a, err := g.Column(column)
		if _, damaged := errors.AsType[*parquet.DamagedError](err); damaged && i >= len(decide) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if h.columns[column], err = take(a, rows); err != nil {
			return nil, err
		}
	}
	for _, row := range g.Oversized() {
		if i, ok := slices.BinarySearch(rows, uint32(row)); ok {
			h.oversized = append(h.oversized, int32(i))
		}
	}
	h.in = slices.Clone(g.OversizedIn())
	return h, nil
}

func (h *held) Rows() int { return len(h.rows) }

func (h *held) Bounds(string) (lo, hi int64, ok bool) { return 0, 0, false }

func (h *held) Nulls(string) (int, bool) { return 0, false }

func (h *held) Oversized() []int32 { return h.oversized }

func (h *held) OversizedIn() []string { return h.in }

func (h *held) Column(name string) (arrow.Array, error) {
	if a, ok := h.columns[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("decide again about rows of %s: the column %q was not kept", h.object, name)
}

// instant is the time in a column of times.
func (h *held) instant(column string, row int) (at int64, ok bool) {
	a, is := h.columns[column].(*array.Timestamp)
	if !is || a.IsNull(row) {
		return 0, false
	}
	return int64(a.Value(row)), true
}

// text is the text or the number in a column, "" where there is none.
func (h *held) text(column string, row int) string {
	a, ok := h.columns[column]
	if !ok {
		return ""
	}
	return scan.IDText(a, row)
}

// take copies rows of a column in the forms that RowGroup.Column has.
func take(a arrow.Array, rows []uint32) (arrow.Array, error) {
	if d, ok := a.(*array.Dictionary); ok {
		return takeText(d, rows), nil
	}
	parts := make([]arrow.Array, len(rows))
	for i, row := range rows {
		parts[i] = array.NewSlice(a, int64(row), int64(row)+1)
	}
	return array.Concatenate(parts, memory.DefaultAllocator)
}

// takeText copies texts with a dictionary of their own; its last entry is the null.
func takeText(d *array.Dictionary, rows []uint32) arrow.Array {
	words, codes := d.Dictionary().(*array.String), array.NewInt32Builder(memory.DefaultAllocator)
	own, of := array.NewStringBuilder(memory.DefaultAllocator), map[int]int32{}
	defer codes.Release()
	defer own.Release()
	null := []int{}
	taken := make([]int32, len(rows))
	for i, row := range rows {
		code := d.GetValueIndex(int(row))
		if d.IsNull(int(row)) || words.IsNull(code) {
			null = append(null, i)
			continue
		}
		n, known := of[code]
		if !known {
			n = int32(own.Len())
			of[code] = n
			own.Append(words.Value(code))
		}
		taken[i] = n
	}
	for _, i := range null {
		taken[i] = int32(own.Len())
	}
	own.AppendNull()
	codes.AppendValues(taken, nil)
	return array.NewDictionaryArray(d.DataType(), codes.NewInt32Array(), own.NewStringArray())
}
