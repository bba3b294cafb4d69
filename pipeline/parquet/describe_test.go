package parquet_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// described is a file of two row groups with a column of each sort that a description tells apart.
func described(t testing.TB) []byte {
	t.Helper()
	group := upstream.Group{
		"at": upstream.TimestampAdjusted(upstream.Millisecond, false),
		"name": upstream.Compressed(upstream.Encoded(upstream.Optional(upstream.String()), &upstream.RLEDictionary),
			&upstream.Zstd),
		"tags": upstream.Repeated(upstream.String()),
	}
	row := upstream.Row{
		upstream.ValueOf(int64(1)).Level(0, 0, 0), upstream.ValueOf("a").Level(0, 1, 1), upstream.ValueOf(nil).Level(0, 0, 2),
	}
	return file(t, upstream.NewSchema("t", group), []upstream.Row{row, row, row}, upstream.MaxRowsPerRowGroup(2),
		upstream.CreatedBy("somebody", "1", "x"))
}

func TestADescriptionIsWhatTheFooterSays(t *testing.T) {
	data := described(t)
	got, err := parquet.Describe(bytes.NewReader(data), int64(len(data)), "t")
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Columns {
		if c := &got.Columns[i]; c.Stored <= 0 || c.Plain <= 0 {
			t.Errorf("%s: %d bytes stored, %d before compression", c.Path, c.Stored, c.Plain)
		} else {
			c.Stored, c.Plain = 0, 0
		}
	}
	want := &parquet.Description{
		Writer: "somebody version 1(build x)", Rows: 3, Groups: []int64{2, 1},
		Columns: []parquet.Leaf{
			{Path: "at", Type: "INT64 (timestamp, ms)", Codecs: []string{"UNCOMPRESSED"}, Encodings: []string{"PLAIN"}},
			{
				Path: "name", Type: "BYTE_ARRAY (text)", Codecs: []string{"ZSTD"}, Encodings: []string{
					"PLAIN", "RLE", "RLE_DICTIONARY",
				},
			},
			{
				Path: "tags", Type: "BYTE_ARRAY (text)", List: true, Codecs: []string{"UNCOMPRESSED"}, Encodings: []string{
					"DELTA_LENGTH_BYTE_ARRAY", "RLE",
				},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAComparisonNamesEveryDepartureAtOnce(t *testing.T) {
	data := described(t)
	of := func(name string, kind value.Kind) rules.Column {
		return rules.Column{Name: name, From: name, Type: value.Type{Kind: kind}}
	}
	optional := of("later", value.Text)
	optional.Optional = true
	schema := &rules.Schema{
		Columns: []rules.Column{of("at", value.Timestamp), of("name", value.Text), of("device", value.Text), optional},
	}
	got, err := parquet.Compare(bytes.NewReader(data), int64(len(data)), "t", schema)
	if err != nil {
		t.Fatal(err)
	}
	want := &parquet.Difference{
		Misfits: []parquet.Misfit{
			{
				Column: "at",
				Reason: "the file holds INT64 (timestamp, ms), expected timestamp: its times name no zone, say which with `zone`",
			},
			{
				Column: "device", Absent: true,
				Reason: "the file has no column \"device\": correct `from`, or say `optional: true`",
			},
		},
		Lacking: []string{"later"}, Unnamed: []string{"tags"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheKeysOfListsAreFoundWithTheirSlots(t *testing.T) {
	type tally struct {
		Params []parameter      `parquet:"event_params,list"`
		Flat   map[string]int64 `parquet:"counts"`
	}
	var out bytes.Buffer
	rows := []tally{
		{[]parameter{texted("page", "/a"), counted("engaged", 5)}, map[string]int64{"clicks": 1}},
		{[]parameter{texted("page", "/b"), texted("engaged", "x"), {Key: "empty"}}, nil},
		{[]parameter{counted("engaged", 6)}, map[string]int64{"clicks": 2, "views": 1}},
	}
	if err := upstream.Write(&out, rows); err != nil {
		t.Fatal(err)
	}
	got, crowded, err := parquet.Params(bytes.NewReader(out.Bytes()), int64(out.Len()), "t", 1000, parquet.Limits{})
	if err != nil || len(crowded) > 0 {
		t.Fatal(crowded, err)
	}
	want := []parquet.Param{
		{List: "counts", Key: "clicks", Slot: "int", Kind: value.Integer, Entries: 2},
		{List: "counts", Key: "views", Slot: "int", Kind: value.Integer, Entries: 1},
		{List: "event_params", Key: "engaged", Slot: "int", Kind: value.Integer, Entries: 2},
		{List: "event_params", Key: "engaged", Slot: "string", Kind: value.Text, Entries: 1},
		{List: "event_params", Key: "page", Slot: "string", Kind: value.Text, Entries: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever the bytes are, looking at them ends with an answer or a DamagedError.
func FuzzDescribe(f *testing.F) {
	var out bytes.Buffer
	if err := upstream.Write(&out,
		[]gaEvent{{Name: "view", Params: []parameter{texted("page", "/a"), counted("engaged", 5)}}}); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(described(f))
	schema := &rules.Schema{Columns: []rules.Column{
		{Name: "name", From: "name", Type: value.Type{Kind: value.Text}},
		{Name: "page", From: "event_params", Param: "page", Slot: "string", Type: value.Type{Kind: value.Text}},
	}}
	limits := parquet.Limits{PageBytes: 1 << 20, ChunkBytes: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, size := bytes.NewReader(data), int64(len(data))
		if d, err := parquet.Describe(r, size, "t"); err != nil && !isDamaged(err) || err == nil && d.Rows < 0 {
			t.Error(d, err)
		}
		if _, err := parquet.Compare(r, size, "t", schema); err != nil && !isDamaged(err) {
			t.Error(err)
		}
		if found, _, err := parquet.Params(r, size, "t", 1000, limits); err != nil && !isDamaged(err) || err == nil &&
			len(found) > 5*200 {
			t.Error(len(found), err)
		}
	})
}
