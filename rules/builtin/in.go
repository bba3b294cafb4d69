package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "in", Op: where.OpIn, Null: value.Unknown,
	Doc: "The value is one of a list, written out or as a value set: `in ('a', 'b')`, `in @partner-sites`. `not in` is " +
		"its negation.",
	Examples: []OperatorExample{
		{"x in ('card', 'fund')", "'card'", value.True},
		{"x in ('card', 'fund')", "'mortgage'", value.False},
		{"x not in ('card', 'fund')", "'mortgage'", value.True},
		{"x not in ('card', 'fund')", "null", value.Unknown},
		{"x in (1, 2.5)", "2", value.False},
	},
	Compile: func(args []value.Value) (func(value.Value) bool, error) {
		if len(args) == 0 {
			return func(value.Value) bool { return false }, nil
		}
		switch args[0].Kind {
		case value.Text:
			return member(args, func(v value.Value) string { return v.Text }), nil
		case value.Float:
			return member(args, func(v value.Value) float64 { return v.Float }), nil
		}
		return member(args, func(v value.Value) int64 { return v.Int }), nil
	},
	SQL: func(d *sql.Dialect, x string, args []value.Value) (string, error) {
		if len(args) == 0 {
			return x + " <> " + x, nil // false, and unknown of a missing value
		}
		list := make([]string, len(args))
		for i, a := range args {
			list[i] = d.Literal(a)
		}
		return x + " IN (" + strings.Join(list, ", ") + ")", nil
	},
})

// member tests whether a value is among args, by the part of values that counts for their kind.
func member[K comparable](args []value.Value, key func(value.Value) K) func(value.Value) bool {
	set := make(map[K]struct{}, len(args))
	for _, a := range args {
		set[key(a)] = struct{}{}
	}
	return func(v value.Value) bool {
		_, ok := set[key(v)]
		return ok
	}
}
