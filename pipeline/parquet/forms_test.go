package parquet_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// file writes rows of values with parquet-go: a file as somebody else's exporter makes it.
func file(t testing.TB, schema *upstream.Schema, rows []upstream.Row, o ...upstream.WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w := upstream.NewWriter(&out, append(o, schema)...)
	if _, err := w.WriteRows(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// single is a file of one column of a physical form; nil values are nulls of an optional column.
func single(t testing.TB, node upstream.Node, values []any, o ...upstream.WriterOption) []byte {
	t.Helper()
	var rows []upstream.Row
	for _, v := range values {
		level := 0
		if v != nil && node.Optional() {
			level = 1
		}
		rows = append(rows, upstream.Row{upstream.ValueOf(v).Level(0, level, 0)})
	}
	return file(t, upstream.NewSchema("t", upstream.Group{"c": node}), rows, o...)
}

func column(kind value.Kind) rules.Column {
	return rules.Column{Name: "c", Type: value.Type{Kind: kind}}
}

func readOne(t testing.TB, data []byte, c rules.Column) ([]any, error) {
	t.Helper()
	var cursor parquet.Cursor
	got, err := read(data, &rules.Schema{Columns: []rules.Column{c}}, &cursor)
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

func TestEveryPhysicalFormReadsAsTheSchemasType(t *testing.T) {
	instant, integer, text := column(value.Timestamp), column(value.Integer), column(value.Text)
	seconds, nanos := instant, instant
	seconds.Unit, nanos.Unit = "s", "ns"
	helsinki := instant
	helsinki.Zone = "Europe/Helsinki"
	money := column(value.Decimal)
	money.Type.Precision, money.Type.Scale = 18, 2
	int32s, int64s := upstream.Leaf(upstream.Int32Type), upstream.Leaf(upstream.Int64Type)
	wide := upstream.FixedLenByteArrayType(16)
	flba := func(last ...byte) []byte { return append(make([]byte, 16-len(last)), last...) }
	for name, c := range map[string]struct {
		node   upstream.Node
		in     []any
		column rules.Column
		want   []any
	}{
		"text":                    {upstream.String(), []any{"a", "b", "a"}, text, []any{"a", "b", "a"}},
		"text without annotation": {upstream.Leaf(upstream.ByteArrayType), []any{"a", "\xff"}, text, []any{"a", "\xff"}},
		"optional text":           {upstream.Optional(upstream.String()), []any{nil, "b", nil}, text, []any{nil, "b", nil}},
		"nothing but nulls":       {upstream.Optional(upstream.String()), []any{nil, nil}, text, []any{nil, nil}},
		"signed 8 bits":           {upstream.Int(8), []any{int32(-5)}, integer, []any{int64(-5)}},
		"unsigned 32 bits":        {upstream.Uint(32), []any{uint32(math.MaxUint32)}, integer, []any{int64(math.MaxUint32)}},
		"unsigned 64 bits":        {upstream.Uint(64), []any{uint64(7)}, integer, []any{int64(7)}},
		"optional integer": {
			upstream.Optional(int64s),
			[]any{nil, int64(7), nil, int64(-1)},
			integer,
			[]any{nil, int64(7), nil, int64(-1)},
		},
		"decimal of 32 bits": {
			upstream.Decimal(1, 9, upstream.Int32Type),
			[]any{int32(-125)},
			money,
			[]any{int64(-1250)},
		},
		"decimal of 64 bits": {
			upstream.Decimal(2, 18, upstream.Int64Type),
			[]any{int64(125)},
			money,
			[]any{int64(125)},
		},
		"decimal of 16 bytes": {
			upstream.Decimal(0, 38, wide),
			[]any{flba(2, 0), flba(0xFF)},
			money,
			[]any{int64(51200), int64(25500)},
		},
		"decimal of more places": {upstream.Decimal(4, 38, wide), []any{flba(0x27, 0x10)}, money, []any{int64(100)}},
		"integer as decimal":     {int64s, []any{int64(3)}, money, []any{int64(300)}},
		"milliseconds": {
			upstream.Timestamp(upstream.Millisecond),
			[]any{int64(-1)},
			instant,
			[]any{int64(-1000)},
		},
		"microseconds": {upstream.Timestamp(upstream.Microsecond), []any{int64(-1)}, instant, []any{int64(-1)}},
		"nanoseconds go down": {
			upstream.Timestamp(upstream.Nanosecond),
			[]any{int64(-1), int64(1999)},
			instant,
			[]any{int64(-1), int64(1)},
		},
		"milliseconds beyond": {
			upstream.Timestamp(upstream.Millisecond),
			[]any{int64(math.MaxInt64), int64(math.MinInt64)},
			instant,
			[]any{int64(math.MaxInt64), int64(math.MinInt64)},
		},
		"wall clock": {
			upstream.TimestampAdjusted(upstream.Microsecond, false),
			[]any{int64(1_782_907_200_000_000)},
			helsinki,
			[]any{int64(1_782_896_400_000_000)},
		},
		"integer seconds":     {int32s, []any{int32(2)}, seconds, []any{int64(2_000_000)}},
		"integer nanoseconds": {int64s, []any{int64(2500)}, nanos, []any{int64(2)}},
		"INT96": {
			upstream.Leaf(upstream.Int96Type),
			[]any{deprecated.Int96{1500, 0, 2440589}},
			instant,
			[]any{int64(86_400_000_001)},
		},
		"date":  {upstream.Date(), []any{int32(-1)}, column(value.Date), []any{int64(-1)}},
		"float": {upstream.Leaf(upstream.FloatType), []any{float32(0.5)}, column(value.Float), []any{0.5}},
		"double with NaN": {
			upstream.Leaf(upstream.DoubleType),
			[]any{0.25, math.NaN(), math.Inf(1)},
			column(value.Float),
			[]any{0.25, nil, math.Inf(1)},
		},
		"optional double " +
			"with NaN": {
			upstream.Optional(upstream.Leaf(upstream.DoubleType)),
			[]any{nil, math.NaN(), 1.5},
			column(value.Float),
			[]any{nil, nil, 1.5},
		},
		"boolean": {
			upstream.Optional(upstream.Leaf(upstream.BooleanType)),
			[]any{true, nil, false},
			column(value.Boolean),
			[]any{int64(1), nil, int64(0)},
		},
	} {
		for version := 1; version <= 2; version++ {
			got, err := readOne(t, single(t, c.node, c.in, upstream.DataPageVersion(version)), c.column)
			if err != nil {
				t.Errorf("%s, page version %d: %v", name, version, err)
			} else if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, page version %d: %s", name, version, diff)
			}
		}
	}
}

func TestFormsThatLoseSomethingAreRefused(t *testing.T) {
	money := column(value.Decimal)
	money.Type.Precision, money.Type.Scale = 6, 2
	event := column(value.Timestamp)
	event.Role = rules.RoleEventTime
	int64s := upstream.Leaf(upstream.Int64Type)
	for name, c := range map[string]struct {
		node   upstream.Node
		in     any
		column rules.Column
	}{
		"text as number":           {upstream.String(), "1", column(value.Integer)},
		"time of day as timestamp": {upstream.Time(upstream.Microsecond), int64(1), column(value.Timestamp)},
		"integer without unit":     {int64s, int64(1), column(value.Timestamp)},
		"wall clock without zone": {
			upstream.TimestampAdjusted(upstream.Microsecond, false), int64(1),
			column(value.Timestamp),
		},
		"INT96 as event time":              {upstream.Leaf(upstream.Int96Type), deprecated.Int96{}, event},
		"decimal with too many digits":     {upstream.Decimal(2, 18, upstream.Int64Type), int64(1_000_000), money},
		"decimal that overflows its scale": {upstream.Decimal(0, 18, upstream.Int64Type), int64(math.MaxInt64 / 10), money},
		"decimal with places to lose":      {upstream.Decimal(3, 18, upstream.Int64Type), int64(1001), money},
		"unsigned beyond 63 bits":          {upstream.Uint(64), uint64(math.MaxUint64), column(value.Integer)},
		"list as scalar":                   {upstream.Repeated(upstream.String()), "a", column(value.Text)},
	} {
		_, err := readOne(t, single(t, c.node, []any{c.in}), c.column)
		if !isDamaged(err) || !strings.Contains(err.Error(), `"c"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEncodingsAndCodecsReadTheSame(t *testing.T) {
	texts, ints := []any{}, []any{}
	for i := range 5000 {
		texts = append(texts, strings.Repeat("/path", i%7)+string(rune('a'+i%23)))
		ints = append(ints, int64(i*i%977-400))
	}
	nulled := append(append([]any{nil}, texts...), nil, nil)
	codecs := []compress.Codec{
		&upstream.Uncompressed, &upstream.Snappy, &upstream.Gzip, &upstream.Zstd, &upstream.Brotli, &upstream.Lz4Raw,
	}
	check := func(node upstream.Node, e encoding.Encoding, in []any, kind value.Kind) {
		t.Helper()
		for _, codec := range codecs {
			for _, size := range []int{200, 1 << 20} {
				data := single(t, upstream.Compressed(upstream.Encoded(node, e), codec), in, upstream.PageBufferSize(size))
				got, err := readOne(t, data, column(kind))
				if err != nil {
					t.Errorf("%s, %s: %v", e, codec, err)
				} else if !cmp.Equal(in, got) {
					t.Errorf("%s, %s: other values", e, codec)
				}
			}
		}
	}
	for _, e := range []encoding.Encoding{
		&upstream.Plain, &upstream.RLEDictionary, &upstream.DeltaLengthByteArray, &upstream.DeltaByteArray,
	} {
		check(upstream.String(), e, texts, value.Text)
		check(upstream.Optional(upstream.String()), e, nulled, value.Text)
	}
	for _, e := range []encoding.Encoding{
		&upstream.Plain, &upstream.RLEDictionary, &upstream.DeltaBinaryPacked, &upstream.ByteStreamSplit,
	} {
		check(upstream.Leaf(upstream.Int64Type), e, ints, value.Integer)
	}
}

func TestDictionaryAndPlainPagesMixInOneChunk(t *testing.T) {
	var in []any
	for i := range 20_000 {
		in = append(in, strings.Repeat("x", i%5)+string(rune('a'+i%26))+string(rune('a'+i/800)))
	}
	node := upstream.Encoded(upstream.String(), &upstream.RLEDictionary)
	data := single(t, node, in, upstream.DictionaryMaxBytes(512), upstream.PageBufferSize(2000))
	got, err := readOne(t, data, column(value.Text))
	if err != nil || !cmp.Equal(in, got) {
		t.Errorf("other values, or %v", err)
	}
}

func TestEmptyTextIsNullWhereTheSchemaSaysSo(t *testing.T) {
	data := single(t, upstream.String(), []any{"", "a", ""})
	var cursor parquet.Cursor
	got, err := read(data, &rules.Schema{EmptyIsNull: true, Columns: []rules.Column{column(value.Text)}}, &cursor)
	if diff := cmp.Diff([][]any{{nil, "a", nil}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAMissingColumnIsNullOnlyIfTheSchemaAllowsIt(t *testing.T) {
	data := single(t, upstream.String(), []any{"a", "b"})
	for _, kind := range kinds {
		missing := rules.Column{Name: "absent", Type: value.Type{Kind: kind}}
		if _, err := readOne(t, data, missing); !isDamaged(err) {
			t.Errorf("kind %d: %v", kind, err)
		}
		missing.Since = "2026-01-01"
		got, err := readOne(t, data, missing)
		if diff := cmp.Diff([]any{nil, nil}, got); diff != "" || err != nil {
			t.Error(kind, diff, err)
		}
	}
}

type parameter struct {
	Key   string `parquet:"key"`
	Value struct {
		Text   *string  `parquet:"string_value,optional"`
		Int    *int64   `parquet:"int_value,optional"`
		Double *float64 `parquet:"double_value,optional"`
	} `parquet:"value,optional"`
}

type gaEvent struct {
	Name   string      `parquet:"event_name"`
	Params []parameter `parquet:"event_params,list"`
	Geo    *struct {
		Country string `parquet:"country"`
	} `parquet:"geo,optional"`
}

func texted(key, value string) (p parameter) {
	p.Key, p.Value.Text = key, &value
	return p
}

func counted(key string, value int64) (p parameter) {
	p.Key, p.Value.Int = key, &value
	return p
}

func TestParametersAndStructsAreFound(t *testing.T) {
	events := []gaEvent{
		{Name: "view", Params: []parameter{texted("page", "/a"), counted("engaged", 5)}},
		{Name: "none"},
		{Name: "twice", Params: []parameter{texted("page", "/b"), texted("page", "/c")}},
		{Name: "wrong slot", Params: []parameter{counted("page", 9), texted("engaged", "x")}},
		{Name: "last", Params: []parameter{counted("engaged", 7), counted("other", 1), texted("page", "/d")}},
	}
	events[2].Geo = &struct {
		Country string `parquet:"country"`
	}{"FI"}
	var out bytes.Buffer
	if err := upstream.Write(&out, events); err != nil {
		t.Fatal(err)
	}
	param := func(name, key, slot string, kind value.Kind) rules.Column {
		return rules.Column{Name: name, From: "event_params", Param: key, Slot: slot, Type: value.Type{Kind: kind}}
	}
	schema := &rules.Schema{Columns: []rules.Column{
		{Name: "country", From: "geo.country", Type: value.Type{Kind: value.Text}},
		param("page", "page", "string", value.Text), param("engaged", "engaged", "int", value.Integer),
		param("ratio", "ratio", "double", value.Float),
	}}
	var cursor parquet.Cursor
	got, err := read(out.Bytes(), schema, &cursor)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{
		{nil, nil, "FI", nil, nil},
		{"/a", nil, "/b", nil, "/d"},
		{int64(5), nil, nil, nil, int64(7)},
		{nil, nil, nil, nil, nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValuesAndListsTooLargeAreNullAndListed(t *testing.T) {
	long := strings.Repeat("x", 64<<10+1)
	events := []gaEvent{{Name: "ok"}, {Name: long}, {Name: "list"}, {Name: long[1:]}}
	for range 1001 {
		events[2].Params = append(events[2].Params, texted("page", "/a"))
	}
	var out bytes.Buffer
	if err := upstream.Write(&out, events); err != nil {
		t.Fatal(err)
	}
	schema := &rules.Schema{Columns: []rules.Column{
		{Name: "page", From: "event_params", Param: "page", Slot: "string", Type: value.Type{Kind: value.Text}},
		{Name: "event", From: "event_name", Type: value.Type{Kind: value.Text}},
	}}
	f, err := parquet.Open(bytes.NewReader(out.Bytes()), int64(out.Len()), "t", schema, parquet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var cursor parquet.Cursor
	g := cursor.Move(f, 0)
	want := [][]any{{nil, nil, nil, nil}, {"ok", nil, "list", long[1:]}}
	for i, c := range schema.Columns {
		a, err := g.Column(c.Name)
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(want[i], cells(a)) {
			t.Errorf("%s: other values", c.Name)
		}
	}
	if diff := cmp.Diff([]int32{1, 2}, g.Oversized()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"page", "event"}, g.OversizedIn()); diff != "" {
		t.Error(diff)
	}
}

func TestBoundsHoldInTheSchemasUnits(t *testing.T) {
	money := column(value.Decimal)
	money.Type.Precision, money.Type.Scale = 18, 2
	wall := column(value.Timestamp)
	wall.Zone = "Europe/Helsinki"
	for name, c := range map[string]struct {
		node   upstream.Node
		in     []any
		column rules.Column
		lo, hi int64
		ok     bool
	}{
		"integer": {upstream.Int(32), []any{int32(3), int32(-4)}, column(value.Integer), -4, 3, true},
		"unsigned": {
			upstream.Uint(32),
			[]any{uint32(1), uint32(math.MaxUint32)},
			column(value.Integer), 1,
			math.MaxUint32, true,
		},
		"decimal": {upstream.Decimal(1, 9, upstream.Int32Type), []any{int32(3), int32(4)}, money, 30, 40, true},
		"milliseconds": {
			upstream.Timestamp(upstream.Millisecond),
			[]any{int64(3), int64(4)},
			column(value.Timestamp), 3000,
			4000, true,
		},
		"date": {upstream.Date(), []any{int32(3), int32(4)}, column(value.Date), 3, 4, true},
		"wall clock": {
			upstream.TimestampAdjusted(upstream.Microsecond, false),
			[]any{int64(0)},
			wall, -97_200_000_000,
			97_200_000_000, true,
		},
		"text":   {upstream.String(), []any{"a"}, column(value.Text), 0, 0, false},
		"double": {upstream.Leaf(upstream.DoubleType), []any{1.0}, column(value.Float), 0, 0, false},
		"INT96":  {upstream.Leaf(upstream.Int96Type), []any{deprecated.Int96{}}, column(value.Timestamp), 0, 0, false},
	} {
		data := single(t, c.node, c.in)
		f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), "t", &rules.Schema{
			Columns: []rules.Column{c.column},
		}, parquet.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if lo, hi, ok := f.Bounds(0, "c"); lo != c.lo || hi != c.hi || ok != c.ok {
			t.Errorf("%s: %d, %d, %v", name, lo, hi, ok)
		}
	}
}
