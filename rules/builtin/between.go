package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "between", Op: rules.OpBetween, Null: rules.Unknown,
	Doc: "The value lies between two literals, both included. `not between` is its negation.",
	Examples: []OperatorExample{
		{"x between 10 and 20", "10", rules.True},
		{"x between 10 and 20", "20", rules.True},
		{"x between 10 and 20", "21", rules.False},
		{"x not between 10 and 20", "21", rules.True},
		{"x not between 10 and 20", "null", rules.Unknown},
	},
	Compile: func(args []rules.Value) (func(rules.Value) bool, error) {
		low, high := args[0], args[1]
		return func(v rules.Value) bool { return compare(v, low) >= 0 && compare(v, high) <= 0 }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []rules.Value) (string, error) {
		return x + " BETWEEN " + d.Literal(args[0]) + " AND " + d.Literal(args[1]), nil
	},
})
