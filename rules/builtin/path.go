package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "path", Of: []value.Kind{value.Text}, Result: value.Type{Kind: value.Text},
		Shape:   `[^/?#]*|/[^?#]*|[^/?#]*[^:/?#]/[^?#]*|[^/?#]*:/([^/?#][^?#]*)?`,
		Outside: "a path has no scheme and no host, and it ends before ? and #",
		Doc:     "The path of a URL, up to `?` or `#`; `/` if nothing follows the host. Nothing is decoded.",
	},
	Examples: []FunctionExample{
		{Of: "'https://bank.example/lainat/uusi?x=1'", Result: "'/lainat/uusi'"},
		{Of: "'https://bank.example?x=1'", Result: "'/'"},
		{Of: "'/lainat#top'", Result: "'/lainat'"},
		{Of: "''", Result: "''"},
	},
	Row: func(v value.Value, _ string, _ *value.Zone) (value.Value, bool) {
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
