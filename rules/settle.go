package rules

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// settle turns a test with typed arguments into its normal form: one spelling for one meaning. A number between two
// values of the column's scale becomes the neighbour that means the same.
// It returns false after an error.
func (b *binder) settle(t *Test, c *where.Comparison, args []argument) bool {
	switch t.Op {
	case where.OpBetween:
		low, high := args[0], args[1]
		if compareArguments(low, high) > 0 {
			b.fault("E-CONTRADICTION", c.Span, "nothing lies between a higher and a lower value",
				source.Fix(b.written(c.Term.Span)+" between "+b.written(c.Literals[1].Span)+" and "+b.written(c.Literals[0].Span)))
			return false
		}
		if low.inexact {
			low.Int++
		}
		if value.Compare(low.Value, high.Value) > 0 {
			t.Op = where.OpIn
			return true
		}
		t.Args = []value.Value{low.Value, high.Value}
	case where.OpEqual, where.OpIn:
		t.Args = exactValues(args)
		t.Op = where.OpIn
		if len(t.Args) == 1 {
			t.Op = where.OpEqual
		}
	default:
		a := args[0]
		if a.inexact {
			switch t.Op {
			case where.OpLess:
				t.Op = where.OpLessEqual
			case where.OpGreater, where.OpGreaterEqual:
				t.Op = where.OpGreaterEqual
				a.Int++
			}
		}
		t.Args = []value.Value{a.Value}
		if t.Not {
			t.Not = false
			t.negate()
		}
	}
	return true
}

// exactValues returns the values that the column can have, sorted and distinct; nil if there are none.
func exactValues(args []argument) []value.Value {
	var values []value.Value
	for _, a := range args {
		if !a.inexact {
			values = append(values, a.Value)
		}
	}
	slices.SortFunc(values, value.Compare)
	return slices.CompactFunc(values, func(a, b value.Value) bool { return value.Compare(a, b) == 0 })
}

func compareArguments(a, b argument) int {
	if c := value.Compare(a.Value, b.Value); c != 0 || a.inexact == b.inexact {
		return c
	}
	if a.inexact {
		return 1
	}
	return -1
}

// opposites are the operators whose negation is another operator, unknown staying unknown.
var opposites = map[where.Op]where.Op{
	where.OpLess: where.OpGreaterEqual, where.OpLessEqual: where.OpGreater, where.OpGreater: where.OpLessEqual, where.OpGreaterEqual: where.OpLess,
}

// negate turns the test into its negation.
func (t *Test) negate() {
	if op, ok := opposites[t.Op]; ok {
		t.Op = op
	} else {
		t.Not = !t.Not
	}
}
