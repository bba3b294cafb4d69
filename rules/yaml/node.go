package yaml

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Node is one value of a Document together with the name by which messages call it. Its getters report a value of the
// wrong form (E-TYPE and others) in the document and then return false. The zero Node is absent.
type Node struct {
	doc  *Document
	raw  *yaml.Node
	name string
}

// Present reports whether the value was written at all.
func (n Node) Present() bool { return n.raw != nil }

// Document returns the file that the node belongs to.
func (n Node) Document() *Document { return n.doc }

// Name is what messages call the node: its key, or key[2] for a member of a list.
func (n Node) Name() string { return n.name }

// Value is what YAML reads of a scalar, "" of anything else.
func (n Node) Value() string { return n.raw.Value }

// Apart returns the value with a document of its own, whose findings are apart from those of the rest of the file.
func (n Node) Apart() Node {
	n.doc = &Document{Report: source.Report{Source: n.doc.Source}, lines: n.doc.lines, root: n.doc.root}
	return n
}

// Line is the line in which the value begins.
func (n Node) Line() int { return n.raw.Line }

// Form is what kind of value a scalar is, by our own rules: only true and false are boolean, numbers have no leading
// zero, sign plus or exponent, everything else without quotes is text.
type Form uint8

const (
	formText Form = iota
	formNull
	formBool
	formNumber
)

// Form returns what kind of value a scalar is.
func (n Node) Form() Form {
	switch v := n.raw.Value; {
	case n.IsQuoted():
		return formText
	case v == "" || v == "~" || v == "null":
		return formNull
	case v == "true" || v == "false":
		return formBool
	case value.IsNumber(v):
		return formNumber
	}
	return formText
}

// describe says in a message what the value is instead of what was expected.
func (n Node) describe() string {
	switch {
	case n.raw.Kind == yaml.MappingNode:
		return "an object"
	case n.raw.Kind == yaml.SequenceNode && len(n.raw.Content) == 0:
		return "an empty list"
	case n.raw.Kind == yaml.SequenceNode:
		return "a list"
	}
	switch n.Form() {
	case formNull:
		return "empty"
	case formNumber:
		return "a number"
	case formBool:
		return n.raw.Value
	}
	if value.IsNumber(n.raw.Value) || n.raw.Value == "true" || n.raw.Value == "false" {
		return "text (because of the quotes)"
	}
	return strconv.Quote(n.raw.Value)
}

// Wrong reports that the value is not what the words say. A value with a tag has been reported already.
func (n Node) Wrong(want string, hints ...source.Hint) { n.wrongBut(want, "", hints...) }

// tagged reports whether the value begins with a tag, which YAML drops; every such value has been reported.
func (n Node) tagged() bool {
	return n.raw.Style&yaml.TaggedStyle != 0 ||
		strings.HasPrefix(n.doc.Source.Text[n.doc.offset(n.raw.Line, n.raw.Column):], "!")
}

// wrongBut reports that the value is not what the words say, and what was meant if that is certain ("": it is not).
func (n Node) wrongBut(want, meant string, hints ...source.Hint) {
	if n.tagged() {
		return
	}
	e := n.doc.Fail("E-TYPE", n.Span(), n.name+" is "+n.describe(), append(hints, source.Expected(want))...)
	if meant != "" {
		e.Edits = []source.Edit{n.Span().Edit(meant)}
	}
}

// wantNumber reports a value that is no number; one that is a number but for its quotes loses them.
func (n Node) wantNumber(want string) {
	if n.IsText() && value.IsNumber(n.raw.Value) {
		n.wrongBut(want, n.raw.Value, source.Fix(n.name+": "+n.raw.Value))
		return
	}
	if plain := plainNumber(n); plain != "" {
		n.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%s is %q", n.name, n.raw.Value), source.Fix(n.name+": "+plain),
			source.Expected(want))
		return
	}
	n.Wrong(want)
}

// plainNumber is the number in 1,000 and 100 EUR and 3 times, "" in another value.
func plainNumber(n Node) string {
	if !n.IsText() {
		return ""
	}
	return where.PlainNumber(strings.TrimSuffix(n.raw.Value, " times"))
}

func (n Node) scalar(f Form) bool {
	return n.raw != nil && n.raw.Kind == yaml.ScalarNode && n.Form() == f
}

// IsNull reports whether the value is absent or empty.
func (n Node) IsNull() bool { return n.raw == nil || n.scalar(formNull) }

// IsText reports whether the value is a text.
func (n Node) IsText() bool { return n.scalar(formText) }

// IsBlock reports whether the text stands in lines below a | or >, IsFolded whether below a >.
func (n Node) IsBlock() bool { return n.raw.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 }

// IsFolded reports whether the text stands in lines below a >.
func (n Node) IsFolded() bool { return n.raw.Style&yaml.FoldedStyle != 0 }

// IsQuoted reports whether the text stands in quotes or in a block.
func (n Node) IsQuoted() bool {
	return n.IsBlock() || n.raw.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
}

// IsList reports whether the value is a list.
func (n Node) IsList() bool { return n.raw != nil && n.raw.Kind == yaml.SequenceNode }

// IsObject reports whether the value is an object.
func (n Node) IsObject() bool { return n.raw != nil && n.raw.Kind == yaml.MappingNode }

// Text returns a text that is not empty.
func (n Node) Text() (string, bool) {
	switch {
	case n.scalar(formText) && n.raw.Value != "":
		return n.raw.Value, true
	case n.scalar(formNumber): // true in quotes would be another thing than true
		n.wrongBut("text", "'"+n.raw.Value+"'", source.Fix("'"+n.raw.Value+"'"))
	default:
		n.Wrong("text")
	}
	return "", false
}

// Word returns one of the words given.
func (n Node) Word(words ...string) (string, bool) {
	if n.raw == nil || n.raw.Kind != yaml.ScalarNode || n.Form() == formNull || n.tagged() {
		n.Wrong("one of " + strings.Join(words, ", "))
		return "", false
	}
	text := n.raw.Value
	if slices.Contains(words, text) {
		return text, true
	}
	hints := append(source.DidYouMean(text, words), source.Expected("one of "+strings.Join(words, ", ")))
	n.doc.Fail("E-UNKNOWN-VALUE", n.Span(), fmt.Sprintf("%q is not a value of %s", text, n.name), hints...)
	return "", false
}

// nameForm is what segments, tests, schemas and value sets may be called.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{2,62}$`)

const nameWords = "3 to 63 small letters, digits and hyphens, a letter first"

// Identifier returns a name of an object: 3 to 63 small letters, digits and hyphens, a letter first.
func (n Node) Identifier() (string, bool) {
	if n.scalar(formNumber) || n.scalar(formBool) || n.scalar(formText) && n.raw.Value != "" {
		if nameForm.MatchString(n.raw.Value) {
			return n.raw.Value, true
		}
		n.doc.Fail("E-NAME", n.Span(), fmt.Sprintf("%q cannot be a name", n.raw.Value),
			append(didYouMean(NearName(n.raw.Value)), source.Expected(nameWords))...)
		return "", false
	}
	n.Wrong("a name: " + nameWords)
	return "", false
}

// NearName is the name that a title is near to: "Home loans, 30 days" is near to home-loans-30-days; "" if there is
// none.
func NearName(text string) string {
	words := strings.FieldsFunc(plainLetters.Replace(strings.ToLower(text)), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	if name := strings.Join(words, "-"); nameForm.MatchString(name) {
		return name
	}
	return ""
}

var plainLetters = strings.NewReplacer("ä", "a", "å", "a", "ö", "o", "ø", "o", "æ", "ae", "é", "e", "ü", "u")

// didYouMean is the hint that one of the texts was meant, none without any.
func didYouMean(texts ...string) []source.Hint {
	if texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" }); len(texts) == 0 {
		return nil
	}
	return []source.Hint{{Label: source.LabelDidYouMean, Text: strings.Join(texts, ", ")}}
}

// Bool returns true or false; yes, no, on and off are text.
func (n Node) Bool() (value, ok bool) {
	if !n.scalar(formBool) {
		n.Wrong("true or false")
		return false, false
	}
	return n.raw.Value == "true", true
}

// Int returns a whole number from low to high.
func (n Node) Int(low, high int) (int, bool) {
	want := fmt.Sprintf("a whole number from %d to %d", low, high)
	if !n.scalar(formNumber) {
		n.wantNumber(want)
		return 0, false
	}
	v, err := strconv.Atoi(n.raw.Value)
	if err != nil || v < low || v > high {
		n.doc.Fail("E-RANGE", n.Span(), fmt.Sprintf("%s is %s", n.name, n.raw.Value), source.Expected(want))
		return 0, false
	}
	return v, true
}

// Number returns a number exactly as it is written, at most 18 digits.
func (n Node) Number() (value.Number, bool) {
	if !n.scalar(formNumber) {
		n.wantNumber("a number")
		return value.Number{}, false
	}
	v, ok := value.ParseNumber(n.raw.Value)
	if !ok {
		n.doc.Fail("E-RANGE", n.Span(), n.name+" has more than 18 digits", source.Expected("at most 18 digits"))
	}
	return v, ok
}

// Date returns a date of the form 2026-04-01.
func (n Node) Date() (value.CivilDate, bool) {
	if n.IsText() {
		if d, ok := value.ParseDate(n.raw.Value); ok {
			return d, true
		}
	}
	var hints []source.Hint
	if n.raw != nil && n.raw.Kind == yaml.ScalarNode {
		hints = didYouMean(value.MeantDate(n.raw.Value))
	}
	n.Wrong("a date such as 2026-04-01", hints...)
	return 0, false
}

const durationForm = "a number with s, min, h, d, w or mo, such as 30d"

// Duration returns a duration such as 30d or 15min.
func (n Node) Duration() (value.Duration, bool) {
	if n.raw == nil || n.raw.Kind != yaml.ScalarNode || n.Form() == formNull || n.Form() == formBool {
		n.doc.Fail("E-DURATION", n.Span(), n.name+" is "+n.describe(), source.Expected(durationForm))
		return value.Duration{}, false
	}
	d, err := value.ParseDuration(n.raw.Value)
	if err != nil {
		hints := didYouMean(value.MeantDurations(source.Untypeset(n.raw.Value))...)
		if hints == nil {
			hints = []source.Hint{source.Expected(durationForm)}
		}
		n.doc.Fail("E-DURATION", n.Span(), err.Error(), hints...)
		return value.Duration{}, false
	}
	return d, true
}

// Zone returns the time zone of that name.
func (n Node) Zone() (*value.Zone, bool) {
	text, ok := n.Text()
	if !ok {
		return nil, false
	}
	z, err := value.LoadZone(text)
	if err != nil {
		hints := append(nearZone(text), source.Expected("an IANA name such as Europe/Helsinki"))
		n.doc.Fail("E-UNKNOWN-ZONE", n.Span(), fmt.Sprintf("there is no time zone %q", text), hints...)
		return nil, false
	}
	return z, true
}

// nearZone is the hint which zone was meant: one of that city, else one that is spelled nearly so.
func nearZone(text string) []source.Hint {
	city := "/" + strings.ToLower(strings.ReplaceAll(text, " ", "_"))
	for _, name := range value.ZoneNames() {
		if strings.HasSuffix(strings.ToLower(name), city) {
			return didYouMean(name)
		}
	}
	return source.DidYouMean(text, value.ZoneNames())
}

// List returns the members of a list.
func (n Node) List() ([]Node, bool) {
	if !n.IsList() {
		n.Wrong("a list")
		return nil, false
	}
	list := make([]Node, len(n.raw.Content))
	for i, raw := range n.raw.Content {
		list[i] = Node{doc: n.doc, raw: raw, name: fmt.Sprintf("%s[%d]", n.name, i)}
	}
	return list, true
}

// Texts returns the members of a list of texts, without those that are not text.
func (n Node) Texts() ([]string, bool) {
	list, ok := n.List()
	texts := make([]string, 0, len(list))
	for _, member := range list {
		text, isText := member.Text()
		if isText {
			texts = append(texts, text)
		}
		ok = ok && isText
	}
	return texts, ok
}
