// Package kernel holds the fast form of tests on one row: an Arrow array comes in, a truth per value goes out.
//
// Text arrives as dictionary arrays, so a test on text runs once per distinct value; numbers, dates and times run in
// plain loops over their slices. The package knows no YAML, no function names and no consent.
package kernel

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules/value"
)

// Row is the plain meaning of a test: one value (or null) to a truth. It must be a pure function.
type Row func(v value.Value, null bool) value.Truth

// Test evaluates one bound test over arrays of its column.
type Test struct {
	row  Row
	kind value.Kind
}

// New returns the test whose plain meaning is row, over a column of the given kind.
func New(kind value.Kind, row Row) Test { return Test{row: row, kind: kind} }

// Null is the truth for a row without a value.
func (t Test) Null() value.Truth { return t.row(value.Value{Kind: t.kind}, true) }

// Text is the truth for one text value.
func (t Test) Text(s string) value.Truth { return t.row(value.Value{Kind: value.Text, Text: s}, false) }

// Rows writes the truth of values[sel[i]] to out[i]; the array must be of the column's kind and not text. Runs of equal
// neighbours (frequent in dates, flags and small numbers) are tested once.
func (t Test) Rows(values arrow.Array, sel []uint32, out []value.Truth) error {
	null := t.Null()
	switch a := values.(type) {
	case *array.Int64:
		t.ints(a.Int64Values(), a, sel, null, out)
	case *array.Timestamp:
		// arrow.Timestamp is an int64 of microseconds here; the loop is written out because Go has no view of the slice.
		last, truth := int64(0), t.row(value.Value{Kind: t.kind}, false)
		v := a.TimestampValues()
		for i, r := range sel {
			if x := int64(v[r]); x != last {
				last, truth = x, t.row(value.Value{Kind: t.kind, Int: x}, false)
			}
			out[i] = pickTruth(a, r, truth, null)
		}
	case *array.Date32:
		v := a.Date32Values()
		for i, r := range sel {
			out[i] = pickTruth(a, r, t.row(value.Value{Kind: t.kind, Int: int64(v[r])}, false), null)
		}
	case *array.Float64:
		v := a.Float64Values()
		for i, r := range sel {
			out[i] = pickTruth(a, r, t.row(value.Value{Kind: t.kind, Float: v[r]}, false), null)
		}
	case *array.Boolean:
		truths := [2]value.Truth{t.row(value.Value{Kind: t.kind}, false), t.row(value.Value{Kind: t.kind, Int: 1}, false)}
		for i, r := range sel {
			b := 0
			if a.Value(int(r)) {
				b = 1
			}
			out[i] = pickTruth(a, r, truths[b], null)
		}
	default:
		return fmt.Errorf("test a column: no kernel for arrays of %s", values.DataType())
	}
	return nil
}

func (t Test) ints(v []int64, a arrow.Array, sel []uint32, null value.Truth, out []value.Truth) {
	last, truth := int64(0), t.row(value.Value{Kind: t.kind}, false)
	for i, r := range sel {
		if x := v[r]; x != last {
			last, truth = x, t.row(value.Value{Kind: t.kind, Int: x}, false)
		}
		out[i] = pickTruth(a, r, truth, null)
	}
}

func pickTruth(a arrow.Array, r uint32, value, null value.Truth) value.Truth {
	if a.NullN() > 0 && a.IsNull(int(r)) {
		return null
	}
	return value
}
