package parquet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

var (
	int32s, int64s = upstream.Leaf(upstream.Int32Type), upstream.Leaf(upstream.Int64Type)
	floats         = upstream.Leaf(upstream.FloatType)
	doubles        = upstream.Leaf(upstream.DoubleType)
	halves         = upstream.Leaf(halfType{upstream.FixedLenByteArrayType(2)})
	binaries       = upstream.Leaf(upstream.ByteArrayType)
	fixed16        = upstream.Leaf(upstream.FixedLenByteArrayType(16))
	nulls          = upstream.Optional(upstream.Leaf(nullType{upstream.Int32Type}))
)

// halfType is a float of 16 bits, which the library has no type for.
type halfType struct{ upstream.Type }

func (halfType) LogicalType() *format.LogicalType {
	return &format.LogicalType{Value: &format.Float16Type{}}
}

// nullType is what Arrow writes for a column of which it knows no more than that all its values are null.
type nullType struct{ upstream.Type }

func (nullType) LogicalType() *format.LogicalType {
	return &format.LogicalType{Value: &format.NullType{}}
}

func dec(precision, scale int) rules.Column {
	c := column(value.Decimal)
	c.Type.Precision, c.Type.Scale = precision, scale
	return c
}

func with(c rules.Column, change func(*rules.Column)) rules.Column {
	change(&c)
	return c
}

// wideDecimal is a number of 16 bytes, most significant first.
func wideDecimal(hi int64, lo uint64) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:], uint64(hi))
	binary.BigEndian.PutUint64(b[8:], lo)
	return b
}

// forms are the ways in which a node's values may be stored.
func forms(node upstream.Node) map[string]upstream.Node {
	return map[string]upstream.Node{
		"plain": upstream.Encoded(node, &upstream.Plain), "dictionary": upstream.Encoded(node, &upstream.RLEDictionary),
	}
}

func TestAColumnReadsWhateverHoldsItsValuesExactly(t *testing.T) {
	text, integer, float, date := column(value.Text), column(value.Integer), column(value.Float), column(value.Date)
	millis := with(column(value.Timestamp), func(c *rules.Column) { c.Unit = "ms" })
	ids := with(text, func(c *rules.Column) { c.Role = rules.RoleDevice })
	hexed := with(text, func(c *rules.Column) { c.Encoding = "hex" })
	uuids := with(text, func(c *rules.Column) { c.Encoding = "uuid" })
	id := [16]byte{0: 0xAB, 15: 0x1F}
	const day = 86_400_000_000
	wall := func(unit upstream.TimeUnit) upstream.Node { return upstream.TimestampAdjusted(unit, false) }
	optional := func(n upstream.Node) upstream.Node { return upstream.Optional(n) }
	for name, c := range map[string]struct {
		node     upstream.Node
		in       []any
		column   rules.Column
		expected []any
	}{
		"8 bits":           {upstream.Int(8), []any{int32(-128)}, float, []any{-128.0}},
		"unsigned 16 bits": {upstream.Uint(16), []any{uint32(65535)}, float, []any{65535.0}},
		"unsigned 32 bits": {upstream.Uint(32), []any{uint32(math.MaxUint32)}, float, []any{4294967295.0}},
		"64 bits as float": {int64s, []any{int64(1) << 60, int64(-7)}, float, []any{float64(1 << 60), -7.0}},
		"decimal as float": {upstream.Decimal(2, 18, upstream.Int64Type), []any{int64(1999)}, float, []any{19.99}},
		"wide as float": {
			upstream.Decimal(9, 38, upstream.FixedLenByteArrayType(16)),
			[]any{wideDecimal(0, 1_234_567_890_000_000)},
			float,
			[]any{1234567.89},
		},
		"half as float": {
			halves, []any{[2]byte{0, 0x3E}, [2]byte{0, 0x7E}, [2]byte{1, 0}}, float, []any{1.5, nil, math.Ldexp(1, -24)},
		},
		"whole doubles": {
			optional(doubles),
			[]any{nil, 3.0, math.Copysign(0, -1), math.NaN(), 9007199254740991.0},
			integer,
			[]any{nil, int64(3), int64(0), nil, int64(1<<53 - 1)},
		},
		"whole floats":     {floats, []any{float32(-16777215)}, integer, []any{int64(-16777215)}},
		"whole halves":     {halves, []any{[2]byte{0, 0xC2}}, integer, []any{int64(-3)}},
		"decimal as whole": {upstream.Decimal(2, 9, upstream.Int32Type), []any{int32(500)}, integer, []any{int64(5)}},
		"wide as whole": {
			upstream.Decimal(38, 38, upstream.FixedLenByteArrayType(16)), []any{[16]byte{}}, integer, []any{int64(0)},
		},
		"wider than 64": {
			upstream.Decimal(18, 38, upstream.FixedLenByteArrayType(16)),
			[]any{wideDecimal(5, 7766279631452241920)},
			integer,
			[]any{int64(100)},
		},
		"double as money":  {doubles, []any{19.5, 7.0}, dec(18, 2), []any{int64(1950), int64(700)}},
		"integer as money": {upstream.Uint(32), []any{uint32(math.MaxUint32)}, dec(18, 2), []any{int64(429496729500)}},
		"digits":           {optional(upstream.Int(16)), []any{int32(-12), nil, int32(40)}, ids, []any{"-12", nil, "40"}},
		"unsigned digits": {
			upstream.Uint(64), []any{uint64(math.MaxUint64), uint64(7)}, ids, []any{"18446744073709551615", "7"},
		},
		"unsigned 32": {upstream.Uint(32), []any{uint32(math.MaxUint32)}, ids, []any{"4294967295"}},
		"decimal digits": {
			upstream.Decimal(0, 18, upstream.Int64Type), []any{int64(358401234575)}, ids, []any{"358401234575"},
		},
		"wide digits": {
			upstream.Decimal(0, 38, upstream.FixedLenByteArrayType(16)),
			[]any{wideDecimal(-1, 0), wideDecimal(1, 5)},
			ids,
			[]any{"-18446744073709551616", "18446744073709551621"},
		},
		"date": {
			optional(upstream.Date()), []any{int32(3685), nil, int32(-1)}, text, []any{"1980-02-03", nil, "1969-12-31"},
		},
		"midnight":         {wall(upstream.Nanosecond), []any{int64(2 * day * 1000)}, text, []any{"1970-01-03"}},
		"midnight as date": {wall(upstream.Millisecond), []any{int64(-day / 1000)}, date, []any{int64(-1)}},
		"midnight in us":   {wall(upstream.Microsecond), []any{int64(day)}, date, []any{int64(1)}},
		"UUID": {
			optional(upstream.UUID()),
			[]any{id, nil, [16]byte{}},
			text,
			[]any{"ab000000-0000-0000-0000-00000000001f", nil, "00000000-0000-0000-0000-000000000000"},
		},
		"UUID that is told": {upstream.UUID(), []any{id}, uuids, []any{"ab000000-0000-0000-0000-00000000001f"}},
		"UUID as hex":       {upstream.UUID(), []any{id}, hexed, []any{"ab00000000000000000000000000001f"}},
		"bytes as UUID":     {binaries, []any{id[:]}, uuids, []any{"ab000000-0000-0000-0000-00000000001f"}},
		"fixed as UUID":     {fixed16, []any{id}, uuids, []any{"ab000000-0000-0000-0000-00000000001f"}},
		"bytes as hex":      {optional(binaries), []any{"\xff\x0a", nil, "a"}, hexed, []any{"ff0a", nil, "61"}},
		"fixed as hex": {
			upstream.Leaf(upstream.FixedLenByteArrayType(3)), []any{[3]byte{1, 2, 255}}, hexed, []any{"0102ff"},
		},
		"text that is hex": {upstream.String(), []any{"FF0A"}, hexed, []any{"FF0A"}},
		"unit not needed":  {upstream.Timestamp(upstream.Microsecond), []any{int64(5)}, millis, []any{int64(5)}},
		"unit of floats":   {optional(doubles), []any{nil, 1.775e12}, millis, []any{nil, int64(1_775_000_000_000_000)}},
		"unit of decimals": {
			upstream.Decimal(0, 38, upstream.FixedLenByteArrayType(16)), []any{wideDecimal(0, 5)}, millis, []any{int64(5000)},
		},
	} {
		for form, node := range forms(c.node) {
			for version := 1; version <= 2; version++ {
				got, err := readOne(t, single(t, node, c.in, upstream.DataPageVersion(version)), c.column)
				if diff := cmp.Diff(c.expected, got); err != nil || diff != "" {
					t.Errorf("%s, %s, page version %d: %v %s", name, form, version, err, diff)
				}
			}
		}
	}
}

func TestWhatWouldLoseADigitIsRefusedWithItsRowGroup(t *testing.T) {
	text, integer, float := column(value.Text), column(value.Integer), column(value.Float)
	millis := with(column(value.Timestamp), func(c *rules.Column) { c.Unit = "ms" })
	uuids := with(text, func(c *rules.Column) { c.Encoding = "uuid" })
	wide := upstream.FixedLenByteArrayType(16)
	for name, c := range map[string]struct {
		node    upstream.Node
		fine    any
		loses   any
		column  rules.Column
		expects string
	}{
		"double with a fraction":   {doubles, 1.0, 1.5, integer, "more decimal places"},
		"double beyond its digits": {doubles, 1.0, float64(1 << 53), integer, "too large"},
		"float beyond its digits":  {floats, float32(1), float32(1 << 24), integer, "too large"},
		"infinity":                 {doubles, 1.0, math.Inf(-1), integer, "too large"},
		"half with a fraction":     {halves, [2]byte{0, 0x3C}, [2]byte{0, 0x38}, integer, "more decimal places"},
		"decimal with a fraction": {
			upstream.Decimal(2, 9, upstream.Int32Type), int32(100), int32(101), integer, "more decimal places",
		},
		"wide decimal with one": {
			upstream.Decimal(30, 38, wide), wideDecimal(0, 0), wideDecimal(0, 1), integer, "more decimal places",
		},
		"decimal beyond 63 bits": {
			upstream.Decimal(0, 38, wide), wideDecimal(0, 0), wideDecimal(1, 0), integer, "63 bits",
		},
		"integer that no float is": {int64s, int64(1), int64(1<<53 + 1), float, "more digits than a float"},
		"largest integer":          {int64s, int64(1), int64(math.MaxInt64), float, "more digits than a float"},
		"decimal that no float is": {
			upstream.Decimal(2, 18, upstream.Int64Type), int64(1), int64(1_000_000_000_000_001), float,
			"more digits than a float",
		},
		"double that is no cent": {doubles, 1.0, 19.99, dec(18, 2), "more decimal places"},
		"double above the type":  {doubles, 1.0, 1000.0, dec(5, 2), "more digits than its type"},
		"time with a time of day": {
			upstream.TimestampAdjusted(upstream.Microsecond, false), int64(0), int64(1), column(value.Date), "time of day",
		},
		"float with a part of a unit": {doubles, 1.0, 1.5, millis, "more decimal places"},
		"bytes that are no UUID":      {binaries, "0123456789abcdef", "0123", uuids, "no UUID"},
	} {
		for form, node := range forms(c.node) {
			data := single(t, node, []any{c.fine, c.loses, c.fine}, upstream.MaxRowsPerRowGroup(1))
			_, err := readOne(t, data, c.column)
			if !isDamaged(err) || !strings.Contains(err.Error(), `"table", column "c", row group 1: `) ||
				!strings.Contains(err.Error(), c.expects) {
				t.Errorf("%s, %s: %v", name, form, err)
			}
		}
	}
}

func TestWhatIsNoFormOfATypeIsRefusedAtOnce(t *testing.T) {
	uuids := with(column(value.Text), func(c *rules.Column) { c.Encoding = "uuid" })
	for name, c := range map[string]struct {
		node   upstream.Node
		in     any
		column rules.Column
	}{
		"integer as text":          {int64s, int64(1), column(value.Text)},
		"float as text":            {doubles, 1.0, column(value.Text)},
		"instant as date":          {upstream.Timestamp(upstream.Millisecond), int64(0), column(value.Date)},
		"instant as text":          {upstream.Timestamp(upstream.Millisecond), int64(0), column(value.Text)},
		"boolean as integer":       {upstream.Leaf(upstream.BooleanType), true, column(value.Integer)},
		"decimal places as text":   {upstream.Decimal(2, 9, upstream.Int32Type), int32(1), column(value.Text)},
		"fixed bytes as text":      {fixed16, [16]byte{}, column(value.Text)},
		"3 bytes as UUID":          {upstream.Leaf(upstream.FixedLenByteArrayType(3)), [3]byte{}, uuids},
		"float without unit":       {doubles, 1.0, column(value.Timestamp)},
		"text as date":             {upstream.String(), "2026-04-01", column(value.Date)},
		"required column of nulls": {nulls, nil, column(value.Text)},
	} {
		if _, err := readOne(t, single(t, c.node, []any{c.in}), c.column); !isDamaged(err) ||
			!strings.Contains(err.Error(), "expected") || strings.Contains(err.Error(), "row group") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNumbersSurviveAnyForm draws integers and writes them in every form that holds them: each type reads them or
// refuses, and never reads another number.
func TestNumbersSurviveAnyForm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1<<54, 1<<54), rapid.Int64Range(-3000, 3000)).Draw(r, "n")
		for name, in := range map[string]struct {
			node upstream.Node
			v    any
			n    int64
		}{
			"int32": {int32s, int32(n), int64(int32(n))}, "int64": {int64s, n, n}, "double": {doubles, float64(n), n},
			"float": {floats, float32(n), n}, "uint32": {upstream.Uint(32), uint32(n), int64(uint32(n))},
			"decimal": {upstream.Decimal(0, 38, upstream.FixedLenByteArrayType(16)), wideDecimal(n>>63, uint64(n)), n},
		} {
			data := single(t, in.node, []any{in.v})
			for _, c := range []rules.Column{
				column(value.Integer), column(value.Float), dec(18, 0), dec(18, 3),
				with(column(value.Text), func(c *rules.Column) { c.Role = rules.RoleEventID }),
			} {
				got, err := readOne(t, data, c)
				if err != nil {
					continue
				}
				want := fmt.Sprint(in.n) + strings.Repeat("0", c.Type.Scale)
				if in.n == 0 {
					want = "0"
				}
				text := fmt.Sprint(got[0])
				if f, ok := got[0].(float64); ok {
					text = fmt.Sprintf("%.0f", f)
				}
				if text != want && !(c.Type.Kind == value.Float && (name == "double" || name == "float")) {
					r.Fatalf("%d of %s as %s: %s", n, name, c.Type.Describe(), text)
				}
			}
		}
	})
}

func TestAColumnOfNothingButNullsBindsToAnyOptionalColumn(t *testing.T) {
	allNull := func(n upstream.Node) []byte { return single(t, upstream.Optional(n), []any{nil, nil, nil}) }
	files := map[string][]byte{
		"type NULL": single(t, nulls, []any{nil, nil, nil}), "double": allNull(doubles), "text": allNull(upstream.String()),
		"boolean": allNull(upstream.Leaf(upstream.BooleanType)), "time of day": allNull(upstream.Time(upstream.Millisecond)),
	}
	for name, data := range files {
		for _, kind := range kinds {
			c := with(column(kind), func(c *rules.Column) { c.Optional = true })
			got, err := readOne(t, data, c)
			if diff := cmp.Diff([]any{nil, nil, nil}, got); err != nil || diff != "" {
				t.Errorf("%s as %s: %v %s", name, c.Type.Describe(), err, diff)
			}
		}
	}
}

func TestNullsInStructsListsAndMapsBind(t *testing.T) {
	group := func(n upstream.Node) upstream.Node {
		return upstream.Optional(upstream.Group{"geo": upstream.Optional(n)})
	}
	entry := func(key, v upstream.Node) upstream.Node { return upstream.Group{"key": key, "value": v} }
	slots := upstream.Group{"string_value": nulls, "int_value": upstream.Optional(int64s)}
	param := func(slot string) rules.Column {
		return with(column(value.Text), func(c *rules.Column) { c.Param, c.Slot = "k", slot })
	}
	in := func(path string) rules.Column {
		return with(column(value.Text), func(c *rules.Column) { c.From = path })
	}
	for name, c := range map[string]struct {
		node   upstream.Node
		column rules.Column
	}{
		"member of a struct":  {group(nulls), in("c.geo")},
		"struct":              {group(nulls), in("c.geo.country.city")},
		"struct as null":      {nulls, in("c.geo.country")},
		"struct without any":  {group(nulls), in("c")},
		"list of nulls":       {upstream.Optional(upstream.List(nulls)), in("c")},
		"list as null":        {nulls, param("string")},
		"list of keys only":   {upstream.List(entry(upstream.String(), nulls)), param("string")},
		"list of values only": {upstream.List(entry(nulls, upstream.String())), param("string")},
		"slot of nulls":       {upstream.List(entry(upstream.String(), slots)), param("string")},
		"other slots":         {upstream.List(entry(upstream.String(), slots)), param("text")},
		"map":                 {upstream.Map(upstream.String(), nulls), param("string")},
		"map of any":          {upstream.Map(upstream.String(), nulls), param("text")},
	} {
		data := file(t, upstream.NewSchema("t", upstream.Group{"c": c.node}), emptyRows(c.node, 2))
		c.column.Optional = true
		got, err := readOne(t, data, c.column)
		if diff := cmp.Diff([]any{nil, nil}, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// emptyRows are rows without a single value in any leaf.
func emptyRows(node upstream.Node, n int) (rows []upstream.Row) {
	leaves := len(upstream.NewSchema("t", upstream.Group{"c": node}).Columns())
	for range n {
		var row upstream.Row
		for leaf := range leaves {
			row = append(row, upstream.Value{}.Level(0, 0, leaf))
		}
		rows = append(rows, row)
	}
	return rows
}

func TestAFooterThatLiesAboutNullsIsDamaged(t *testing.T) {
	data := single(t, upstream.Optional(doubles), []any{nil, nil, 1.5})
	v := newVictim(t, "t", data)
	lied := v.assemble(v.parts(), func(m *format.FileMetaData) {
		m.RowGroups[0].Columns[0].MetaData.Statistics.NullCount = 3
	})
	c := with(column(value.Text), func(c *rules.Column) { c.Optional = true })
	if _, err := readOne(t, lied, c); !isDamaged(err) || !strings.Contains(err.Error(), "nothing but nulls") {
		t.Error(err)
	}
}

func TestRowGroupsOfNoRowsHoldNothing(t *testing.T) {
	texts := single(t, upstream.Optional(upstream.String()), []any{"a", nil})
	v := newVictim(t, "t", texts)
	none := func(m *format.FileMetaData) format.RowGroup {
		empty := m.RowGroups[0]
		empty.Columns, empty.NumRows = append([]format.ColumnChunk{}, empty.Columns...), 0
		empty.Columns[0].MetaData.NumValues, empty.Columns[0].MetaData.DataPageOffset = 0, 0
		empty.Columns[0].MetaData.DictionaryPageOffset, empty.Columns[0].MetaData.TotalCompressedSize = 0, 0
		return empty
	}
	around := v.assemble(v.parts(), func(m *format.FileMetaData) {
		m.RowGroups = append([]format.RowGroup{none(m)}, m.RowGroups[0], none(m))
	})
	only := v.assemble(v.parts(), func(m *format.FileMetaData) { m.RowGroups = []format.RowGroup{none(m)} })
	for _, kind := range kinds {
		absent := with(column(kind), func(c *rules.Column) { c.From = "absent" })
		for name, data := range map[string][]byte{"only": only, "none at all": single(t, nulls, nil)} {
			for _, c := range []rules.Column{column(kind), absent} {
				if got, err := readOne(t, data, c); err != nil || len(got) != 0 {
					t.Errorf("%s as %s: %v %v", name, c.Type.Describe(), got, err)
				}
			}
		}
	}
	if got, err := readOne(t, around, column(value.Text)); err != nil || !cmp.Equal(got, []any{"a", nil}) {
		t.Error(got, err)
	}
	lying := v.assemble(v.parts(), func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 0 })
	if _, err := readOne(t, lying, column(value.Text)); !isDamaged(err) {
		t.Error(err)
	}
}

func TestKeysWithoutAValueInTheFooterAreNoFault(t *testing.T) {
	data := single(t, upstream.String(), []any{"a"}, upstream.KeyValueMetadata("owner", "\x7f"))
	v := newVictim(t, "t", data)
	chunk := v.assemble(v.parts(), func(m *format.FileMetaData) {
		m.RowGroups[0].Columns[0].MetaData.KeyValueMetadata = []format.KeyValue{{Key: "owner", Value: "\x7f"}}
	})
	for name, with := range map[string][]byte{"file": data, "file and chunk": chunk} {
		without := bytes.ReplaceAll(with, []byte("owner\x18\x01\x7f"), []byte("owner"))
		length := binary.LittleEndian.Uint32(with[len(with)-8:]) - uint32(len(with)-len(without))
		binary.LittleEndian.PutUint32(without[len(without)-8:], length)
		if len(without) == len(with) {
			t.Errorf("%s: no key to take the value from", name)
		}
		if got, err := readOne(t, without, column(value.Text)); err != nil || !cmp.Equal(got, []any{"a"}) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestNamesOfAnySignAreFound(t *testing.T) {
	inner := upstream.Group{"f g": upstream.String()}
	deep := upstream.Group{"c.d": upstream.String(), "c`d": upstream.String(), "e": inner}
	schema := upstream.NewSchema("t", upstream.Group{
		"Device ID": upstream.String(), "a.b": deep, `say "it's", (ä)`: upstream.String(),
	})
	names := []string{}
	for _, path := range schema.Columns() {
		names = append(names, strings.Join(path, "|"))
	}
	var row upstream.Row
	for i, name := range names {
		row = append(row, upstream.ValueOf(name).Level(0, 0, i))
	}
	data := file(t, schema, []upstream.Row{row})
	for from, want := range map[string]string{
		"Device ID": "Device ID", "`Device ID`": "Device ID", `say "it's", (ä)`: `say "it's", (ä)`,
		"`a.b`.c.d": "a.b|c.d", "`a.b`.`c.d`": "a.b|c.d", "a.b.c.d": "a.b|c.d", "a.b.`c.d`": "a.b|c.d",
		"`a.b`.`c``d`": "a.b|c`d", "a.b.e.f g": "a.b|e|f g", "`a.b`.e.`f g`": "a.b|e|f g",
		"`a.b.c.d`": "", "`a`.b.c.d": "", "`a.b`.`e.f g`": "",
	} {
		got, err := readOne(t, data, with(column(value.Text), func(c *rules.Column) { c.From = from }))
		if want == "" && isDamaged(err) && strings.Contains(err.Error(), from) {
			continue
		}
		if err != nil || !cmp.Equal(got, []any{want}) {
			t.Errorf("%s: %v %v", from, got, err)
		}
	}
}
