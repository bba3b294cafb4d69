package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "is true", Op: rules.OpIsTrue, Null: rules.False,
	Doc: "The column is true; a missing value is not. It is never unknown.",
	Examples: []OperatorExample{
		{"x is true", "true", rules.True},
		{"x is true", "null", rules.False},
		{"x is not true", "null", rules.True},
	},
	Compile: isBool(1),
	SQL:     is("TRUE"),
})

var _ = defineOperator(Operator{
	Name: "is false", Op: rules.OpIsFalse, Null: rules.False,
	Doc: "The column is false; a missing value is not. It is never unknown.",
	Examples: []OperatorExample{
		{"x is false", "false", rules.True},
		{"x is false", "null", rules.False},
		{"x is not false", "true", rules.True},
	},
	Compile: isBool(0),
	SQL:     is("FALSE"),
})

func isBool(want int64) func([]rules.Value) (func(rules.Value) bool, error) {
	return func([]rules.Value) (func(rules.Value) bool, error) {
		return func(v rules.Value) bool { return v.Int == want }, nil
	}
}

func is(word string) func(*sql.Dialect, string, []rules.Value) (string, error) {
	return func(_ *sql.Dialect, x string, _ []rules.Value) (string, error) { return x + " IS " + word, nil }
}
