package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "query_param", Of: []value.Kind{value.Text}, Result: value.Type{Kind: value.Text}, HasKey: true,
		Shape: `[^&#]*`, Outside: "a parameter's value ends before & and #",
		Doc: "The first value of a parameter in the query of a URL, undecoded; empty text if it has no `=`, null if it is " +
			"not there.",
	},
	Examples: []FunctionExample{
		{Of: "'/a?gclid=x%20y&b=2'", Key: "gclid", Result: "'x%20y'"},
		{Of: "'/a?b=1&b=2'", Key: "b", Result: "'1'"},
		{Of: "'/a?flag'", Key: "flag", Result: "''"},
		{Of: "'/a?b=1'", Key: "c", Result: "null"},
		{Of: "'/a#?b=1'", Key: "b", Result: "null"},
	},
	Row: func(v value.Value, key string, _ *value.Zone) (value.Value, bool) {
		url, _, _ := strings.Cut(v.Text, "#")
		_, query, ok := strings.Cut(url, "?")
		for ok {
			var piece string
			piece, query, ok = strings.Cut(query, "&")
			if name, value, _ := strings.Cut(piece, "="); name == key {
				return textValue(value), true
			}
		}
		return value.Value{}, false
	},
	SQL: func(d *sql.Dialect, x, key string, _ sql.Clock) string { return d.QueryParam(x, key) },
})
