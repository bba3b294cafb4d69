package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "starts_with", Op: where.OpStartsWith, Null: value.Unknown,
	Doc: "The text begins with the literal. Bytes are compared as they are, letter case counts.",
	Examples: []OperatorExample{
		{"x starts_with '/lainat'", "'/lainat/uusi'", value.True},
		{"x starts_with '/lainat'", "'/LAINAT'", value.False},
		{"x not starts_with '/lainat'", "null", value.Unknown},
	},
	Compile: func(args []value.Value) (func(value.Value) bool, error) {
		part := args[0].Text
		return func(v value.Value) bool { return strings.HasPrefix(v.Text, part) }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []value.Value) (string, error) {
		return d.StartsWith(x, d.Literal(args[0])), nil
	},
})
