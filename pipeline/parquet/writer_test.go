package parquet_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// table is a small table as plain Go values; nil is null.
type table struct {
	columns []rules.Column
	cells   [][]any // by column
}

func (tb *table) rows() int {
	if len(tb.cells) == 0 {
		return 0
	}
	return len(tb.cells[0])
}

var kinds = []value.Kind{
	value.Text, value.Integer, value.Decimal, value.Float, value.Boolean, value.Date, value.Timestamp,
}

func drawTable(t *rapid.T) *table {
	tb := new(table)
	rows := rapid.IntRange(0, 120).Draw(t, "rows")
	for i := range rapid.IntRange(1, 8).Draw(t, "columns") {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		column := rules.Column{
			Name: fmt.Sprintf("c%d", i), Type: value.Type{Kind: kind}, Optional: rapid.Bool().Draw(t, "optional"),
		}
		if kind == value.Decimal {
			column.Type.Precision, column.Type.Scale = 18, 2
		}
		cell := drawCell(kind)
		if column.Optional {
			cell = rapid.OneOf(cell, rapid.Just[any](nil))
		}
		tb.columns = append(tb.columns, column)
		tb.cells = append(tb.cells, rapid.SliceOfN(cell, rows, rows).Draw(t, "cells"))
	}
	return tb
}

func drawCell(kind value.Kind) *rapid.Generator[any] {
	switch kind {
	case value.Text:
		return rapid.OneOf(rapid.SampledFrom([]any{"", "a", "page_view", "hinta €"}), rapid.String().AsAny())
	case value.Float:
		return rapid.Float64Range(-1e9, 1e9).AsAny()
	case value.Boolean:
		return rapid.Int64Range(0, 1).AsAny()
	case value.Date:
		return rapid.Int64Range(-100_000, 100_000).AsAny()
	case value.Decimal:
		return rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999).AsAny()
	}
	return rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64()).AsAny()
}

// values is the form that Write takes.
func (tb *table) values(i, from, to int) parquet.Values {
	var v parquet.Values
	for _, cell := range tb.cells[i][from:to] {
		v.Null = append(v.Null, cell == nil)
		switch tb.columns[i].Type.Kind {
		case value.Text:
			s, _ := cell.(string)
			v.Text = append(v.Text, s)
		case value.Float:
			f, _ := cell.(float64)
			v.Floats = append(v.Floats, f)
		default:
			n, _ := cell.(int64)
			v.Ints = append(v.Ints, n)
		}
	}
	if !tb.columns[i].Optional {
		v.Null = nil
	}
	return v
}

func (tb *table) write(t fatal, o parquet.WriterOptions, batch int) []byte {
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, tb.columns, o)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < tb.rows(); from += batch {
		to := min(from+batch, tb.rows())
		var values []parquet.Values
		for i := range tb.columns {
			values = append(values, tb.values(i, from, to))
		}
		if err := w.Write(to-from, values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type fatal interface{ Fatal(args ...any) }

// cells turns an array of Column back into plain Go values.
func cells(a arrow.Array) []any {
	out := make([]any, a.Len())
	for i := range out {
		if a.IsNull(i) {
			continue
		}
		switch a := a.(type) {
		case *array.Dictionary:
			words := a.Dictionary().(*array.String)
			if code := a.GetValueIndex(i); !words.IsNull(code) {
				out[i] = strings.Clone(words.Value(code)) // the bytes are the cursor's
			}
		case *array.Int64:
			out[i] = a.Value(i)
		case *array.Timestamp:
			out[i] = int64(a.Value(i))
		case *array.Date32:
			out[i] = int64(a.Value(i))
		case *array.Float64:
			out[i] = a.Value(i)
		case *array.Boolean:
			out[i] = int64(0)
			if a.Value(i) {
				out[i] = int64(1)
			}
		}
	}
	return out
}

// read returns the cells of every column of the schema.
func read(data []byte, schema *rules.Schema, cursor *parquet.Cursor) ([][]any, error) {
	r := bytes.NewReader(data)
	f, err := parquet.Open(r, r.Size(), "table", schema, parquet.Limits{})
	if err != nil {
		return nil, err
	}
	out := make([][]any, len(schema.Columns))
	for i := range out {
		out[i] = []any{}
	}
	for i := range f.RowGroups() {
		g := cursor.Move(f, i)
		for j, column := range schema.Columns {
			a, err := g.Column(column.Name)
			if err != nil {
				return nil, err
			}
			out[j] = append(out[j], cells(a)...)
		}
	}
	return out, nil
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	var cursor parquet.Cursor // one for all tables: buffers must not leak from one into the next
	rapid.Check(t, func(t *rapid.T) {
		tb := drawTable(t)
		o := parquet.WriterOptions{
			RowsPerGroup: rapid.IntRange(1, 150).Draw(t, "group"),
			Codec: rapid.SampledFrom([]parquet.Codec{parquet.Snappy, parquet.Zstd, parquet.Uncompressed}).Draw(t,
				"codec"),
		}
		data := tb.write(t, o, rapid.IntRange(1, 150).Draw(t, "batch"))
		got, err := read(data, &rules.Schema{Columns: tb.columns}, &cursor)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tb.cells, got); diff != "" {
			t.Fatal(diff)
		}
		if again := tb.write(t, o, 7); !bytes.Equal(data, again) {
			t.Fatal("the bytes depend on how rows were handed in")
		}
		f, err := upstream.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil || f.NumRows() != int64(tb.rows()) {
			t.Fatal("parquet-go does not read it: ", err)
		}
	})
}

func TestCodesAndStringsWriteTheSame(t *testing.T) {
	columns := []rules.Column{{Name: "event", Type: value.Type{Kind: value.Text}, Optional: true}}
	dictionary := []string{"login", "page_view", "logout"}
	codes, null := []int32{1, 0, 2, 1, 9, 1}, []bool{false, false, false, false, true, false}
	write := func(v parquet.Values) []byte {
		var out bytes.Buffer
		w, err := parquet.NewWriter(&out, columns, parquet.WriterOptions{RowsPerGroup: 4})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(len(null), []parquet.Values{v}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	text := make([]string, len(codes))
	for i, code := range codes {
		if !null[i] {
			text[i] = dictionary[code]
		}
	}
	if !bytes.Equal(write(parquet.Values{Codes: codes, Dictionary: dictionary, Null: null}),
		write(parquet.Values{Text: text, Null: null})) {
		t.Error("the bytes differ")
	}
}

func TestAWriterRefusesWhatItsColumnsDoNotTake(t *testing.T) {
	text := rules.Column{Name: "a", Type: value.Type{Kind: value.Text}}
	for name, values := range map[string][]parquet.Values{
		"no column":         nil,
		"too few values":    {{Text: []string{"x"}}},
		"another type":      {{Ints: []int64{1, 2}}},
		"null":              {{Text: []string{"x", "y"}, Null: []bool{false, true}}},
		"code without word": {{Codes: []int32{0, 1}, Dictionary: []string{"x"}}},
	} {
		var out bytes.Buffer
		w, err := parquet.NewWriter(&out, []rules.Column{text}, parquet.WriterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if w.Write(2, values) == nil || w.Close() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// A reader that knows only the older converted types still reads text as text and decimals as decimals: the format asks
// writers for both.
func TestColumnsCarryTheOlderConvertedTypesToo(t *testing.T) {
	columns := []rules.Column{
		{Name: "text", Type: value.Type{Kind: value.Text}},
		{Name: "integer", Type: value.Type{Kind: value.Integer}},
		{Name: "decimal", Type: value.Type{Kind: value.Decimal, Precision: 12, Scale: 2}},
		{Name: "date", Type: value.Type{Kind: value.Date}},
		{Name: "timestamp", Type: value.Type{Kind: value.Timestamp}},
		{Name: "float", Type: value.Type{Kind: value.Float}},
	}
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns, parquet.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := upstream.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range f.Metadata().Schema[1:] {
		got[e.Name] = "none"
		if e.ConvertedType.Valid {
			got[e.Name] = fmt.Sprint(e.ConvertedType.V)
		}
		if e.Name == "decimal" {
			got[e.Name] += fmt.Sprint(" ", e.Precision.V, " ", e.Scale.V)
		}
	}
	want := map[string]string{
		"text": fmt.Sprint(deprecated.UTF8), "integer": fmt.Sprint(deprecated.Int64),
		"decimal": fmt.Sprint(deprecated.Decimal, " ", 12, " ", 2), "date": fmt.Sprint(deprecated.Date),
		"timestamp": fmt.Sprint(deprecated.TimestampMicros), "float": "none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("converted types (-want +got):\n%s", diff)
	}
}
