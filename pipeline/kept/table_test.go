package kept

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// log is a table of a log with a column of every type.
var log = &rules.Schema{Name: "log", Columns: []rules.Column{
	{Name: "device", Type: value.Type{Kind: value.Text}},
	{Name: "visits", Type: value.Type{Kind: value.Integer}},
	{Name: "at", Type: value.Type{Kind: value.Timestamp}},
	{Name: "due", Type: value.Type{Kind: value.Date}},
	{Name: "open", Type: value.Type{Kind: value.Boolean}},
	{Name: "score", Type: value.Type{Kind: value.Float}},
}}

// rowGroup is a row group whose columns are given.
type rowGroup struct {
	n       int
	columns map[string]arrow.Array
}

func (g rowGroup) Rows() int                               { return g.n }
func (rowGroup) Bounds(string) (lo, hi int64, ok bool)     { return 0, 0, false }
func (rowGroup) Nulls(string) (n int, ok bool)             { return 0, false }
func (rowGroup) Oversized() []int32                        { return nil }
func (rowGroup) OversizedIn() []string                     { return nil }
func (g rowGroup) Column(name string) (arrow.Array, error) { return g.columns[name], nil }

// drawGroup draws rows with nulls, as the reader of a log gives them.
func drawGroup(t *rapid.T) rowGroup {
	g := rowGroup{n: rapid.IntRange(1, 40).Draw(t, "rows"), columns: map[string]arrow.Array{}}
	null := func() bool { return rapid.IntRange(0, 3).Draw(t, "null") == 0 }
	words := []string{"", "a", "b", "a longer one"}
	dictionary := array.NewStringBuilder(memory.DefaultAllocator)
	dictionary.AppendValues(words, nil)
	dictionary.AppendNull()
	codes := array.NewInt32Builder(memory.DefaultAllocator)
	visits := array.NewInt64Builder(memory.DefaultAllocator)
	at := array.NewTimestampBuilder(memory.DefaultAllocator, arrow.FixedWidthTypes.Timestamp_us.(*arrow.TimestampType))
	due := array.NewDate32Builder(memory.DefaultAllocator)
	open := array.NewBooleanBuilder(memory.DefaultAllocator)
	score := array.NewFloat64Builder(memory.DefaultAllocator)
	for range g.n {
		code := rapid.Int32Range(0, int32(len(words)-1)).Draw(t, "word")
		if null() {
			code = int32(len(words))
		}
		codes.Append(code)
		v := rapid.Int64().Draw(t, "value")
		for _, b := range []struct {
			array.Builder
			add func()
		}{
			{visits, func() { visits.Append(v) }},
			{at, func() { at.Append(arrow.Timestamp(v)) }},
			{due, func() { due.Append(arrow.Date32(v)) }},
			{open, func() { open.Append(v%2 == 0) }},
			{score, func() { score.Append(float64(v)) }},
		} {
			if null() {
				b.AppendNull()
			} else {
				b.add()
			}
		}
	}
	g.columns["device"] = array.NewDictionaryArray(textType, codes.NewArray(), dictionary.NewArray())
	g.columns["visits"], g.columns["at"], g.columns["due"] = visits.NewArray(), at.NewArray(), due.NewArray()
	g.columns["open"], g.columns["score"] = open.NewArray(), score.NewArray()
	return g
}

// shown is a value of a row.
func shown(a arrow.Array, row int) string {
	if d, ok := a.(*array.Dictionary); ok {
		return d.Dictionary().ValueStr(d.GetValueIndex(row))
	}
	return a.ValueStr(row)
}

func TestRowsComeBackAsTheyWereKept(t *testing.T) {
	names := []string{"at", "device", "due", "open", "score", "visits"}
	schema := schemaOf(log, names)
	rapid.Check(t, func(t *rapid.T) {
		var pieces []arrow.Record
		var want, got []string
		for group := range rapid.IntRange(0, 3).Draw(t, "row groups") {
			g := drawGroup(t)
			var rows []uint32
			for row := range g.n {
				if rapid.Bool().Draw(t, "kept") {
					rows = append(rows, uint32(row))
				}
			}
			if len(rows) == 0 {
				pieces = append(pieces, nil)
				continue
			}
			classes := make([]int32, len(rows))
			for i, row := range rows {
				classes[i] = rapid.Int32Range(0, 3).Draw(t, "class")
				line := fmt.Sprint(scan.PackRow(group, row), classes[i])
				for _, name := range names {
					line += " " + shown(g.columns[name], int(row))
				}
				want = append(want, line)
			}
			piece, err := record(schema, g, group, rows, classes)
			if err != nil {
				t.Fatal(err)
			}
			pieces = append(pieces, piece)
		}
		var table bytes.Buffer
		if err := encode(&table, schema, pieces); err != nil {
			t.Fatal(err)
		}
		err := each(table.Bytes(), schema, func(g scan.RowGroup) error {
			for row := range g.Rows() {
				line := ""
				for _, name := range slices.Concat([]string{scan.KeptRow, scan.KeptClass}, names) {
					a, err := g.Column(name)
					if err != nil {
						return err
					}
					line += " " + shown(a, row)
				}
				got = append(got, line[1:])
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("rows (-kept +read):\n%s", diff)
		}
		if table.Len()%1024 != 0 {
			t.Fatalf("a table has %d bytes: it is not padded", table.Len())
		}
	})
}

// What is damaged is an error, never a panic.
func FuzzTable(f *testing.F) {
	schema := schemaOf(log, []string{"device", "visits"})
	var table bytes.Buffer
	if err := encode(&table, schema, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(table.Bytes()[:1024])
	f.Fuzz(func(t *testing.T, table []byte) {
		_ = each(table, schema, func(g scan.RowGroup) error {
			for _, name := range []string{scan.KeptRow, scan.KeptClass, "device", "visits"} {
				if _, err := g.Column(name); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func FuzzIndex(f *testing.F) {
	f.Add(2, int64(0), 1)
	f.Fuzz(func(t *testing.T, keys int, number int64, pick int) {
		in := indexed{Picks: [][2]int64{{number, 0}}, Entry: Entry{Classes: []scan.KeptFor{{Picks: []int{pick}}}}}
		e := in.entry(make([]string, max(0, min(keys, 10))))
		if e != nil && (number < 0 || pick != 0) {
			t.Fatalf("an index with pick %d of key %d is taken", pick, number)
		}
	})
}
