package format

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// spelling is how a scalar is written: in its line, and for blocks in lines below, without their indentation.
type spelling struct {
	text  string
	block []string
}

// scalar spells a scalar. Inside brackets and in keys (flow) there are no blocks.
func scalar(n yaml.Node, s *yaml.Shape, flow bool) spelling {
	switch {
	case !n.IsText():
		return spelling{text: n.Value()}
	case isWhere(s):
		return condition(n, flow)
	case flow || !n.IsBlock() || strings.Trim(n.Value(), "\n") == "":
		return spelling{text: inLine(n.Value(), n.IsQuoted(), flow)}
	case n.IsFolded():
		return folded(n)
	}
	return blockText(n.Value())
}

// condition spells a condition. In one line it was, in one line it stays; the other forms become a block.
func condition(n yaml.Node, flow bool) spelling {
	lines := whereLines(n.Value())
	one := strings.Join(lines, " ")
	if block := n.IsBlock() && !n.IsFolded() || !n.Placed().Known(); block && !flow {
		return blockText(strings.Join(lines, "\n") + "\n")
	}
	if !flow && strings.ContainsAny(one, "\n\"\\") && !plain(one, flow) {
		return blockText(one + "\n")
	}
	return spelling{text: inLine(one, n.IsQuoted(), flow)}
}

// blockText spells a text as a block: | keeps the end of its last line, |- drops it, |+ keeps the blank lines behind as
// well.
func blockText(value string) spelling {
	content := strings.TrimRight(value, "\n")
	lines := strings.Split(content, "\n")
	sign := "|" + deeper(lines)
	switch ends := len(value) - len(content); {
	case ends == 0:
		sign += "-"
	case ends > 1:
		sign += "+"
		lines = append(lines, make([]string, ends-1)...)
	}
	return spelling{sign, lines}
}

// deeper is the mark of a block whose first line begins with a blank.
func deeper(lines []string) string {
	if i := slices.IndexFunc(lines, func(l string) bool { return l != "" }); i >= 0 && lines[i][0] == ' ' {
		return "2"
	}
	return ""
}

// folded spells a folded block with the lines that it has.
func folded(n yaml.Node) spelling {
	lines, chomp := n.Folded()
	sign := ">" + deeper(lines) + chomp
	if chomp == "+" {
		ends := len(n.Value()) - len(strings.TrimRight(n.Value(), "\n"))
		lines = append(lines, make([]string, max(0, ends-1))...)
	}
	return spelling{sign, lines}
}

// inLine spells a text in one line, without quotes where it had none (nor stood in a block) or nobody needs them.
func inLine(value string, quoted, flow bool) string {
	switch {
	case strings.ContainsFunc(value, unwritable):
		return strconv.Quote(value)
	case !quoted, plain(value, flow):
		return value
	case !strings.ContainsAny(value, `"\`):
		return `"` + value + `"`
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

// unwritable reports characters that stand in a file only as escapes.
func unwritable(r rune) bool {
	return r == '\n' || r == '\r' || r == '\t' || r == '\ufeff' || source.Forbidden(r) || !unicode.IsPrint(r)
}

// otherwise are words that some readers of YAML take for something else than text.
var otherwise = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

// plain reports whether every reader of YAML takes the text for text without quotes.
func plain(text string, flow bool) bool {
	if _, err := value.ParseDuration(text); err == nil {
		return true
	}
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case !unicode.IsLetter(first) && first != '/' && first != '_' && first != '(':
		return false
	case strings.Contains(text, ": "), strings.Contains(text, " #"), strings.HasSuffix(text, ":"),
		strings.HasSuffix(text, " "):
		return false
	case flow && strings.ContainsAny(text, ",[]{}"):
		return false
	}
	return !slices.Contains(otherwise, strings.ToLower(text))
}
