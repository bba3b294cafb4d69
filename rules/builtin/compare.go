package builtin

import (
	"cmp"
	"strings"

	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "=", Op: where.OpEqual, Null: value.Unknown,
	Doc: "The value equals the literal. Text is compared byte by byte, letter case counts; decimals compare exactly. " +
		"`!=` is its negation. A missing value makes both unknown.",
	Examples: []OperatorExample{
		{"x = 'spring'", "'spring'", value.True},
		{"x = 'spring'", "'Spring'", value.False},
		{"x = 'spring'", "''", value.False},
		{"x = 'spring'", "null", value.Unknown},
		{"x != 'spring'", "null", value.Unknown},
		{"x = 0.30", "0.3", value.True},
	},
	Compile: comparing(func(c int) bool { return c == 0 }),
	SQL:     comparison("="),
})

var _ = defineOperator(Operator{
	Name: "<", Op: where.OpLess, Null: value.Unknown,
	Doc: "The value is smaller than the literal; dates and times: earlier; text: sorts before it, byte by byte.",
	Examples: []OperatorExample{
		{"x < 10", "9", value.True}, {"x < 10", "10", value.False}, {"x < 'b'", "'ab'", value.True},
	},
	Compile: comparing(func(c int) bool { return c < 0 }),
	SQL:     comparison("<"),
})

var _ = defineOperator(Operator{
	Name: "<=", Op: where.OpLessEqual, Null: value.Unknown,
	Doc:      "The value is smaller than the literal or equal to it.",
	Examples: []OperatorExample{{"x <= 10", "10", value.True}, {"x <= 10", "11", value.False}},
	Compile:  comparing(func(c int) bool { return c <= 0 }),
	SQL:      comparison("<="),
})

var _ = defineOperator(Operator{
	Name: ">", Op: where.OpGreater, Null: value.Unknown,
	Doc: "The value is greater than the literal.",
	Examples: []OperatorExample{
		{"x > 10", "10", value.False}, {"x > 10", "11", value.True}, {"x > 10", "null", value.Unknown},
	},
	Compile: comparing(func(c int) bool { return c > 0 }),
	SQL:     comparison(">"),
})

var _ = defineOperator(Operator{
	Name: ">=", Op: where.OpGreaterEqual, Null: value.Unknown,
	Doc: "The value is greater than the literal or equal to it.",
	Examples: []OperatorExample{
		{"x >= date '2026-04-01'", "date '2026-04-01'", value.True}, {"x >= 10", "9", value.False},
	},
	Compile: comparing(func(c int) bool { return c >= 0 }),
	SQL:     comparison(">="),
})

// comparing compiles a test of how a value compares with one literal.
func comparing(holds func(int) bool) func([]value.Value) (func(value.Value) bool, error) {
	return func(args []value.Value) (func(value.Value) bool, error) {
		arg := args[0]
		return func(v value.Value) bool { return holds(compare(v, arg)) }, nil
	}
}

// comparison writes that test.
func comparison(sign string) func(*sql.Dialect, string, []value.Value) (string, error) {
	return func(d *sql.Dialect, x string, args []value.Value) (string, error) {
		return x + " " + sign + " " + d.Literal(args[0]), nil
	}
}

// compare orders two values of one kind.
func compare(a, b value.Value) int {
	switch a.Kind {
	case value.Text:
		return strings.Compare(a.Text, b.Text)
	case value.Float:
		return cmp.Compare(a.Float, b.Float)
	}
	return cmp.Compare(a.Int, b.Int)
}
