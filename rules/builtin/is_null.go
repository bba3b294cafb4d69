package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "is null", Op: rules.OpIsNull, Null: rules.True,
	Doc: "The value is missing. It is never unknown itself. Empty text is a value, unless the schema says empty_is_null.",
	Examples: []OperatorExample{
		{"x is null", "null", rules.True},
		{"x is null", "''", rules.False},
		{"x is not null", "null", rules.False},
	},
	Compile: func([]rules.Value) (func(rules.Value) bool, error) {
		return func(rules.Value) bool { return false }, nil
	},
	SQL: func(_ *sql.Dialect, x string, _ []rules.Value) (string, error) { return x + " IS NULL", nil },
})
