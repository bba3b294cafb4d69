package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "starts_with", Op: rules.OpStartsWith, Null: rules.Unknown,
	Doc: "The text begins with the literal. Bytes are compared as they are, letter case counts.",
	Examples: []OperatorExample{
		{"x starts_with '/lainat'", "'/lainat/uusi'", rules.True},
		{"x starts_with '/lainat'", "'/LAINAT'", rules.False},
		{"x not starts_with '/lainat'", "null", rules.Unknown},
	},
	Compile: func(args []rules.Value) (func(rules.Value) bool, error) {
		part := args[0].Text
		return func(v rules.Value) bool { return strings.HasPrefix(v.Text, part) }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []rules.Value) (string, error) {
		return d.StartsWith(x, d.Literal(args[0])), nil
	},
})
