package rules

import (
	"cmp"
	"slices"
	"strings"
)

// settle turns a test with typed arguments into its normal form: one spelling for one meaning. A number between two
// values of the column's scale becomes the neighbour that means the same.
// It returns false after an error.
func (b *binder) settle(t *Test, c *comparison, args []argument) bool {
	switch t.Op {
	case OpBetween:
		low, high := args[0], args[1]
		if compareArguments(low, high) > 0 {
			b.fault("E-CONTRADICTION", c.span, "nothing lies between a higher and a lower value",
				fix(b.written(c.term.span)+" between "+b.written(c.literals[1].span)+" and "+b.written(c.literals[0].span)))
			return false
		}
		if low.inexact {
			low.Int++
		}
		if compareValues(low.Value, high.Value) > 0 {
			t.Op = OpIn
			return true
		}
		t.Args = []Value{low.Value, high.Value}
	case OpEqual, OpIn:
		t.Args = exactValues(args)
		t.Op = OpIn
		if len(t.Args) == 1 {
			t.Op = OpEqual
		}
	default:
		a := args[0]
		if a.inexact {
			switch t.Op {
			case OpLess:
				t.Op = OpLessEqual
			case OpGreater, OpGreaterEqual:
				t.Op = OpGreaterEqual
				a.Int++
			}
		}
		t.Args = []Value{a.Value}
		if t.Not {
			t.Not = false
			t.negate()
		}
	}
	return true
}

// exactValues returns the values that the column can have, sorted and distinct; nil if there are none.
func exactValues(args []argument) []Value {
	var values []Value
	for _, a := range args {
		if !a.inexact {
			values = append(values, a.Value)
		}
	}
	slices.SortFunc(values, compareValues)
	return slices.CompactFunc(values, func(a, b Value) bool { return compareValues(a, b) == 0 })
}

// compareValues orders values of one kind.
func compareValues(a, b Value) int {
	switch a.Kind {
	case Text:
		return strings.Compare(a.Text, b.Text)
	case Float:
		return cmp.Compare(a.Float, b.Float)
	}
	return cmp.Compare(a.Int, b.Int)
}

func compareArguments(a, b argument) int {
	if c := compareValues(a.Value, b.Value); c != 0 || a.inexact == b.inexact {
		return c
	}
	if a.inexact {
		return 1
	}
	return -1
}

// opposites are the operators whose negation is another operator, unknown staying unknown.
var opposites = map[Op]Op{
	OpLess: OpGreaterEqual, OpLessEqual: OpGreater, OpGreater: OpLessEqual, OpGreaterEqual: OpLess,
}

// negate turns the test into its negation.
func (t *Test) negate() {
	if op, ok := opposites[t.Op]; ok {
		t.Op = op
	} else {
		t.Not = !t.Not
	}
}
