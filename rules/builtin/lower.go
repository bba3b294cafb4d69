package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "lower", Of: []rules.Kind{rules.Text}, Result: rules.Type{Kind: rules.Text},
		Doc: "The text in small letters: ASCII, Latin-1 and Latin Extended-A (U+0041 to U+017F) one to one, all else as it is. " +
			"Of bytes that are not UTF-8 it is null.",
	},
	Examples: []FunctionExample{
		{Of: "'SPRING'", Result: "'spring'"},
		{Of: "'ÄÖÅ Ÿ'", Result: "'äöå ÿ'"},
		{Of: "'İ'", Result: "'i'"},
		{Of: "'ΑΣ'", Result: "'ΑΣ'"},
	},
	Row: func(v rules.Value, _ string, _ *rules.Zone) (rules.Value, bool) {
		if !utf8.ValidString(v.Text) {
			return rules.Value{}, false
		}
		return textValue(strings.Map(lowered, v.Text)), true
	},
	SQL: func(d *sql.Dialect, x, _ string, _ sql.Clock) string { return d.UTF8(x, sql.Lower(x)) },
})

// lowered is the simple lower-case mapping, cut off after Latin Extended-A so that it is one short table in every engine.
func lowered(r rune) rune {
	if r > '\u017f' {
		return r
	}
	return unicode.ToLower(r)
}

func textValue(text string) rules.Value { return rules.Value{Kind: rules.Text, Text: text} }

func integerValue(n int64) rules.Value { return rules.Value{Kind: rules.Integer, Int: n} }
