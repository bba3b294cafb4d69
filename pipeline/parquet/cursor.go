package parquet

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
)

// Cursor decodes row groups, one at a time, for one goroutine. It owns every buffer and reuses them for all row groups
// and files it moves over. The zero value is ready.
type Cursor struct {
	scratch scratch
	columns []*column
	lists   []*keys
	slots   []*slotValues
	group   RowGroup
}

// RowGroup is where a Cursor stands. It and its arrays are valid until the cursor moves, and so are the strings taken
// from them, which share their memory: clone what has to live longer.
type RowGroup struct {
	cursor  *Cursor
	file    *File
	index   int
	meta    *groupMeta
	decoded []arrow.Array

	asked       string // column being decoded
	oversized   []int32
	oversizedIn []string
}

// Move puts the cursor on row group i of the file. Nothing is read before a column is asked for.
func (c *Cursor) Move(f *File, i int) *RowGroup {
	g := &c.group
	g.cursor, g.file, g.index, g.meta = c, f, i, &f.groups[i]
	for j, a := range g.decoded {
		if a != nil {
			a.Release()
			g.decoded[j] = nil
		}
	}
	g.decoded = slices.Grow(g.decoded[:0], len(f.columns))[:len(f.columns)]
	for len(c.columns) < len(f.columns) {
		c.columns = append(c.columns, new(column))
	}
	for _, k := range c.lists {
		k.list = nil
	}
	for _, v := range c.slots {
		v.leaf = nil
	}
	g.oversized, g.oversizedIn = g.oversized[:0], g.oversizedIn[:0]
	return g
}

// Rows returns the number of rows, which every column of the row group has.
func (g *RowGroup) Rows() int { return int(g.meta.NumRows) }

// Bounds returns File.Bounds of this row group.
func (g *RowGroup) Bounds(name string) (lo, hi int64, ok bool) { return g.file.Bounds(g.index, name) }

// Nulls returns File.NullCount of this row group.
func (g *RowGroup) Nulls(name string) (n int, ok bool) {
	nulls, ok := g.file.NullCount(g.index, name)
	return int(nulls), ok
}

// NullCount returns File.NullCount of this row group.
func (g *RowGroup) NullCount(name string) (nulls int64, ok bool) {
	return g.file.NullCount(g.index, name)
}

// Column returns the column of that name of the schema, decoded when it is first asked for:
//
//   - text: *array.Dictionary of int32 and utf8; if there are nulls, the dictionary's last entry is the null and
//     indices themselves are never null; entries may repeat
//   - integer: *array.Int64; decimal: *array.Int64, unscaled at the schema's scale
//   - timestamp: *array.Timestamp, microseconds since 1970 in UTC; what lies beyond an int64 is its nearest end
//   - date: *array.Date32; float: *array.Float64, NaN read as null; boolean: *array.Boolean
//
// The error is a *DamagedError, or the storage's own. A name that the schema lacks is an error too.
func (g *RowGroup) Column(name string) (arrow.Array, error) {
	i, ok := g.file.byName[name]
	if !ok {
		return nil, fmt.Errorf("read parquet object %q: the schema has no column %q", g.file.name, name)
	}
	if g.decoded[i] != nil {
		return g.decoded[i], nil
	}
	b := &g.file.columns[i]
	g.asked = name
	err := guard(func() error {
		var err error
		g.decoded[i], err = g.decode(b, g.cursor.columns[i])
		return err
	})
	if err != nil {
		return nil, g.file.failure(err, name, g.index)
	}
	return g.decoded[i], nil
}

// Oversized lists, in ascending order, the rows of which a column decoded so far held a text value above 64 KiB or a
// key-value list above 1,000 entries. Such a value reads as null; a caller that lets no unseen value pass drops the
// row.
func (g *RowGroup) Oversized() []int32 { return g.oversized }

// OversizedIn returns the names of the columns that held them, in the order of their decoding.
func (g *RowGroup) OversizedIn() []string { return g.oversizedIn }

// markOversized adds the rows, ascending, of the column being decoded.
func (g *RowGroup) markOversized(rows []int32) {
	if len(rows) == 0 {
		return
	}
	g.oversized = append(g.oversized, rows...)
	slices.Sort(g.oversized)
	g.oversized = slices.Compact(g.oversized)
	g.oversizedIn = append(g.oversizedIn, g.asked)
}

func (g *RowGroup) decode(b *binding, c *column) (arrow.Array, error) {
	c.reset(b)
	switch {
	case b.leaf == nil && b.column.Value != "":
		c.allAre(b.column.Value, g.Rows())
		return c.array(g)
	case b.empty:
		if err := c.decodeNothing(g, b.leaf); err != nil {
			return nil, err
		}
		fallthrough
	case b.leaf == nil:
		c.allNull(g.Rows())
		return c.array(g)
	case b.slots != nil:
		if err := g.cursor.decodeSlots(g, b, c); err != nil {
			return nil, err
		}
		return c.array(g)
	}
	if err := c.decode(g, b.leaf); err != nil {
		return nil, err
	}
	if b.key != nil {
		picks, err := g.cursor.picks(g, b, c)
		if err != nil {
			return nil, err
		}
		c.gather(picks)
	}
	return c.array(g)
}
