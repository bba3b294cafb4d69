package parquet_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	upstream "github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

const benchRows = 1 << 20

var benchColumns = []rules.Column{
	{Name: "event_name", Type: value.Type{Kind: value.Text}},
	{Name: "page_path", Type: value.Type{Kind: value.Text}},
	{Name: "ts", Type: value.Type{Kind: value.Integer}},
	{Name: "user_id", Type: value.Type{Kind: value.Integer}},
}

// benchValues are events as in the library comparison of the design: 20 names, 5,000 paths, rising times, random users.
func benchValues() []parquet.Values {
	random := rand.New(rand.NewPCG(1, 2))
	words := func(n int, form string) (v parquet.Values) {
		for i := range n {
			v.Dictionary = append(v.Dictionary, fmt.Sprintf(form, i))
		}
		for range benchRows {
			v.Codes = append(v.Codes, int32(min(n-1, int(random.ExpFloat64()*float64(n)/8))))
		}
		return v
	}
	var ts, user parquet.Values
	for i := range benchRows {
		ts.Ints = append(ts.Ints, 1_767_225_600_000_000+int64(i)*1000+random.Int64N(900))
		user.Ints = append(user.Ints, random.Int64N(1_000_000))
	}
	return []parquet.Values{words(20, "event_%02d"), words(5000, "/section/page-%04d"), ts, user}
}

func benchTable(b *testing.B, codec parquet.Codec) []byte {
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, benchColumns, parquet.WriterOptions{Codec: codec})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Write(benchRows, benchValues()); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkRead compares Cursor with parquet-go's pages, whose slices are copied into reused buffers: the goal is at
// most 1.25 times its time.
func BenchmarkRead(b *testing.B) {
	for name, codec := range map[string]parquet.Codec{
		"none": parquet.Uncompressed, "snappy": parquet.Snappy, "zstd": parquet.Zstd,
	} {
		data := benchTable(b, codec)
		b.Run(name+"/cursor", func(b *testing.B) { perRow(b, func() { readColumns(b, data) }) })
		b.Run(name+"/pages", func(b *testing.B) { perRow(b, func() { readPages(b, data) }) })
	}
}

func perRow(b *testing.B, read func()) {
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
}

var benchCursor parquet.Cursor

func readColumns(b *testing.B, data []byte) {
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), "bench", &rules.Schema{
		Columns: benchColumns,
	}, parquet.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range f.RowGroups() {
		g := benchCursor.Move(f, i)
		for _, column := range benchColumns {
			if _, err := g.Column(column.Name); err != nil {
				b.Fatal(err)
			}
		}
	}
}

var benchBuffers struct {
	codes []int32
	words []int64
}

func readPages(b *testing.B, data []byte) {
	f, err := upstream.OpenFile(bytes.NewReader(data), int64(len(data)), upstream.SkipPageIndex(true),
		upstream.SkipBloomFilters(true))
	if err != nil {
		b.Fatal(err)
	}
	for _, group := range f.RowGroups() {
		for _, chunk := range group.ColumnChunks() {
			pages := chunk.Pages()
			benchBuffers.codes, benchBuffers.words = benchBuffers.codes[:0], benchBuffers.words[:0]
			for {
				page, err := pages.ReadPage()
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				values := page.Data()
				if page.Dictionary() != nil {
					benchBuffers.codes = append(benchBuffers.codes, values.Int32()...)
				} else {
					benchBuffers.words = append(benchBuffers.words, values.Int64()...)
				}
				upstream.Release(page)
			}
			if err := pages.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkWrite is to stay below 400 ns a row for eight columns.
func BenchmarkWrite(b *testing.B) {
	values, columns := append(benchValues(), benchValues()...), benchColumns
	for _, column := range benchColumns {
		column.Name += "_2"
		columns = append(columns, column)
	}
	perRow(b, func() {
		w, err := parquet.NewWriter(io.Discard, columns, parquet.WriterOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Write(benchRows, values); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	})
}
