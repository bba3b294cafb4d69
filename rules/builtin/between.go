package builtin

import (
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "between", Op: where.OpBetween, Null: value.Unknown,
	Doc: "The value lies between two literals, both included. `not between` is its negation.",
	Examples: []OperatorExample{
		{"x between 10 and 20", "10", value.True},
		{"x between 10 and 20", "20", value.True},
		{"x between 10 and 20", "21", value.False},
		{"x not between 10 and 20", "21", value.True},
		{"x not between 10 and 20", "null", value.Unknown},
	},
	Compile: func(args []value.Value) (func(value.Value) bool, error) {
		low, high := args[0], args[1]
		return func(v value.Value) bool { return compare(v, low) >= 0 && compare(v, high) <= 0 }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []value.Value) (string, error) {
		return x + " BETWEEN " + d.Literal(args[0]) + " AND " + d.Literal(args[1]), nil
	},
})
