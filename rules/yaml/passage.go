package yaml

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Passage is the text of a scalar that tells for each of its bytes where it stands in the file.
type Passage struct {
	Value string
	node  Node
	at    []int // nil: there is no such map
}

// Placed returns the text of a scalar with its places.
func (n Node) Placed() Passage {
	at, _ := n.offsets()
	return Passage{n.raw.Value, n, at}
}

// Known reports whether the places are known: those of folded blocks and of texts with escapes are not.
func (p Passage) Known() bool { return p.at != nil }

// Place returns where a part of the text stands in the file; where that is not known, all of it.
func (p Passage) Place(part source.Span) source.Span {
	if p.at == nil {
		return p.node.Span()
	}
	return source.Span{Start: p.at[part.Start], End: p.at[part.End]}
}

// Encode spells a text as it must be written between the quotes of the passage.
func (p Passage) Encode(text string) string {
	if p.node.raw.Style&yaml.SingleQuotedStyle != 0 {
		return strings.ReplaceAll(text, "'", "''")
	}
	return text
}

// Condition returns the text of a condition on one row. It reports a value that is no text, that has no exact places,
// or of which YAML has taken a part away.
func (n Node) Condition() (Passage, bool) {
	if n.tagged() || n.raw.Anchor != "" {
		return Passage{}, false // it has been reported
	}
	if !n.IsText() {
		n.Wrong("a condition on one row, such as product = 'mortgage'", n.asCondition()...)
		return Passage{}, false
	}
	p := n.Placed()
	if p.at == nil {
		text := strings.TrimSpace(n.raw.Value)
		e := n.doc.Fail("E-WHERE-FORM", n.Span(), "a condition over several lines, or with escapes, has no exact places",
			blockFix(n.name, strings.ReplaceAll(text, "\n", "\n  ")))
		e.Edits = n.doc.blockEdit(n.extent(), text)
		return p, false
	}
	return p, !n.cut(p.at[len(p.at)-1])
}

// asCondition is the text that was meant by an object of columns and values.
func (n Node) asCondition() []source.Hint {
	if !n.IsObject() {
		return nil
	}
	var tests []string
	for i := 0; i+1 < len(n.raw.Content); i += 2 {
		v := Node{doc: n.doc, raw: n.raw.Content[i+1]}
		if v.raw.Kind != yaml.ScalarNode || v.Form() == formNull {
			return nil
		}
		text := v.raw.Value
		if v.Form() == formText {
			text = value.Quote(text)
		}
		tests = append(tests, n.raw.Content[i].Value+" = "+text)
	}
	if len(tests) == 0 {
		return nil
	}
	return []source.Hint{source.Fix(n.name + ": " + strings.Join(tests, " and "))}
}

// cut reports a condition of which YAML read only a part: up to a comment sign, or up to a comma inside { }.
func (n Node) cut(end int) bool {
	if n.raw.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle) != 0 {
		return false
	}
	rest := n.doc.restOfLine(end)
	value := n.raw.Value
	open := strings.Count(value, "'")%2 == 1
	if strings.HasPrefix(strings.TrimLeft(rest, " "), "#") && open {
		n.doc.explainCut(n.name, n.Span().Start, value)
		return true
	}
	if strings.HasPrefix(rest, ",") && (open || strings.Count(value, "(") > strings.Count(value, ")")) {
		n.doc.explainComma(n.Span().Start, value)
		return true
	}
	return false
}
