package parquet

import (
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// column is one decoded column chunk, a slot per level entry: a row of a flat column, an entry of a list.
type column struct {
	convert conversion
	unique  bool // texts that hardly ever repeat: none is looked for among those before it
	slots   int
	nulls   int

	text  []int32 // codes of a text column, -1 for null
	dict  entries
	words []int64 // values of every other type
	valid []byte  // bitmap, kept once a null was seen
	known []int64 // dictionary of words
	first []bool  // slot begins a row; kept for lists only

	narrow []int32 // dates
	packed []byte  // booleans
	picked []byte  // valid after gather
}

func (c *column) reset(b *binding) {
	c.convert, c.unique = b.convert, b.column.Role == rules.RoleEventID
	c.slots, c.nulls = 0, 0
	c.text, c.words, c.valid, c.first, c.known = c.text[:0], c.words[:0], c.valid[:0], c.first[:0], c.known[:0]
	c.dict.reset()
	if b.leaf == nil || b.empty {
		c.convert.kind = b.column.Type.Kind
	}
}

func (c *column) isText() bool { return c.convert.kind == value.Text }

func (c *column) allNull(rows int) {
	c.slots, c.nulls = rows, rows
	if c.isText() {
		c.text = slices.Grow(c.text, rows)[:rows]
		fillWith(c.text, -1)
		return
	}
	c.words = slices.Grow(c.words, rows)[:rows]
	clear(c.words)
	c.valid = slices.Grow(c.valid, (rows+7)/8)[:(rows+7)/8]
	clear(c.valid)
}

// allAre makes every row hold one text.
func (c *column) allAre(text string, rows int) {
	c.slots = rows
	c.dict.add([]byte(text))
	c.text = slices.Grow(c.text, rows)[:rows]
	clear(c.text)
}

// decodeNothing makes sure that a leaf of which the footer says that it has no values has none.
func (c *column) decodeNothing(g *RowGroup, leaf *node) error {
	s := &g.cursor.scratch
	m := &g.meta.Columns[leaf.leaf].MetaData
	if m.NumValues == 0 {
		return nil
	}
	if err := s.load(g.file, m); err != nil {
		return err
	}
	for i := range s.pages {
		if p := &s.pages[i]; p.kind == format.DataPage || p.kind == format.DataPageV2 {
			data, err := s.open(p, m.Codec, leaf)
			if err != nil {
				return err
			}
			if data.present > 0 {
				return faultf("the footer says that it holds nothing but nulls, and it holds %s", leaf)
			}
		}
	}
	return nil
}

// decode reads the leaf's chunk of the row group.
func (c *column) decode(g *RowGroup, leaf *node) error {
	s := &g.cursor.scratch
	m := &g.meta.Columns[leaf.leaf].MetaData
	if m.NumValues == 0 {
		return nil
	}
	if err := s.load(g.file, m); err != nil {
		return err
	}
	c.reserve(plausible(int(m.NumValues), len(s.chunk)))
	rows := 0
	for i := range s.pages {
		p := &s.pages[i]
		switch p.kind {
		case format.DictionaryPage:
			if err := c.decodeDictionary(s, p, m.Codec); err != nil {
				return err
			}
		case format.DataPage, format.DataPageV2:
			data, err := s.open(p, m.Codec, leaf)
			if err != nil {
				return err
			}
			if err := c.decodePage(s, &data, leaf); err != nil {
				return err
			}
			rows += countLevel(data.reps, 0)
		}
	}
	if leaf.maxRep > 0 && rows != g.Rows() {
		return faultf("its lists belong to %d rows, the row group has %d", rows, g.Rows())
	}
	if c.nulls > 0 && !c.isText() {
		c.needValid()
	}
	return nil
}

// reserve makes room for n slots, and for what the decoders write beyond their last value. Further slots come as pages
// prove to have them.
func (c *column) reserve(n int) {
	if c.isText() {
		c.text = slices.Grow(c.text, n+runSlack)
		return
	}
	c.words = slices.Grow(c.words, n+runSlack)
}

func (c *column) decodePage(s *scratch, data *content, leaf *node) error {
	if data.present > 0 {
		if err := c.decodeValues(s, data); err != nil {
			return err
		}
	}
	if missing := data.levels - data.present; missing > 0 {
		c.markNulls(data.defs, leaf.maxDef)
		c.nulls += missing
		if c.isText() {
			c.text = spread(c.text, data.defs, leaf.maxDef, data.present, -1)
		} else {
			c.words = spread(c.words, data.defs, leaf.maxDef, data.present, 0)
		}
	}
	c.slots += data.levels
	if leaf.maxRep > 0 {
		if len(data.reps) > 0 && len(c.first) == 0 && data.reps[0] != 0 {
			return fault("its first list entry belongs to no row")
		}
		for _, rep := range data.reps {
			c.first = append(c.first, rep == 0)
		}
	}
	return nil
}

func (c *column) decodeValues(s *scratch, data *content) error {
	if isDictionary(data.encoding) {
		return c.decodeCodes(s, data)
	}
	if c.isText() {
		return c.internText(s, data)
	}
	words, err := c.appendWords(c.words, s, data.encoding, data.values, data.present)
	c.words = words
	return err
}

// oldDictionary is how early writers named both a dictionary's plain encoding and that of its codes.
const oldDictionary format.Encoding = 2

func isDictionary(e format.Encoding) bool { return e == format.RLEDictionary || e == oldDictionary }

// spread moves the last present values of v apart so that every level has a slot; slots without a value get null.
func spread[T any](v []T, levels []uint8, most uint8, present int, null T) []T {
	from := len(v) - present
	v = slices.Grow(v, len(levels)-present)[:from+len(levels)]
	page := v[from:]
	for i, j := len(levels)-1, present; i >= 0; i-- {
		if levels[i] == most {
			j--
			page[i] = page[j]
		} else {
			page[i] = null
		}
	}
	return v
}

// markNulls clears the bits of a page's nulls. Text needs none: its nulls are a dictionary entry.
func (c *column) markNulls(levels []uint8, most uint8) {
	if c.isText() {
		return
	}
	c.needValid()
	for i, level := range levels {
		if level != most {
			clearBit(c.valid, c.slots+i)
		}
	}
}

// needValid makes the bitmap as long as the room for words, all valid where it is new.
func (c *column) needValid() {
	n := (cap(c.words) + 7) / 8
	if len(c.valid) < n {
		from := len(c.valid)
		c.valid = slices.Grow(c.valid, n-from)[:n]
		fillWith(c.valid[from:], 0xFF)
	}
}

func clearBit(bitmap []byte, i int) { bitmap[i>>3] &^= 1 << (i & 7) }
func setBit(bitmap []byte, i int)   { bitmap[i>>3] |= 1 << (i & 7) }

func bitSet(bitmap []byte, i int) bool { return bitmap[i>>3]>>(i&7)&1 != 0 }

func fillWith[T any](v []T, x T) {
	for i := range v {
		v[i] = x
	}
}

// array wraps the column's buffers as an Arrow array of the row group's length, without copying where the form allows.
func (c *column) array(g *RowGroup) (arrow.Array, error) {
	if c.slots != g.Rows() {
		return nil, faultf("it holds %d values in %d rows", c.slots, g.Rows())
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	switch c.convert.kind {
	case value.Text:
		return c.textArray(g), nil
	case value.Integer, value.Decimal:
		return c.wrap(arrow.PrimitiveTypes.Int64, arrow.Int64Traits.CastToBytes(c.words)), nil
	case value.Timestamp:
		return c.wrap(arrow.FixedWidthTypes.Timestamp_us, arrow.Int64Traits.CastToBytes(c.words)), nil
	case value.Float:
		return c.wrap(arrow.PrimitiveTypes.Float64, arrow.Int64Traits.CastToBytes(c.words)), nil
	case value.Date:
		c.narrow = slices.Grow(c.narrow[:0], c.slots)[:c.slots]
		for i, day := range c.words {
			c.narrow[i] = int32(day)
		}
		return c.wrap(arrow.FixedWidthTypes.Date32, arrow.Int32Traits.CastToBytes(c.narrow)), nil
	case value.Boolean:
		return c.wrap(arrow.FixedWidthTypes.Boolean, c.packBits()), nil
	}
	return nil, faultf("a column cannot have the type %s", typeName(value.Type{Kind: c.convert.kind}))
}

func (c *column) wrap(t arrow.DataType, values []byte) arrow.Array {
	var valid *memory.Buffer
	if c.nulls > 0 {
		valid = memory.NewBufferBytes(c.valid[:(c.slots+7)/8])
	}
	data := array.NewData(t, c.slots, []*memory.Buffer{valid, memory.NewBufferBytes(values)}, nil, c.nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// dropNaN makes every NaN a null.
func (c *column) dropNaN() {
	for i, bits := range c.words {
		if !math.IsNaN(math.Float64frombits(uint64(bits))) {
			continue
		}
		c.needValid()
		if bitSet(c.valid, i) {
			clearBit(c.valid, i)
			c.nulls++
		}
	}
}

func (c *column) packBits() []byte {
	n := (c.slots + 7) / 8
	c.packed = slices.Grow(c.packed[:0], n)[:n]
	clear(c.packed)
	for i, word := range c.words {
		c.packed[i>>3] |= byte(word) << (i & 7)
	}
	return c.packed
}
