package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "contains", Op: where.OpContains, Null: value.Unknown,
	Doc: "The literal occurs in the text. Bytes are compared as they are, letter case counts.",
	Examples: []OperatorExample{
		{"x contains 'laina'", "'/asuntolaina'", value.True},
		{"x contains 'laina'", "'/kortit'", value.False},
		{"x not contains 'laina'", "null", value.Unknown},
	},
	Compile: func(args []value.Value) (func(value.Value) bool, error) {
		part := args[0].Text
		return func(v value.Value) bool { return strings.Contains(v.Text, part) }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []value.Value) (string, error) {
		return "contains(" + x + ", " + d.Literal(args[0]) + ")", nil
	},
})
