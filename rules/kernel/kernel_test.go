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
)

// cell is one value as the test knows it, beside the array that holds it.
type cell struct {
	value rules.Value
	null  bool
}

// draws says how a value of each kind is drawn and how it gets into an array.
var draws = map[rules.Kind]func(t *rapid.T) rules.Value{
	rules.Integer:   func(t *rapid.T) rules.Value { return rules.Value{Kind: rules.Integer, Int: small(t)} },
	rules.Decimal:   func(t *rapid.T) rules.Value { return rules.Value{Kind: rules.Decimal, Int: small(t)} },
	rules.Timestamp: func(t *rapid.T) rules.Value { return rules.Value{Kind: rules.Timestamp, Int: small(t) * 3_600_000_000} },
	rules.Date:      func(t *rapid.T) rules.Value { return rules.Value{Kind: rules.Date, Int: small(t)} },
	rules.Boolean: func(t *rapid.T) rules.Value {
		return rules.Value{Kind: rules.Boolean, Int: rapid.Int64Range(0, 1).Draw(t, "flag")}
	},
	rules.Float: func(t *rapid.T) rules.Value {
		return rules.Value{Kind: rules.Float, Float: rapid.SampledFrom([]float64{
			0, math.Copysign(0, -1), 1, 1.5, -2, math.Inf(1), math.Inf(-1), math.NaN(), 0.1, 1e300,
		}).Draw(t, "float")}
	},
}

// small values come in runs of equals, and around the zero with which the loops begin.
func small(t *rapid.T) int64 { return rapid.Int64Range(-3, 3).Draw(t, "number") }

// arrayOf builds the array of some cells as the reader hands it over; cut wraps it in a slice of a longer array.
func arrayOf(kind rules.Kind, cells []cell, cut int64) arrow.Array {
	types := map[rules.Kind]arrow.DataType{
		rules.Integer: arrow.PrimitiveTypes.Int64, rules.Decimal: arrow.PrimitiveTypes.Int64, rules.Timestamp: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
		rules.Date: arrow.FixedWidthTypes.Date32, rules.Boolean: arrow.FixedWidthTypes.Boolean, rules.Float: arrow.PrimitiveTypes.Float64,
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
func drawTest(t *rapid.T, kind rules.Kind) *rules.Test {
	of := rules.Type{Kind: kind, Precision: 18, Scale: 2}
	test := &rules.Test{Term: rules.Term{Column: "x", Type: of, Of: of}, Not: rapid.Bool().Draw(t, "not")}
	ops := []rules.Op{rules.OpEqual, rules.OpLess, rules.OpLessEqual, rules.OpGreater, rules.OpGreaterEqual, rules.OpIn, rules.OpBetween, rules.OpIsNull}
	if kind == rules.Boolean {
		ops = []rules.Op{rules.OpEqual, rules.OpIsNull, rules.OpIsTrue, rules.OpIsFalse}
	}
	literal := func() rules.Value {
		return rapid.Custom(draws[kind]).Filter(func(v rules.Value) bool { return !math.IsNaN(v.Float) }).Draw(t, "literal")
	}
	test.Op = rapid.SampledFrom(ops).Draw(t, "operator")
	switch test.Op {
	case rules.OpIsNull, rules.OpIsTrue, rules.OpIsFalse:
	case rules.OpIn:
		for range rapid.IntRange(0, 3).Draw(t, "literals") {
			test.Args = append(test.Args, literal())
		}
	case rules.OpBetween:
		test.Args = []rules.Value{literal(), literal()}
	default:
		test.Args = []rules.Value{literal()}
	}
	return test
}

func TestAnArrayOfAnyKindIsTestedAsItsRowsAre(t *testing.T) {
	for kind, draw := range draws {
		t.Run(rules.Type{Kind: kind}.String(), func(t *testing.T) {
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
				out := make([]rules.Truth, len(sel))
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
	of := rules.Type{Kind: rules.Text}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "ab", "B", "\xff", "ä"}).Draw(t, "text")
		literal := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "literal")
		test := &rules.Test{
			Term: rules.Term{Column: "x", Type: of, Of: of}, Op: rapid.SampledFrom([]rules.Op{rules.OpEqual, rules.OpStartsWith, rules.OpIsNull}).Draw(t, "operator"),
			Args: []rules.Value{{Kind: rules.Text, Text: literal}},
		}
		row, err := builtin.CompileTest(test, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, null := rules.False, rules.Unknown
		switch test.Op {
		case rules.OpEqual:
			want = truth(text == literal)
		case rules.OpStartsWith:
			want = truth(strings.HasPrefix(text, literal))
		default:
			null = rules.True
		}
		k := kernel.New(rules.Text, row)
		if got := k.Text(text); got != want {
			t.Fatalf("%s over %q: %d, want %d", test, text, got, want)
		}
		if got := k.Null(); got != null {
			t.Fatalf("%s over null: %d, want %d", test, got, null)
		}
	})
}

func truth(b bool) rules.Truth {
	if b {
		return rules.True
	}
	return rules.False
}

func TestAnArrayWithoutAKernelIsRefused(t *testing.T) {
	b := array.NewInt32Builder(memory.DefaultAllocator)
	b.Append(1)
	test := kernel.New(rules.Integer, func(rules.Value, bool) rules.Truth { return rules.True })
	if err := test.Rows(b.NewArray(), []uint32{0}, make([]rules.Truth, 1)); err == nil {
		t.Error("an array of int32 was tested")
	}
}
