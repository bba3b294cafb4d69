package builtin

import (
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules"
)

var _ = defineFunction(Function{
	Function: rules.Function{
		Name: "length", Of: []rules.Kind{rules.Text}, Result: rules.Type{Kind: rules.Integer},
		Doc: "The number of code points of the text. Of bytes that are not UTF-8 it is null.",
	},
	Examples: []FunctionExample{{Of: "'laina'", Result: "5"}, {Of: "'ää'", Result: "2"}, {Of: "''", Result: "0"}},
	Row: func(v rules.Value, _ string, _ *rules.Zone) (rules.Value, bool) {
		return integerValue(int64(utf8.RuneCountInString(v.Text))), utf8.ValidString(v.Text)
	},
})
