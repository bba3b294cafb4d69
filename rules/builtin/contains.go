package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "contains", Op: rules.OpContains, Null: rules.Unknown,
	Doc: "The literal occurs in the text. Bytes are compared as they are, letter case counts.",
	Examples: []OperatorExample{
		{"x contains 'laina'", "'/asuntolaina'", rules.True},
		{"x contains 'laina'", "'/kortit'", rules.False},
		{"x not contains 'laina'", "null", rules.Unknown},
	},
	Compile: func(args []rules.Value) (func(rules.Value) bool, error) {
		part := args[0].Text
		return func(v rules.Value) bool { return strings.Contains(v.Text, part) }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []rules.Value) (string, error) {
		return "contains(" + x + ", " + d.Literal(args[0]) + ")", nil
	},
})
