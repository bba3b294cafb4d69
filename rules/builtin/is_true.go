package builtin

import (
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "is true", Op: where.OpIsTrue, Null: value.False,
	Doc: "The column is true; a missing value is not. It is never unknown.",
	Examples: []OperatorExample{
		{"x is true", "true", value.True},
		{"x is true", "null", value.False},
		{"x is not true", "null", value.True},
	},
	Compile: isBool(1),
	SQL:     is("TRUE"),
})

var _ = defineOperator(Operator{
	Name: "is false", Op: where.OpIsFalse, Null: value.False,
	Doc: "The column is false; a missing value is not. It is never unknown.",
	Examples: []OperatorExample{
		{"x is false", "false", value.True},
		{"x is false", "null", value.False},
		{"x is not false", "true", value.True},
	},
	Compile: isBool(0),
	SQL:     is("FALSE"),
})

func isBool(want int64) func([]value.Value) (func(value.Value) bool, error) {
	return func([]value.Value) (func(value.Value) bool, error) {
		return func(v value.Value) bool { return v.Int == want }, nil
	}
}

func is(word string) func(*sql.Dialect, string, []value.Value) (string, error) {
	return func(_ *sql.Dialect, x string, _ []value.Value) (string, error) { return x + " IS " + word, nil }
}
