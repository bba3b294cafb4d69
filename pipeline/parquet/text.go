package parquet

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/zeebo/xxh3"
)

// entries is the dictionary of a text column: entry i is bytes[ends[i]:ends[i+1]].
type entries struct {
	bytes  []byte
	ends   []int32
	coded  int     // entries that dictionary pages gave; codes in pages are below it
	index  []int32 // open addressing, entry number + 1; built when a page without codes is met
	unfit  []int32 // entries that read as null: empty where empty is null, or too long
	hashed int
	asked  []byte // a string being looked up
}

func (e *entries) reset() {
	e.bytes, e.ends = e.bytes[:0], append(e.ends[:0], 0)
	e.coded, e.hashed, e.index = 0, 0, e.index[:0]
}

func (e *entries) len() int { return len(e.ends) - 1 }

func (e *entries) at(i int) []byte { return e.bytes[e.ends[i]:e.ends[i+1]] }

func (e *entries) add(b []byte) {
	e.bytes = append(e.bytes, b...)
	e.ends = append(e.ends, int32(len(e.bytes)))
}

var seed = maphash.MakeSeed()

// code returns the number of an entry with these bytes, a new one if there is none.
func (e *entries) code(b []byte) int32 {
	if 2*e.len() >= len(e.index) {
		e.rehash()
	}
	for ; e.hashed < e.len(); e.hashed++ {
		e.index[e.slot(e.at(e.hashed))] = int32(e.hashed) + 1
	}
	at := e.slot(b)
	if e.index[at] == 0 {
		e.add(b)
		e.hashed = e.len()
		e.index[at] = int32(e.len())
	}
	return e.index[at] - 1
}

// slot finds where these bytes stand in the index, or the free place where they would.
func (e *entries) slot(b []byte) int {
	mask := len(e.index) - 1
	at := int(maphash.Bytes(seed, b)) & mask
	for e.index[at] != 0 && !bytes.Equal(e.at(int(e.index[at])-1), b) {
		at = (at + 1) & mask
	}
	return at
}

func (e *entries) rehash() {
	size := 256
	for size < 4*(e.len()+1) {
		size *= 2
	}
	e.index = slices.Grow(e.index[:0], size)[:size]
	clear(e.index)
	e.hashed = 0
}

// internText gives codes to the values of a page that has none: equal texts have one, unless hardly any are equal.
func (c *column) internText(s *scratch, data *content) error {
	from, spans, err := c.texts(s, data.encoding, data.values, data.present)
	if err != nil {
		return err
	}
	if c.unique {
		c.dict.ends = slices.Grow(c.dict.ends, len(spans))
		c.dict.bytes = slices.Grow(c.dict.bytes, len(from)+readSlack)
	}
	for _, at := range spans {
		if text := from[at.from:at.to]; c.unique {
			c.text = append(c.text, int32(c.dict.len()))
			c.dict.add(text)
		} else {
			c.text = append(c.text, c.dict.code(text))
		}
	}
	return c.dict.fit(s.most)
}

// fit keeps the texts of a column below a limit.
func (e *entries) fit(most int64) error {
	if int64(len(e.bytes)) > most {
		return textsTooLarge(most)
	}
	return nil
}

func textsTooLarge(most int64) error {
	return faultf("its texts take more than %d bytes: raise `limits`", most)
}

// finish makes unfit entries null and gives nulls their code, the dictionary's last.
func (c *column) finish(g *RowGroup) {
	e := &c.dict
	e.unfit = e.unfit[:0]
	for i := range e.len() {
		if n := e.ends[i+1] - e.ends[i]; n > maxValueBytes || n == 0 && g.file.empties {
			e.unfit = append(e.unfit, int32(i))
		}
	}
	if len(e.unfit) > 0 {
		c.dropUnfit(g)
	}
	if c.nulls > 0 {
		null := int32(e.len())
		for i, code := range c.text {
			if code < 0 {
				c.text[i] = null
			}
		}
	}
}

func (c *column) dropUnfit(g *RowGroup) {
	var oversized []int32
	for row, code := range c.text {
		if _, unfit := slices.BinarySearch(c.dict.unfit, code); !unfit {
			continue
		}
		if len(c.dict.at(int(code))) > 0 {
			oversized = append(oversized, int32(row))
		}
		c.text[row] = -1
		c.nulls++
	}
	g.markOversized(oversized)
}

var dictionaryType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

func (c *column) textArray(g *RowGroup) arrow.Array {
	c.finish(g)
	e := &c.dict
	n, nulls := e.len(), 0
	var valid *memory.Buffer
	if c.nulls > 0 {
		c.valid = slices.Grow(c.valid[:0], n/8+1)[:n/8+1]
		fillWith(c.valid, 0xFF)
		clearBit(c.valid, n)
		valid, nulls = memory.NewBufferBytes(c.valid), 1
		e.ends = append(e.ends, int32(len(e.bytes)))
		n++
	}
	values := array.NewData(arrow.BinaryTypes.String, n, []*memory.Buffer{
		valid,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(e.ends)), memory.NewBufferBytes(e.bytes),
	}, nil, nulls, 0)
	defer values.Release()
	data := array.NewDataWithDictionary(dictionaryType, c.slots,
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.text))}, 0, 0, values)
	defer data.Release()
	return array.NewDictionaryData(data)
}

// Text is a dictionary column as codes and values.
type Text struct {
	Codes []int32
	Dict  *array.String
}

// Null reports whether a row has no text.
func (t Text) Null(i int) bool { return t.Dict.IsNull(int(t.Codes[i])) }

// At returns a copy of a row's text, "" for none; it outlives the column.
func (t Text) At(i int) string {
	if t.Null(i) {
		return ""
	}
	return strings.Clone(t.Dict.Value(int(t.Codes[i])))
}

// Copies are the dictionary's entries, "" for a null, in one piece of memory that outlives the column.
func (t Text) Copies() []string {
	out := make([]string, t.Dict.Len())
	if len(out) == 0 {
		return out
	}
	ends := t.Dict.ValueOffsets()
	all := string(t.Dict.ValueBytes())
	for i := range out {
		out[i] = all[ends[i]-ends[0] : ends[i+1]-ends[0]]
	}
	return out
}

// Hash returns a hash of every dictionary entry, the same under one seed; a null has 0.
func (t Text) Hash(seed uint64) []uint64 {
	out := make([]uint64, t.Dict.Len())
	for i := range out {
		if !t.Dict.IsNull(i) {
			out[i] = xxh3.HashStringSeed(t.Dict.Value(i), seed)
		}
	}
	return out
}

// Text returns a text column as codes and values; they are valid as long as the column is.
func (g *RowGroup) Text(name string) (Text, error) {
	a, err := g.Column(name)
	if err != nil {
		return Text{}, err
	}
	d := a.(*array.Dictionary)
	return Text{d.Indices().(*array.Int32).Int32Values(), d.Dictionary().(*array.String)}, nil
}
