package decide

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Copied are some rows of a row group, copied out of it so that they can be scanned again and again. It is a
// scan.RowGroup without statistics.
type Copied struct {
	Object    string   // key of the object they came from
	Numbers   []uint32 // their numbers there
	columns   map[string]arrow.Array
	oversized []int32 // in numbers of its own
	in        []string
}

// copyRows copies columns of some rows of a row group: those that decide, and those that only name a row, which a
// damaged object may lack.
func copyRows(g *parquet.RowGroup, object string, rows []uint32, decide, name []string) (*Copied, error) {
	h := &Copied{Object: object, Numbers: rows, columns: map[string]arrow.Array{}}
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

func (c *Copied) Rows() int { return len(c.Numbers) }

func (c *Copied) Bounds(string) (lo, hi int64, ok bool) { return 0, 0, false }

func (c *Copied) Nulls(string) (int, bool) { return 0, false }

func (c *Copied) Oversized() []int32 { return c.oversized }

func (c *Copied) OversizedIn() []string { return c.in }

func (c *Copied) Column(name string) (arrow.Array, error) {
	if a, ok := c.columns[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("decide again about rows of %s: the column %q was not kept", c.Object, name)
}

// Has reports whether a column was copied.
func (c *Copied) Has(column string) bool { return c.columns[column] != nil }

// Instant is the time in a column of times.
func (c *Copied) Instant(column string, row int) (at int64, ok bool) {
	a, is := c.columns[column].(*array.Timestamp)
	if !is || a.IsNull(row) {
		return 0, false
	}
	return int64(a.Value(row)), true
}

// Text is the text or the number in a column, "" where there is none.
func (c *Copied) Text(column string, row int) string {
	a, ok := c.columns[column]
	if !ok {
		return ""
	}
	return scan.IDText(a, row)
}

// Missing reports whether a text is null, not empty.
func (c *Copied) Missing(column string, row int) bool {
	a := c.columns[column].(*array.Dictionary)
	return a.IsNull(row) || a.Dictionary().IsNull(a.GetValueIndex(row))
}

// Cell writes a value as value.ParseValue reads it, false where there is none.
func (c *Copied) Cell(column string, row int, t value.Type) (string, bool) {
	a := c.columns[column]
	if a.IsNull(row) {
		return "", false
	}
	switch a := a.(type) {
	case *array.Int64:
		return value.Number{Int: a.Value(row), Scale: t.Scale}.String(), true
	case *array.Float64:
		return strconv.FormatFloat(a.Value(row), 'g', -1, 64), true
	case *array.Boolean:
		return strconv.FormatBool(a.Value(row)), true
	case *array.Date32:
		return value.DateOfDays(int64(a.Value(row))).String(), true
	case *array.Timestamp:
		return value.FormatTimestamp(int64(a.Value(row))), true
	}
	return "", false
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
