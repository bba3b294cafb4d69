package builtin

import (
	"cmp"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "=", Op: rules.OpEqual, Null: rules.Unknown,
	Doc: "The value equals the literal. Text is compared byte by byte, letter case counts; decimals compare exactly. " +
		"`!=` is its negation. A missing value makes both unknown.",
	Examples: []OperatorExample{
		{"x = 'spring'", "'spring'", rules.True},
		{"x = 'spring'", "'Spring'", rules.False},
		{"x = 'spring'", "''", rules.False},
		{"x = 'spring'", "null", rules.Unknown},
		{"x != 'spring'", "null", rules.Unknown},
		{"x = 0.30", "0.3", rules.True},
	},
	Compile: comparing(func(c int) bool { return c == 0 }),
	SQL:     comparison("="),
})

var _ = defineOperator(Operator{
	Name: "<", Op: rules.OpLess, Null: rules.Unknown,
	Doc:      "The value is smaller than the literal; dates and times: earlier; text: sorts before it, byte by byte.",
	Examples: []OperatorExample{{"x < 10", "9", rules.True}, {"x < 10", "10", rules.False}, {"x < 'b'", "'ab'", rules.True}},
	Compile:  comparing(func(c int) bool { return c < 0 }),
	SQL:      comparison("<"),
})

var _ = defineOperator(Operator{
	Name: "<=", Op: rules.OpLessEqual, Null: rules.Unknown,
	Doc:      "The value is smaller than the literal or equal to it.",
	Examples: []OperatorExample{{"x <= 10", "10", rules.True}, {"x <= 10", "11", rules.False}},
	Compile:  comparing(func(c int) bool { return c <= 0 }),
	SQL:      comparison("<="),
})

var _ = defineOperator(Operator{
	Name: ">", Op: rules.OpGreater, Null: rules.Unknown,
	Doc:      "The value is greater than the literal.",
	Examples: []OperatorExample{{"x > 10", "10", rules.False}, {"x > 10", "11", rules.True}, {"x > 10", "null", rules.Unknown}},
	Compile:  comparing(func(c int) bool { return c > 0 }),
	SQL:      comparison(">"),
})

var _ = defineOperator(Operator{
	Name: ">=", Op: rules.OpGreaterEqual, Null: rules.Unknown,
	Doc:      "The value is greater than the literal or equal to it.",
	Examples: []OperatorExample{{"x >= date '2026-04-01'", "date '2026-04-01'", rules.True}, {"x >= 10", "9", rules.False}},
	Compile:  comparing(func(c int) bool { return c >= 0 }),
	SQL:      comparison(">="),
})

// comparing compiles a test of how a value compares with one literal.
func comparing(holds func(int) bool) func([]rules.Value) (func(rules.Value) bool, error) {
	return func(args []rules.Value) (func(rules.Value) bool, error) {
		arg := args[0]
		return func(v rules.Value) bool { return holds(compare(v, arg)) }, nil
	}
}

// comparison writes that test.
func comparison(sign string) func(*sql.Dialect, string, []rules.Value) (string, error) {
	return func(d *sql.Dialect, x string, args []rules.Value) (string, error) {
		return x + " " + sign + " " + d.Literal(args[0]), nil
	}
}

// compare orders two values of one kind.
func compare(a, b rules.Value) int {
	switch a.Kind {
	case rules.Text:
		return strings.Compare(a.Text, b.Text)
	case rules.Float:
		return cmp.Compare(a.Float, b.Float)
	}
	return cmp.Compare(a.Int, b.Int)
}
