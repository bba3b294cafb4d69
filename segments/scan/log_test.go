package scan_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the oracle's clocks must not depend on the machine
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// logRow is one row as the tests know it, by column: string, int64 (numbers, times, dates and booleans as rules.Value
// has them), float64, or nil for null.
type logRow map[string]any

// logGroup is a row group in the form that pipeline/parquet hands over.
type logGroup struct {
	rows      []logRow
	arrays    map[string]arrow.Array
	statistic bool    // bounds and null counts are known
	oversized []int32 // rows whose page is too large
	paged     bool    // the page was decoded
}

func (g *logGroup) Rows() int { return len(g.rows) }

func (g *logGroup) Oversized() []int32 {
	if !g.paged {
		return nil
	}
	return g.oversized
}

func (g *logGroup) OversizedIn() []string {
	if len(g.Oversized()) == 0 {
		return nil
	}
	return []string{"page"}
}

func (g *logGroup) Column(name string) (arrow.Array, error) {
	g.paged = g.paged || name == "page"
	a, ok := g.arrays[name]
	if !ok {
		return nil, fmt.Errorf("there is no column %s", name)
	}
	return a, nil
}

func (g *logGroup) Bounds(column string) (lo, hi int64, ok bool) {
	lo, hi = math.MaxInt64, math.MinInt64
	for _, r := range g.rows {
		if v, is := r[column].(int64); is {
			lo, hi, ok = min(lo, v), max(hi, v), true
		}
	}
	return lo, hi, ok && g.statistic
}

func (g *logGroup) Nulls(column string) (n int, ok bool) {
	for _, r := range g.rows {
		if r[column] == nil {
			n++
		}
	}
	return n, g.statistic
}

// newGroup decodes rows into arrays; how a dictionary is laid out is drawn.
func newGroup(t *rapid.T, schema *rules.Schema, rows []logRow) *logGroup {
	g := &logGroup{rows: rows, arrays: map[string]arrow.Array{}, statistic: rapid.Bool().Draw(t, "statistics")}
	for _, c := range schema.Columns {
		if c.Type.Kind == value.Text {
			g.arrays[c.Name] = textArray(t, rows, c.Name)
		} else {
			g.arrays[c.Name] = numberArray(rows, c)
		}
	}
	return g
}

// scribble overwrites the texts, as the reader does when its cursor moves: whoever kept one without a copy loses it.
func (g *logGroup) scribble() {
	for _, a := range g.arrays {
		if d, ok := a.(*array.Dictionary); ok {
			for i, text := 0, d.Dictionary().Data().Buffers()[2].Bytes(); i < len(text); i++ {
				text[i] = '#'
			}
		}
	}
}

// textArray is a dictionary with unused entries, entries that are there twice, and null as the last one where needed.
func textArray(t *rapid.T, rows []logRow, name string) arrow.Array {
	entries := []string{"unused"}
	for _, r := range rows {
		if v, ok := r[name].(string); ok && (!slices.Contains(entries, v) || rapid.IntRange(0, 9).Draw(t, "again") == 0) {
			entries = append(entries, v)
		}
	}
	entries = rapid.Permutation(entries).Draw(t, "dictionary of "+name)
	dict := array.NewStringBuilder(memory.DefaultAllocator)
	for _, e := range entries {
		dict.Append(e)
	}
	codes := array.NewInt32Builder(memory.DefaultAllocator)
	null := int32(-1)
	for _, r := range rows {
		v, ok := r[name].(string)
		if !ok && null < 0 {
			null = int32(len(entries))
			dict.AppendNull()
		}
		if !ok {
			codes.Append(null)
			continue
		}
		var at []int32
		for i, e := range entries {
			if e == v {
				at = append(at, int32(i))
			}
		}
		codes.Append(at[rapid.IntRange(0, len(at)-1).Draw(t, "which entry")])
	}
	of := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	return array.NewDictionaryArray(of, codes.NewArray(), dict.NewArray())
}

func numberArray(rows []logRow, c rules.Column) arrow.Array {
	types := map[value.Kind]arrow.DataType{
		value.Integer: arrow.PrimitiveTypes.Int64, value.Decimal: arrow.PrimitiveTypes.Int64,
		value.Float: arrow.PrimitiveTypes.Float64, value.Timestamp: &arrow.TimestampType{
			Unit: arrow.Microsecond, TimeZone: "UTC",
		}, value.Date: arrow.FixedWidthTypes.Date32,
		value.Boolean: arrow.FixedWidthTypes.Boolean,
	}
	b := array.NewBuilder(memory.DefaultAllocator, types[c.Type.Kind])
	for _, r := range rows {
		if r[c.Name] == nil {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.Int64Builder:
			b.Append(r[c.Name].(int64))
		case *array.Float64Builder:
			b.Append(r[c.Name].(float64))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(r[c.Name].(int64)))
		case *array.Date32Builder:
			b.Append(arrow.Date32(r[c.Name].(int64)))
		case *array.BooleanBuilder:
			b.Append(r[c.Name].(int64) == 1)
		}
	}
	return b.NewArray()
}

// passes is SQL logic over one row, by the words of docs/language.md, Missing values.
func passes(e rules.Expr, r logRow, zone *value.Zone) value.Truth {
	switch e := e.(type) {
	case rules.And:
		out := value.True
		for _, term := range e {
			switch v := passes(term, r, zone); {
			case v == value.False:
				return value.False
			case v == value.Unknown:
				out = v
			}
		}
		return out
	case rules.Or:
		out := value.False
		for _, term := range e {
			switch v := passes(term, r, zone); {
			case v == value.True:
				return value.True
			case v == value.Unknown:
				out = v
			}
		}
		return out
	case *rules.Test:
		out := holds(e, called(e.Term, r[e.Term.Column], zone))
		if e.Not && out != value.Unknown {
			out = value.True - out
		}
		return out
	}
	return value.True // no `where`
}

// called is the function of a term over a value.
func called(term rules.Term, v any, zone *value.Zone) any {
	if v == nil || term.Function == "" {
		return v
	}
	if local, ok := strings.CutPrefix(term.Function, "local."); ok {
		place, err := time.LoadLocation(zone.Name())
		if err != nil {
			panic(err)
		}
		at := time.UnixMicro(v.(int64)).In(place)
		switch local {
		case "hour":
			return int64(at.Hour())
		case "weekday":
			return int64(at.Weekday()+6) % 7
		default:
			return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC).Unix() / 86400
		}
	}
	if term.Function == "lower" {
		return strings.ToLower(v.(string))
	}
	return int64(utf8.RuneCountInString(v.(string)))
}

func holds(test *rules.Test, v any) value.Truth {
	if f, ok := v.(float64); ok && f != f {
		v = nil
	}
	var ok bool
	switch {
	case test.Op == where.OpIsNull:
		ok = v == nil
	case test.Op == where.OpIsTrue:
		ok = v == int64(1)
	case test.Op == where.OpIsFalse:
		ok = v == int64(0)
	case v == nil:
		return value.Unknown
	default:
		ok = compares(test, v)
	}
	if ok {
		return value.True
	}
	return value.False
}

func compares(test *rules.Test, v any) bool {
	against := func(i int) int {
		switch v := v.(type) {
		case string:
			return strings.Compare(v, test.Args[i].Text)
		case float64:
			switch arg := test.Args[i].Float; {
			case v < arg:
				return -1
			case v > arg:
				return 1
			}
			return 0
		}
		return cmp.Compare(v.(int64), test.Args[i].Int)
	}
	switch test.Op {
	case where.OpEqual:
		return against(0) == 0
	case where.OpLess:
		return against(0) < 0
	case where.OpGreaterEqual:
		return against(0) >= 0
	case where.OpBetween:
		return against(0) >= 0 && against(1) <= 0
	case where.OpStartsWith:
		return strings.HasPrefix(v.(string), test.Args[0].Text)
	}
	for i := range test.Args {
		if against(i) == 0 {
			return true
		}
	}
	return false
}
