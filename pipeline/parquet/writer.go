package parquet

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
)

// Codec is how a Writer compresses pages.
type Codec uint8

// The codecs a Writer knows; reading knows more.
const (
	Snappy Codec = iota
	Zstd
	Uncompressed
)

// WriterOptions shape a table. Zero fields mean their defaults.
type WriterOptions struct {
	RowsPerGroup int // default 262,144
	Codec        Codec
	// Size, where set, is the size, at least its argument, that a table of so many bytes is written with: zeros that
	// nothing refers to stand before the footer.
	Size func(int64) int64
}

const (
	defaultRowsPerGroup = 1 << 18
	rowsPerPage         = 1 << 16
	maxRowGroups        = 1<<15 - 1
	createdBy           = "malgrupp"
)

// Values are the rows of one column handed to Write, in the form that Column reads back. One of the slices is set:
// Text, or Codes with Dictionary, for text; Ints for integers, decimals (unscaled), timestamps (microseconds), dates
// (days) and booleans (0 or 1); Floats for floats. Null, if set, is as long as the rows; what another slice holds at a
// null does not matter. A Dictionary must not change between calls that hand in the same slice.
type Values struct {
	Text       []string
	Codes      []int32
	Dictionary []string
	Ints       []int64
	Floats     []float64
	Null       []bool
}

// Writer writes a table row group by row group. The same calls give the same bytes.
type Writer struct {
	out     *countingWriter
	columns []*columnWriter
	options WriterOptions
	rows    int // of the row group being gathered
	total   int64
	groups  []format.RowGroup
	encoder pageEncoder
	err     error
}

// countingWriter knows the offset of what is written next.
type countingWriter struct {
	w  io.Writer
	at int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.at += int64(n)
	return n, err
}

// NewWriter begins a table with these columns, each written flat under its From, or its Name if that is empty. A column
// that is not Optional refuses nulls. Nothing but the magic is written before a row group is full.
func NewWriter(w io.Writer, columns []rules.Column, o WriterOptions) (*Writer, error) {
	if o.RowsPerGroup <= 0 {
		o.RowsPerGroup = defaultRowsPerGroup
	}
	wr := &Writer{out: &countingWriter{w: w}, options: o}
	for _, column := range columns {
		c, err := newColumnWriter(column)
		if err != nil {
			return nil, err
		}
		wr.columns = append(wr.columns, c)
	}
	if err := wr.encoder.init(o.Codec); err != nil {
		return nil, fmt.Errorf("write parquet table: %w", err)
	}
	_, err := wr.out.Write([]byte(magic))
	return wr, wr.fail(err)
}

// fail remembers the first error: a table with a hole must not get a footer.
func (w *Writer) fail(err error) error {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write parquet table: %w", err)
	}
	return w.err
}

// Write appends rows, one Values per column in the order given to NewWriter.
func (w *Writer) Write(rows int, values []Values) error {
	if w.err != nil {
		return w.err
	}
	if len(values) != len(w.columns) {
		return w.fail(fmt.Errorf("got %d columns, the table has %d", len(values), len(w.columns)))
	}
	for i, c := range w.columns {
		if err := c.check(rows, &values[i]); err != nil {
			return w.fail(err)
		}
	}
	for from := 0; from < rows; {
		to := min(rows, from+w.options.RowsPerGroup-w.rows)
		for i, c := range w.columns {
			c.add(&values[i], from, to)
		}
		w.rows += to - from
		from = to
		if w.rows == w.options.RowsPerGroup {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the gathered rows as a row group.
func (w *Writer) flush() error {
	if len(w.groups) == maxRowGroups {
		return w.fail(fmt.Errorf("it needs more than %d row groups: make them larger", maxRowGroups))
	}
	group := format.RowGroup{NumRows: int64(w.rows), FileOffset: w.out.at, Ordinal: int16(len(w.groups))}
	for _, c := range w.columns {
		start := w.out.at
		meta, err := c.flush(w.out, &w.encoder)
		if err != nil {
			return w.fail(err)
		}
		group.Columns = append(group.Columns, format.ColumnChunk{FileOffset: start, MetaData: meta})
		group.TotalByteSize += meta.TotalUncompressedSize
		group.TotalCompressedSize += meta.TotalCompressedSize
	}
	w.groups = append(w.groups, group)
	w.total += int64(w.rows)
	w.rows = 0
	return nil
}

// Close writes what is left and the footer. It does not close the underlying writer, and after an error writes nothing.
func (w *Writer) Close() error {
	if w.err == nil && w.rows > 0 {
		w.err = w.flush()
	}
	if w.err != nil {
		return w.err
	}
	meta := format.FileMetaData{Version: 2, NumRows: w.total, RowGroups: w.groups, CreatedBy: createdBy}
	if meta.RowGroups == nil {
		meta.RowGroups = []format.RowGroup{}
	}
	meta.Schema = append(meta.Schema, format.SchemaElement{Name: "table", NumChildren: thrift.New(int32(len(w.columns)))})
	for _, c := range w.columns {
		meta.Schema = append(meta.Schema, c.element)
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: new(format.TypeDefinedOrder)})
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		return w.fail(err)
	}
	footer = append(binary.LittleEndian.AppendUint32(footer, uint32(len(footer))), magic...)
	if w.options.Size != nil {
		whole := w.out.at + int64(len(footer))
		footer = append(make([]byte, w.options.Size(whole)-whole), footer...)
	}
	_, err = w.out.Write(footer)
	w.err = w.fail(err)
	return w.err
}
