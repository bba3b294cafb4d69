package builtin

import (
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "host", Of: []value.Kind{value.Text}, Result: value.Type{Kind: value.Text},
		Shape:   `[^/?#@:\[A-Z][^/?#@:A-Z]*|\[[^/?#@A-Z]*`,
		Outside: "a host has no scheme, no port and no path, and it is in small letters",
		Doc: "The host of a URL in small ASCII letters, without user and port; null if there is none. Nothing is " +
			"decoded.",
	},
	Examples: []FunctionExample{
		{Of: "'https://user@Homes.Example:8443/a?b#c'", Result: "'homes.example'"},
		{Of: "'https://[2001:DB8::1]:80/'", Result: "'[2001:db8::1]'"},
		{Of: "'/lainat'", Result: "null"},
		{Of: "'/go?to=https://homes.example'", Result: "null"},
		{Of: "'https:///a'", Result: "null"},
	},
	Row: func(v value.Value, _ string, _ *value.Zone) (value.Value, bool) {
		start, end := authority(v.Text)
		host := v.Text[start:end]
		host = host[strings.LastIndexByte(host, '@')+1:]
		name := 0
		if strings.HasPrefix(host, "[") {
			name = max(0, strings.IndexByte(host, ']'))
		}
		if port := strings.IndexByte(host[name:], ':'); port >= 0 {
			host = host[:name+port]
		}
		return textValue(lowerASCII(host)), host != ""
	},
	SQL: func(d *sql.Dialect, x, _ string, _ sql.Clock) string { return d.Host(x) },
})

// authority returns where the authority of a URL stands; without one it is empty at the beginning.
func authority(url string) (start, end int) {
	i := strings.Index(url, "://")
	if i < 0 || strings.ContainsAny(url[:i], "/?#") {
		return 0, 0
	}
	start = i + len("://")
	if n := strings.IndexAny(url[start:], "/?#"); n >= 0 {
		return start, start + n
	}
	return start, len(url)
}

// lowerASCII lowers A to Z and keeps every other byte, UTF-8 or not.
func lowerASCII(text string) string {
	lower := []byte(text)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}
