package kernel_test

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// cell is one value as the test knows it, beside the array that holds it.
type cell struct {
	value value.Value
	null  bool
}

// draws says how a value of each kind is drawn and how it gets into an array.
var draws = map[value.Kind]func(t *rapid.T) value.Value{
	value.Integer: func(t *rapid.T) value.Value { return value.Value{Kind: value.Integer, Int: small(t)} },
	value.Decimal: func(t *rapid.T) value.Value { return value.Value{Kind: value.Decimal, Int: small(t)} },
	value.Timestamp: func(t *rapid.T) value.Value {
		return value.Value{Kind: value.Timestamp, Int: small(t) * 3_600_000_000}
	},
	value.Date: func(t *rapid.T) value.Value { return value.Value{Kind: value.Date, Int: small(t)} },
	value.Boolean: func(t *rapid.T) value.Value {
		return value.Value{Kind: value.Boolean, Int: rapid.Int64Range(0, 1).Draw(t, "flag")}
	},
	value.Float: func(t *rapid.T) value.Value {
		return value.Value{Kind: value.Float, Float: rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), 1, 1.5, -2, math.Inf(1), math.Inf(-1), math.NaN(), 0.1, 1e300,
		}).Draw(t, "float")}
	},
}

// small values come in runs of equals, and around the zero with which the loops begin.
func small(t *rapid.T) int64 { return rapid.Int64Range(-3, 3).Draw(t, "number") }

// arrayOf builds the array of some cells as the reader hands it over; cut wraps it in a slice of a longer array.
func arrayOf(kind value.Kind, cells []cell, cut int64) arrow.Array {
	types := map[value.Kind]arrow.DataType{
		value.Integer: arrow.PrimitiveTypes.Int64, value.Decimal: arrow.PrimitiveTypes.Int64,
		value.Timestamp: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
		value.Date:      arrow.FixedWidthTypes.Date32, value.Boolean: arrow.FixedWidthTypes.Boolean,
		value.Float: arrow.PrimitiveTypes.Float64,
	}
	b := array.NewBuilder(memory.DefaultAllocator, types[kind])
	for i := range cut {
		if i%2 == 0 {
			b.AppendNull()
		} else {
			b.AppendEmptyValue()
		}
	}
	for _, c := range cells {
		if c.null {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.Int64Builder:
			b.Append(c.value.Int)
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(c.value.Int))
		case *array.Date32Builder:
			b.Append(arrow.Date32(c.value.Int))
		case *array.BooleanBuilder:
			b.Append(c.value.Int == 1)
		case *array.Float64Builder:
			b.Append(c.value.Float)
		}
	}
	return array.NewSlice(b.NewArray(), cut, cut+int64(len(cells)))
}

// drawTest draws a test that fits a column of the kind.
func drawTest(t *rapid.T, kind value.Kind) *rules.Test {
	of := value.Type{Kind: kind, Precision: 18, Scale: 2}
	test := &rules.Test{Term: rules.Term{Column: "x", Type: of, Of: of}, Not: rapid.Bool().Draw(t, "not")}
	ops := []where.Op{
		where.OpEqual, where.OpLess, where.OpLessEqual, where.OpGreater, where.OpGreaterEqual, where.OpIn, where.OpBetween,
		where.OpIsNull,
	}
	if kind == value.Boolean {
		ops = []where.Op{where.OpEqual, where.OpIsNull, where.OpIsTrue, where.OpIsFalse}
	}
	literal := func() value.Value {
		return rapid.Custom(draws[kind]).Filter(func(v value.Value) bool { return !math.IsNaN(v.Float) }).Draw(t, "literal")
	}
	test.Op = rapid.SampledFrom(ops).Draw(t, "operator")
	switch test.Op {
	case where.OpIsNull, where.OpIsTrue, where.OpIsFalse:
	case where.OpIn:
		for range rapid.IntRange(0, 3).Draw(t, "literals") {
			test.Args = append(test.Args, literal())
		}
	case where.OpBetween:
		test.Args = []value.Value{literal(), literal()}
	default:
		test.Args = []value.Value{literal()}
	}
	return test
}

func TestAnArrayOfAnyKindIsTestedAsItsRowsAre(t *testing.T) {
	for kind, draw := range draws {
		t.Run(value.Type{Kind: kind}.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				test := drawTest(t, kind)
				row, err := builtin.CompileTest(test, nil)
				if err != nil {
					t.Fatal(err)
				}
				var cells []cell
				for range rapid.IntRange(0, 20).Draw(t, "rows") {
					c := cell{null: rapid.IntRange(0, 4).Draw(t, "null") == 0}
					if !c.null {
						c.value = draw(t)
					}
					cells = append(cells, c)
				}
				a := arrayOf(kind, cells, rapid.Int64Range(0, 9).Draw(t, "rows before"))
				var sel []uint32
				for i := range cells {
					if rapid.IntRange(0, 3).Draw(t, "selected") > 0 {
						sel = append(sel, uint32(i))
					}
				}
				out := make([]value.Truth, len(sel))
				if err := kernel.New(kind, row).Rows(a, sel, out); err != nil {
					t.Fatal(err)
				}
				for i, r := range sel {
					if want := row(cells[r].value, cells[r].null); out[i] != want {
						t.Fatalf("%s, row %d, %+v: %d, want %d", test, r, cells[r], out[i], want)
					}
				}
			})
		})
	}
}

func TestTextIsTestedByValue(t *testing.T) {
	of := value.Type{Kind: value.Text}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "ab", "B", "\xff", "ä"}).Draw(t, "text")
		literal := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "literal")
		test := &rules.Test{
			Term: rules.Term{
				Column: "x", Type: of, Of: of,
			}, Op: rapid.SampledFrom([]where.Op{where.OpEqual, where.OpStartsWith, where.OpIsNull}).Draw(t, "operator"),
			Args: []value.Value{{Kind: value.Text, Text: literal}},
		}
		row, err := builtin.CompileTest(test, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, null := value.False, value.Unknown
		switch test.Op {
		case where.OpEqual:
			want = truth(text == literal)
		case where.OpStartsWith:
			want = truth(strings.HasPrefix(text, literal))
		default:
			null = value.True
		}
		k := kernel.New(value.Text, row)
		if got := k.Text(text); got != want {
			t.Fatalf("%s over %q: %d, want %d", test, text, got, want)
		}
		if got := k.Null(); got != null {
			t.Fatalf("%s over null: %d, want %d", test, got, null)
		}
	})
}

func truth(b bool) value.Truth {
	if b {
		return value.True
	}
	return value.False
}

func TestAnArrayWithoutAKernelIsRefused(t *testing.T) {
	b := array.NewInt32Builder(memory.DefaultAllocator)
	b.Append(1)
	test := kernel.New(value.Integer, func(value.Value, bool) value.Truth { return value.True })
	if err := test.Rows(b.NewArray(), []uint32{0}, make([]value.Truth, 1)); err == nil {
		t.Error("an array of int32 was tested")
	}
}
