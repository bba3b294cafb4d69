package builtin

import (
	"fmt"
	"regexp"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

var _ = defineOperator(Operator{
	Name: "matches", Op: where.OpMatches, Null: value.Unknown, UTF8: true,
	Doc: "The whole text matches a pattern of the RE2 subset that means the same in every engine: no flags, no lazy " +
		"repetition, no `\\B`, no repetition inside a repetition, at most 200 bytes. Time grows only with the text's " +
		"length. Of bytes that are not UTF-8 it is unknown.",
	Examples: []OperatorExample{
		{"x matches '/lainat/[a-z]+'", "'/lainat/asunto'", value.True},
		{"x matches '/lainat/[a-z]+'", "'/lainat/asunto/2'", value.False},
		{"x matches 'a|ab'", "'ab'", value.True},
		{"x not matches 'a'", "null", value.Unknown},
	},
	Compile: func(args []value.Value) (func(value.Value) bool, error) {
		if err := rules.CheckPattern(args[0].Text); err != nil {
			return nil, err
		}
		re, err := regexp.Compile(`\A(?:` + args[0].Text + `)\z`)
		if err != nil {
			return nil, fmt.Errorf("compile the pattern: %w", err)
		}
		return func(v value.Value) bool { return re.MatchString(v.Text) }, nil
	},
	SQL: func(d *sql.Dialect, x string, args []value.Value) (string, error) {
		matches, err := d.Matches(x, args[0].Text)
		return d.UTF8(x, matches), err
	},
})
