package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "path", Of: []rules.Kind{rules.Text}, Result: rules.Type{Kind: rules.Text},
		Doc: "The path of a URL, up to `?` or `#`; `/` if nothing follows the host. Nothing is decoded.",
	},
	Examples: []FunctionExample{
		{Of: "'https://bank.example/lainat/uusi?x=1'", Result: "'/lainat/uusi'"},
		{Of: "'https://bank.example?x=1'", Result: "'/'"},
		{Of: "'/lainat#top'", Result: "'/lainat'"},
		{Of: "''", Result: "''"},
	},
	Row: func(v rules.Value, _ string, _ *rules.Zone) (rules.Value, bool) {
		_, end := authority(v.Text)
		path := v.Text[end:]
		if i := strings.IndexAny(path, "?#"); i >= 0 {
			path = path[:i]
		}
		if path == "" && end > 0 {
			path = "/"
		}
		return textValue(path), true
	},
	SQL: func(d *sql.Dialect, x, _ string, _ sql.Clock) string { return d.URLPath(x) },
})
