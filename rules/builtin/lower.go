package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "lower", Of: []value.Kind{value.Text}, Result: value.Type{Kind: value.Text},
		Shape: "[^" + capitals() + "]*", Outside: "lower() leaves no capitals",
		Doc: "The text in small letters: ASCII, Latin-1 and Latin Extended-A (U+0041 to U+017F) one to one, all else as " +
			"it is. Of bytes that are not UTF-8 it is null.",
	},
	Examples: []FunctionExample{
		{Of: "'SPRING'", Result: "'spring'"},
		{Of: "'ÄÖÅ Ÿ'", Result: "'äöå ÿ'"},
		{Of: "'İ'", Result: "'i'"},
		{Of: "'ΑΣ'", Result: "'ΑΣ'"},
	},
	Row: func(v value.Value, _ string, _ *value.Zone) (value.Value, bool) {
		if !utf8.ValidString(v.Text) {
			return value.Value{}, false
		}
		return textValue(strings.Map(lowered, v.Text)), true
	},
	SQL: func(d *sql.Dialect, x, _ string, _ sql.Clock) string { return d.UTF8(x, sql.Lower(x)) },
})

// lowered is the simple lower-case mapping, cut off after Latin Extended-A so that it is one short table in every
// engine.
func lowered(r rune) rune {
	if r > '\u017f' {
		return r
	}
	return unicode.ToLower(r)
}

// capitals are the letters that lowered changes.
func capitals() string {
	var out []rune
	for r := rune(0); r <= '\u017f'; r++ {
		if lowered(r) != r {
			out = append(out, r)
		}
	}
	return string(out)
}

func textValue(text string) value.Value { return value.Value{Kind: value.Text, Text: text} }

func integerValue(n int64) value.Value { return value.Value{Kind: value.Integer, Int: n} }
