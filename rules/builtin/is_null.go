package builtin

import (
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "is null", Op: where.OpIsNull, Null: value.True,
	Doc: "The value is missing. It is never unknown itself. Empty text is a value, unless the schema says empty_is_null.",
	Examples: []OperatorExample{
		{"x is null", "null", value.True},
		{"x is null", "''", value.False},
		{"x is not null", "null", value.False},
	},
	Compile: func([]value.Value) (func(value.Value) bool, error) {
		return func(value.Value) bool { return false }, nil
	},
	SQL: func(_ *sql.Dialect, x string, _ []value.Value) (string, error) { return x + " IS NULL", nil },
})
