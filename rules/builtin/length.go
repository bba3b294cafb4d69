package builtin

import (
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "length", Of: []value.Kind{value.Text}, Result: value.Type{Kind: value.Integer},
		Low: 0, High: value.MaxTextBytes, Outside: "a whole number from 0 to max_length of the schema, or to 65536",
		Doc: "The number of code points of the text. Of bytes that are not UTF-8 it is null.",
	},
	Examples: []FunctionExample{{Of: "'laina'", Result: "5"}, {Of: "'ää'", Result: "2"}, {Of: "''", Result: "0"}},
	Row: func(v value.Value, _ string, _ *value.Zone) (value.Value, bool) {
		return integerValue(int64(utf8.RuneCountInString(v.Text))), utf8.ValidString(v.Text)
	},
	SQL: func(d *sql.Dialect, x, _ string, _ sql.Clock) string { return d.UTF8(x, "char_length("+x+")") },
})
