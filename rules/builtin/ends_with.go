package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "ends_with", Op: where.OpEndsWith, Null: value.Unknown,
	Doc: "The text ends with the literal. Bytes are compared as they are, letter case counts.",
	Examples: []OperatorExample{
		{"x ends_with '.pdf'", "'/hinnasto.pdf'", value.True},
		{"x ends_with '.pdf'", "'/hinnasto.html'", value.False},
		{"x not ends_with '.pdf'", "null", value.Unknown},
	},
	Compile: func(args []value.Value) (func(value.Value) bool, error) {
		part := args[0].Text
		return func(v value.Value) bool { return strings.HasSuffix(v.Text, part) }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []value.Value) (string, error) {
		return d.EndsWith(x, d.Literal(args[0])), nil
	},
})
