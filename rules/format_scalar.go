package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// spelling is how a scalar is written: in its line, and for blocks in lines below, without their indentation.
type spelling struct {
	text  string
	block []string
}

const blockStyles = yaml.LiteralStyle | yaml.FoldedStyle

// scalar spells a scalar. Inside brackets and in keys (flow) there are no blocks.
func (p *printer) scalar(n *yaml.Node, s *shape, flow bool) spelling {
	node := Node{doc: p.doc, raw: n}
	switch {
	case node.form() != formText:
		return spelling{text: n.Value}
	case s.condition():
		return p.where(node, flow)
	case flow || n.Style&blockStyles == 0 || strings.Trim(n.Value, "\n") == "":
		return spelling{text: inLine(n.Value, n.Style, flow)}
	case n.Style&yaml.FoldedStyle != 0:
		return p.folded(node)
	}
	return blockText(n.Value)
}

// where spells a condition. In one line it was, in one line it stays; the other forms become a block.
func (p *printer) where(n Node, flow bool) spelling {
	lines := whereLines(n.raw.Value)
	_, placed := n.offsets()
	one := strings.Join(lines, " ")
	if block := n.raw.Style&yaml.LiteralStyle != 0 || !placed; block && !flow {
		return blockText(strings.Join(lines, "\n") + "\n")
	}
	if !flow && strings.ContainsAny(one, "\n\"\\") && !plain(one, flow) {
		return blockText(one + "\n")
	}
	return spelling{text: inLine(one, n.raw.Style, flow)}
}

// blockText spells a text as a block: | keeps the end of its last line, |- drops it, |+ keeps the blank lines behind as well.
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

var foldedSign = regexp.MustCompile(`^>[1-9]?([-+]?)`)

// folded spells a folded block with the lines that it has.
func (p *printer) folded(n Node) spelling {
	span := n.extent()
	first := p.doc.lineOf(span.Start)
	var lines []string
	indent := p.doc.blockIndent(span.Start)
	for no := first + 1; no <= p.doc.lineOf(span.End); no++ {
		written := p.doc.restOfLine(p.doc.offset(no, 1))
		lines = append(lines, written[min(indent, len(written)):])
	}
	sign := ">" + deeper(lines)
	chomp := ""
	if m := foldedSign.FindStringSubmatch(p.doc.restOfLine(span.Start)); m != nil {
		chomp = m[1]
	}
	if chomp == "+" {
		ends := len(n.raw.Value) - len(strings.TrimRight(n.raw.Value, "\n"))
		lines = append(lines, make([]string, max(0, ends-1))...)
	}
	return spelling{sign + chomp, lines}
}

// inLine spells a text in one line, without quotes where it had none or nobody needs them.
func inLine(value string, style yaml.Style, flow bool) string {
	quoted := style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|blockStyles) != 0
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
	return r == '\n' || r == '\r' || r == '\t' || r == '\ufeff' || forbiddenRune(r) || !unicode.IsPrint(r)
}

// otherwise are words that some readers of YAML take for something else than text.
var otherwise = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

// plain reports whether every reader of YAML takes the value for text without quotes.
func plain(value string, flow bool) bool {
	if _, err := ParseDuration(value); err == nil {
		return true
	}
	first, _ := utf8.DecodeRuneInString(value)
	switch {
	case !unicode.IsLetter(first) && first != '/' && first != '_' && first != '(':
		return false
	case strings.Contains(value, ": "), strings.Contains(value, " #"), strings.HasSuffix(value, ":"), strings.HasSuffix(value, " "):
		return false
	case flow && strings.ContainsAny(value, ",[]{}"):
		return false
	}
	return !slices.Contains(otherwise, strings.ToLower(value))
}
