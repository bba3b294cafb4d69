package page

import (
	"strconv"
	"strings"
	"unicode"
)

// markup writes HTML and SVG. Names of tags and attributes are words of this package; whatever else comes in is text
// and leaves escaped, so that no name, value or description becomes markup.
type markup struct{ strings.Builder }

// open begins an element; attributes are pairs of a name and a value, and one whose value is "" is left out.
func (m *markup) open(tag string, attributes ...string) { m.begin(tag, ">", attributes) }

// shape is an element of SVG without contents.
func (m *markup) shape(tag string, attributes ...string) { m.begin(tag, "/>", attributes) }

func (m *markup) begin(tag, end string, attributes []string) {
	m.WriteString("<" + tag)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			m.WriteString(" " + attributes[i] + `="` + escaped(attributes[i+1]) + `"`)
		}
	}
	m.WriteString(end)
}

func (m *markup) end(tag string) { m.WriteString("</" + tag + ">") }

func (m *markup) text(s string) { m.WriteString(escaped(s)) }

// element is one with nothing but text in it.
func (m *markup) element(tag, text string, attributes ...string) {
	m.open(tag, attributes...)
	m.text(text)
	m.end(tag)
}

func escaped(s string) string { return entities.Replace(Plain(s)) }

// entities are all that ends a text, or a value between double quotes, of which alone there are any.
var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;")

// Plain is a text without what nobody sees and a reader obeys: control characters, marks of writing direction and bytes
// that are no text.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

func px(n int) string { return strconv.Itoa(n) }
