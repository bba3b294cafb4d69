package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// columnWriter gathers one column of the row group at hand.
type columnWriter struct {
	column  rules.Column
	element format.SchemaElement

	levels []uint8 // of an optional column: 1 for a value, 0 for a null
	nulls  int
	words  []int64 // values that are not null
	codes  []int32 // of text, instead of words
	dict   entries

	handed []string // dictionary that known maps to codes of dict
	known  []int32  // -1: not met in this row group
}

// newColumnWriter gives the column its logical type and the older converted type: the format asks for both, and many
// readers know only the older one.
func newColumnWriter(column rules.Column) (*columnWriter, error) {
	c := &columnWriter{column: column}
	c.dict.reset()
	e := &c.element
	if e.Name = column.From; e.Name == "" {
		e.Name = column.Name
	}
	e.RepetitionType = thrift.New(format.Required)
	if column.Optional {
		e.RepetitionType = thrift.New(format.Optional)
	}
	kind := format.Int64
	switch column.Type.Kind {
	case value.Text:
		kind, e.LogicalType.Value = format.ByteArray, new(format.StringType)
		e.ConvertedType = thrift.New(deprecated.UTF8)
	case value.Integer:
		e.LogicalType.Value = &format.IntType{BitWidth: 64, IsSigned: true}
		e.ConvertedType = thrift.New(deprecated.Int64)
	case value.Decimal:
		scale, precision := int32(column.Type.Scale), int32(column.Type.Precision)
		if precision < 1 || precision > maxDecimalDigits || scale < 0 || scale > precision {
			return nil, fmt.Errorf("write parquet table: column %q: %s is not a decimal of at most %d digits", column.Name,
				typeName(column.Type), maxDecimalDigits)
		}
		e.LogicalType.Value = &format.DecimalType{Scale: scale, Precision: precision}
		e.ConvertedType, e.Scale, e.Precision = thrift.New(deprecated.Decimal), thrift.New(scale), thrift.New(precision)
	case value.Timestamp:
		unit := format.TimeUnit{Value: new(format.MicroSeconds)}
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: unit}
		e.ConvertedType = thrift.New(deprecated.TimestampMicros)
	case value.Date:
		kind, e.LogicalType.Value = format.Int32, new(format.DateType)
		e.ConvertedType = thrift.New(deprecated.Date)
	case value.Float:
		kind = format.Double
	case value.Boolean:
		kind = format.Boolean
	default:
		return nil, fmt.Errorf("write parquet table: column %q: no column has the type %s", column.Name,
			typeName(column.Type))
	}
	e.Type = thrift.New(kind)
	return c, nil
}

// check makes sure that add cannot fail.
func (c *columnWriter) check(rows int, v *Values) error {
	have := len(v.Ints)
	switch {
	case c.column.Type.Kind == value.Float:
		have = len(v.Floats)
	case c.column.Type.Kind == value.Text && v.Codes != nil:
		have = len(v.Codes)
	case c.column.Type.Kind == value.Text:
		have = len(v.Text)
	}
	if have != rows || v.Null != nil && len(v.Null) != rows {
		return fmt.Errorf("column %q: got %d values (%d null marks), expected %d of type %s", c.column.Name, have,
			len(v.Null), rows, typeName(c.column.Type))
	}
	if !c.column.Optional && slices.Contains(v.Null, true) {
		return fmt.Errorf("column %q: it is not optional, so it takes no null", c.column.Name)
	}
	if c.column.Type.Kind == value.Text {
		for i, code := range v.Codes {
			if (v.Null == nil || !v.Null[i]) && (code < 0 || int(code) >= len(v.Dictionary)) {
				return fmt.Errorf("column %q: a code has no entry among the %d of its dictionary", c.column.Name, len(v.Dictionary))
			}
		}
	}
	return nil
}

// add takes rows [from, to) of v.
func (c *columnWriter) add(v *Values, from, to int) {
	if c.column.Optional {
		c.addLevels(v.Null, from, to)
	}
	switch {
	case c.column.Type.Kind == value.Text && v.Codes != nil:
		c.adopt(v.Dictionary)
		for i := from; i < to; i++ {
			if v.Null != nil && v.Null[i] {
				continue
			}
			code := v.Codes[i]
			if c.known[code] < 0 {
				c.known[code] = c.code(v.Dictionary[code])
			}
			c.codes = append(c.codes, c.known[code])
		}
	case c.column.Type.Kind == value.Text:
		for i := from; i < to; i++ {
			if v.Null == nil || !v.Null[i] {
				c.codes = append(c.codes, c.code(v.Text[i]))
			}
		}
	case c.column.Type.Kind == value.Float:
		for i := from; i < to; i++ {
			if v.Null == nil || !v.Null[i] {
				c.words = append(c.words, int64(math.Float64bits(v.Floats[i])))
			}
		}
	case v.Null == nil:
		c.words = append(c.words, v.Ints[from:to]...)
	default:
		for i := from; i < to; i++ {
			if !v.Null[i] {
				c.words = append(c.words, v.Ints[i])
			}
		}
	}
}

func (c *columnWriter) addLevels(null []bool, from, to int) {
	for i := from; i < to; i++ {
		level := uint8(1)
		if null != nil && null[i] {
			level = 0
			c.nulls++
		}
		c.levels = append(c.levels, level)
	}
}

// adopt prepares known for a handed dictionary; the same one keeps what is known.
func (c *columnWriter) adopt(dictionary []string) {
	same := len(dictionary) == len(c.handed) && (len(dictionary) == 0 || &dictionary[0] == &c.handed[0])
	if same && len(c.known) == len(dictionary) {
		return
	}
	c.handed = dictionary
	c.known = slices.Grow(c.known[:0], len(dictionary))[:len(dictionary)]
	fillWith(c.known, -1)
}

// code is the number of a text. Ids of events hardly ever repeat: none is looked for among those before it.
func (c *columnWriter) code(s string) int32 {
	if c.column.Role == rules.RoleEventID {
		c.dict.bytes = append(c.dict.bytes, s...)
		c.dict.ends = append(c.dict.ends, int32(len(c.dict.bytes)))
		return int32(c.dict.len() - 1)
	}
	return c.dict.textCode(s)
}

// textCode is code for a string. The bytes are copied into a buffer first, since code works on bytes.
func (e *entries) textCode(s string) int32 {
	e.asked = append(e.asked[:0], s...)
	return e.code(e.asked)
}

// maxDictionaryBytes keeps dictionary pages well below every reader's limit.
const maxDictionaryBytes = 16 << 20

// flush writes the column chunk and empties the column.
func (c *columnWriter) flush(out *countingWriter, e *pageEncoder) (format.ColumnMetaData, error) {
	meta := format.ColumnMetaData{
		Type: c.element.Type.V, PathInSchema: []string{c.element.Name}, Codec: e.codec(),
		NumValues: int64(c.values() + c.nulls),
	}
	meta.Statistics = c.statistics()
	start := out.at
	sink := pageSink{out: out, meta: &meta, encoder: e}
	encoding := c.encoding()
	if encoding == format.RLEDictionary {
		meta.DictionaryPageOffset = out.at
		if err := sink.dictionary(&c.dict); err != nil {
			return meta, err
		}
	}
	meta.Encoding = []format.Encoding{format.Plain, format.RLE, encoding}
	meta.DataPageOffset = out.at
	if err := c.pages(&sink, encoding); err != nil {
		return meta, err
	}
	meta.TotalCompressedSize = out.at - start
	c.clear()
	return meta, nil
}

func (c *columnWriter) clear() {
	c.levels, c.words, c.codes, c.nulls = c.levels[:0], c.words[:0], c.codes[:0], 0
	c.dict.reset()
	fillWith(c.known, -1)
}

func (c *columnWriter) values() int {
	if c.column.Type.Kind == value.Text {
		return len(c.codes)
	}
	return len(c.words)
}

// encoding chooses by type, and for text by whether values repeat.
func (c *columnWriter) encoding() format.Encoding {
	switch c.column.Type.Kind {
	case value.Text:
		if 2*c.dict.len() > len(c.codes) || len(c.dict.bytes) > maxDictionaryBytes {
			return format.Plain
		}
		return format.RLEDictionary
	case value.Timestamp:
		return format.DeltaBinaryPacked
	}
	return format.Plain
}

// pages cuts the column into data pages.
func (c *columnWriter) pages(sink *pageSink, encoding format.Encoding) error {
	rows := c.values() + c.nulls
	for row, value := 0, 0; row < rows; {
		n := min(rowsPerPage, rows-row)
		var levels []uint8
		present := n
		if c.column.Optional {
			levels = c.levels[row : row+n]
			present = countLevel(levels, 1)
		}
		if err := sink.data(n, levels, encoding, func(b []byte) ([]byte, error) {
			return c.encode(sink.encoder, b, encoding, value, value+present)
		}); err != nil {
			return err
		}
		row, value = row+n, value+present
	}
	return nil
}

// encode appends the values [from, to) to b.
func (c *columnWriter) encode(e *pageEncoder, b []byte, encoding format.Encoding, from, to int) ([]byte, error) {
	switch {
	case encoding == format.RLEDictionary:
		return e.appendCodes(b, c.codes[from:to])
	case c.column.Type.Kind == value.Text:
		for _, code := range c.codes[from:to] {
			b = appendText(b, c.dict.at(int(code)))
		}
		return b, nil
	case encoding == format.DeltaBinaryPacked:
		return e.appendDelta(b, c.words[from:to])
	case c.column.Type.Kind == value.Boolean:
		return appendBits(b, c.words[from:to]), nil
	case c.column.Type.Kind == value.Date:
		for _, day := range c.words[from:to] {
			b = binary.LittleEndian.AppendUint32(b, uint32(day))
		}
		return b, nil
	}
	for _, word := range c.words[from:to] {
		b = binary.LittleEndian.AppendUint64(b, uint64(word))
	}
	return b, nil
}

func appendText(b, text []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

func appendBits(b []byte, words []int64) []byte {
	from := len(b)
	b = append(b, make([]byte, (len(words)+7)/8)...)
	for i, word := range words {
		b[from+i>>3] |= byte(word&1) << (i & 7)
	}
	return b
}

// statistics gives least and greatest value where Bounds can use them.
func (c *columnWriter) statistics() format.Statistics {
	s := format.Statistics{NullCount: int64(c.nulls)}
	if len(c.words) == 0 {
		return s
	}
	lo, hi := slices.Min(c.words), slices.Max(c.words)
	switch c.column.Type.Kind {
	case value.Integer, value.Decimal, value.Timestamp:
		s.MinValue = binary.LittleEndian.AppendUint64(nil, uint64(lo))
		s.MaxValue = binary.LittleEndian.AppendUint64(nil, uint64(hi))
	case value.Date:
		s.MinValue = binary.LittleEndian.AppendUint32(nil, uint32(lo))
		s.MaxValue = binary.LittleEndian.AppendUint32(nil, uint32(hi))
	}
	return s
}

// pageSink writes the pages of one column chunk and counts their sizes.
type pageSink struct {
	out     io.Writer
	meta    *format.ColumnMetaData
	encoder *pageEncoder
}

func (s *pageSink) dictionary(d *entries) error {
	b := s.encoder.plain[:0]
	for i := range d.len() {
		b = appendText(b, d.at(i))
	}
	s.encoder.plain = b
	head := format.PageHeader{Type: format.DictionaryPage}
	head.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: int32(d.len()), Encoding: format.Plain})
	return s.write(&head)
}

// data writes a data page of n rows: levels, if there are any, then what values appends.
func (s *pageSink) data(n int, levels []uint8, encoding format.Encoding, values func([]byte) ([]byte, error)) error {
	b := s.encoder.plain[:0]
	var err error
	if levels != nil {
		if b, err = s.encoder.appendLevels(b, levels); err != nil {
			return err
		}
	}
	if b, err = values(b); err != nil {
		return err
	}
	s.encoder.plain = b
	head := format.PageHeader{Type: format.DataPage}
	head.DataPageHeader = thrift.New(format.DataPageHeader{
		NumValues: int32(n), Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	})
	return s.write(&head)
}

// write compresses the encoder's buffer and writes it behind its header.
func (s *pageSink) write(head *format.PageHeader) error {
	stored, err := s.encoder.seal(head)
	if err != nil {
		return err
	}
	n, err := s.out.Write(s.encoder.head)
	if err != nil {
		return err
	}
	_, err = s.out.Write(stored)
	s.meta.TotalUncompressedSize += int64(n + len(s.encoder.plain))
	return err
}
