package kept

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// A table is an Arrow IPC stream: it holds columns as a scan asks for them, so that reading them back costs a copy.

var textType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

var types = map[value.Kind]arrow.DataType{
	value.Text: textType, value.Integer: arrow.PrimitiveTypes.Int64, value.Decimal: arrow.PrimitiveTypes.Int64,
	value.Timestamp: arrow.FixedWidthTypes.Timestamp_us, value.Date: arrow.FixedWidthTypes.Date32,
	value.Boolean: arrow.FixedWidthTypes.Boolean, value.Float: arrow.PrimitiveTypes.Float64,
}

// schemaOf is that of the table in which columns of a log are kept.
func schemaOf(of *rules.Schema, columns []string) *arrow.Schema {
	fields := []arrow.Field{
		{Name: scan.KeptRow, Type: arrow.PrimitiveTypes.Int64}, {Name: scan.KeptClass, Type: arrow.PrimitiveTypes.Int32},
	}
	for _, name := range columns {
		if c, ok := of.Column(name); ok {
			fields = append(fields, arrow.Field{Name: name, Type: types[c.Type.Kind], Nullable: true})
		}
	}
	return arrow.NewSchema(fields, nil)
}

// record copies rows of a row group, with the numbers of their classes.
func record(schema *arrow.Schema, g scan.RowGroup, group int, rows []uint32, classes []int32) (arrow.Record, error) {
	from := make([]int64, len(rows))
	for i, row := range rows {
		from[i] = scan.PackRow(group, row)
	}
	columns := []arrow.Array{
		fixed(schema.Field(0).Type, arrow.Int64Traits.CastToBytes(from), len(rows), nil, 0),
		fixed(schema.Field(1).Type, arrow.Int32Traits.CastToBytes(classes), len(rows), nil, 0),
	}
	for _, f := range schema.Fields()[2:] {
		a, err := g.Column(f.Name)
		if err != nil {
			return nil, err
		}
		columns = append(columns, take(a, rows))
	}
	return array.NewRecord(schema, columns, int64(len(rows))), nil
}

func fixed(of arrow.DataType, values []byte, n int, valid *memory.Buffer, nulls int) arrow.Array {
	data := array.NewData(of, n, []*memory.Buffer{valid, memory.NewBufferBytes(values)}, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// take copies rows of a column.
func take(a arrow.Array, rows []uint32) arrow.Array {
	var values []byte
	switch a := a.(type) {
	case *array.Dictionary:
		return takeText(a, rows)
	case *array.Int64:
		values = arrow.Int64Traits.CastToBytes(pick(a.Int64Values(), rows))
	case *array.Timestamp:
		values = arrow.TimestampTraits.CastToBytes(pick(a.TimestampValues(), rows))
	case *array.Date32:
		values = arrow.Date32Traits.CastToBytes(pick(a.Date32Values(), rows))
	case *array.Float64:
		values = arrow.Float64Traits.CastToBytes(pick(a.Float64Values(), rows))
	case *array.Boolean:
		values = bitmap(rows, a.Value)
	}
	nulls := 0
	if a.NullN() > 0 {
		for _, r := range rows {
			if a.IsNull(int(r)) {
				nulls++
			}
		}
	}
	var valid *memory.Buffer
	if nulls > 0 {
		valid = memory.NewBufferBytes(bitmap(rows, a.IsValid))
	}
	return fixed(a.DataType(), values, len(rows), valid, nulls)
}

func pick[T any](values []T, rows []uint32) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}

func bitmap(rows []uint32, is func(row int) bool) []byte {
	out := make([]byte, (len(rows)+7)/8)
	for i, r := range rows {
		if is(int(r)) {
			out[i>>3] |= 1 << (i & 7)
		}
	}
	return out
}

// takeText copies texts with a dictionary of those that rows show; its last entry is the null, where there is one.
func takeText(d *array.Dictionary, rows []uint32) arrow.Array {
	const unmet = -1
	words, codes := d.Dictionary().(*array.String), d.Indices().(*array.Int32).Int32Values()
	number := slices.Repeat([]int32{unmet}, words.Len())
	ends, texts, taken := []int32{0}, []byte(nil), make([]int32, len(rows))
	for i, r := range rows {
		code := codes[r]
		if words.IsNull(int(code)) {
			taken[i] = unmet
			continue
		}
		if number[code] == unmet {
			number[code] = int32(len(ends) - 1)
			texts = append(texts, words.Value(int(code))...)
			ends = append(ends, int32(len(texts)))
		}
		taken[i] = number[code]
	}
	n, nulls := len(ends)-1, 0
	var valid *memory.Buffer
	if slices.Contains(taken, unmet) {
		for i := range taken {
			if taken[i] == unmet {
				taken[i] = int32(n)
			}
		}
		bits := slices.Repeat([]byte{0xff}, n/8+1)
		bits[n/8] &^= 1 << (n % 8)
		valid, nulls, n = memory.NewBufferBytes(bits), 1, n+1
		ends = append(ends, int32(len(texts)))
	}
	entries := array.NewData(arrow.BinaryTypes.String, n, []*memory.Buffer{
		valid, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends)), memory.NewBufferBytes(texts),
	}, nil, nulls, 0)
	defer entries.Release()
	data := array.NewDataWithDictionary(textType, len(rows),
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(taken))}, 0, 0, entries)
	defer data.Release()
	return array.NewDictionaryData(data)
}

// bytesOf is how many bytes a record takes, if there is one.
func bytesOf(r arrow.Record) (n int64) {
	if r == nil {
		return 0
	}
	for _, c := range r.Columns() {
		n += buffered(c.Data())
		if d, ok := c.(*array.Dictionary); ok {
			n += buffered(d.Dictionary().Data())
		}
	}
	return n
}

func buffered(d arrow.ArrayData) (n int64) {
	for _, b := range d.Buffers() {
		if b != nil {
			n += int64(b.Len())
		}
	}
	return n
}

// encode writes the rows of an object, padded so that its size tells only roughly how many there are.
func encode(out *bytes.Buffer, schema *arrow.Schema, pieces []arrow.Record) error {
	w := ipc.NewWriter(out, ipc.WithSchema(schema))
	for _, p := range pieces {
		if p == nil {
			continue
		}
		if err := w.Write(p); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	out.Write(make([]byte, keys.Padded(int64(out.Len()))-int64(out.Len())))
	return nil
}

// each hands the row groups of a table to visit; what visit gets is valid until it returns. The reader of the format
// panics at some damage; what is authenticated has none, but nobody's rows hang on that.
func each(table []byte, schema *arrow.Schema, visit func(scan.RowGroup) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be read: %v", p)
		}
	}()
	r, err := ipc.NewReader(bytes.NewReader(table), ipc.WithSchema(schema))
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
		if err := visit(keptRows{r.Record()}); err != nil {
			return err
		}
	}
	return r.Err()
}

// keptRows are rows as a row group without statistics.
type keptRows struct{ arrow.Record }

func (k keptRows) Rows() int { return int(k.NumRows()) }

func (keptRows) Bounds(string) (lo, hi int64, ok bool) { return 0, 0, false }

func (keptRows) Nulls(string) (n int, ok bool) { return 0, false }

func (keptRows) Oversized() []int32 { return nil }

func (keptRows) OversizedIn() []string { return nil }

func (k keptRows) Column(name string) (arrow.Array, error) {
	at := k.Schema().FieldIndices(name)
	if len(at) != 1 {
		return nil, fmt.Errorf("the column %q was not kept", name)
	}
	return k.Record.Column(at[0]), nil
}
