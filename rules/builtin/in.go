package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "in", Op: rules.OpIn, Null: rules.Unknown,
	Doc: "The value is one of a list, written out or as a value set: `in ('a', 'b')`, `in @partner-sites`. `not in` is its negation.",
	Examples: []OperatorExample{
		{"x in ('card', 'fund')", "'card'", rules.True},
		{"x in ('card', 'fund')", "'mortgage'", rules.False},
		{"x not in ('card', 'fund')", "'mortgage'", rules.True},
		{"x not in ('card', 'fund')", "null", rules.Unknown},
		{"x in (1, 2.5)", "2", rules.False},
	},
	Compile: func(args []rules.Value) (func(rules.Value) bool, error) {
		if len(args) == 0 {
			return func(rules.Value) bool { return false }, nil
		}
		switch args[0].Kind {
		case rules.Text:
			return member(args, func(v rules.Value) string { return v.Text }), nil
		case rules.Float:
			return member(args, func(v rules.Value) float64 { return v.Float }), nil
		}
		return member(args, func(v rules.Value) int64 { return v.Int }), nil
	},
	SQL: func(d *sql.Dialect, x string, args []rules.Value) (string, error) {
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
func member[K comparable](args []rules.Value, key func(rules.Value) K) func(rules.Value) bool {
	set := make(map[K]struct{}, len(args))
	for _, a := range args {
		set[key(a)] = struct{}{}
	}
	return func(v rules.Value) bool {
		_, ok := set[key(v)]
		return ok
	}
}
