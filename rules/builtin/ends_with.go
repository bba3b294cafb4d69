package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineOperator(Operator{
	Name: "ends_with", Op: rules.OpEndsWith, Null: rules.Unknown,
	Doc: "The text ends with the literal. Bytes are compared as they are, letter case counts.",
	Examples: []OperatorExample{
		{"x ends_with '.pdf'", "'/hinnasto.pdf'", rules.True},
		{"x ends_with '.pdf'", "'/hinnasto.html'", rules.False},
		{"x not ends_with '.pdf'", "null", rules.Unknown},
	},
	Compile: func(args []rules.Value) (func(rules.Value) bool, error) {
		part := args[0].Text
		return func(v rules.Value) bool { return strings.HasSuffix(v.Text, part) }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []rules.Value) (string, error) {
		return d.EndsWith(x, d.Literal(args[0])), nil
	},
})
