// Package format writes files in their canonical form without changing what they say: `malgrupp fmt`.
package format

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// File returns a file in its canonical form: keys in the order of the examples, two blanks of indentation, no quotes
// that nobody needs, conditions with single blanks between their words, lines that end with a line feed. Comments stay
// with what they stand above or beside. The definition hash of a rule does not change, and formatting twice changes
// nothing.
//
// A file that YAML or we cannot read is not formatted; the findings say why. The language says which keys conditions
// have.
func File(src *source.Source, l *rules.Language) (string, source.Findings) {
	d := yaml.Read(src)
	if !d.Root().Present() {
		return "", d.Errors()
	}
	d.Root().Object("the file")
	shape := rules.FileKeys(d.KindOf(), l)
	layout := yaml.NewLayout(d, shape)
	unreadable(d, layout)
	if d.Found.Failed() {
		return "", d.Errors()
	}
	text := print(layout)
	if !sameAs(layout, text, shape) {
		d.Fail("E-FORMAT", source.Span{}, "the file cannot be written in the canonical form without changing what it says",
			source.Expected("values and comments that stand where other files have them; please report this one"))
		return "", d.Errors()
	}
	return text, nil
}

// isWhere reports whether a value of the shape is a condition on one row.
func isWhere(s *yaml.Shape) bool { return s.Has(rules.LeafWhere) || s.Has(rules.LeafAttributes) }

// unreadable reports conditions that cannot be read: their words are not known.
func unreadable(d *yaml.Document, l *yaml.Layout) {
	for _, e := range l.Entries {
		if isWhere(e.Shape) && e.Value.IsText() && !readable(e.Value.Value()) {
			d.Fail("E-WHERE", e.Value.Span(), "the file is not formatted because this condition cannot be read",
				source.Expected("malgrupp validate tells what is wrong with it"))
		}
	}
}

// sameAs reports whether a text says what the file says, comments included.
func sameAs(l *yaml.Layout, text string, shape *yaml.Shape) bool {
	d := yaml.Read(&source.Source{Text: text})
	if !d.Root().Present() || d.Found.Failed() {
		return false
	}
	again := yaml.NewLayout(d, shape)
	return sameValue(l.Root, again.Root) && slices.Equal(commentTexts(l.Comments), commentTexts(again.Comments))
}

func commentTexts(comments []yaml.Comment) []string {
	texts := make([]string, len(comments))
	for i, c := range comments {
		texts[i] = c.Text
	}
	slices.Sort(texts)
	return texts
}

// sameValue reports whether two values are equal, objects in any order of their keys, conditions word by word.
func sameValue(a, b *yaml.Entry) bool {
	if a.Body == nil || b.Body == nil {
		return a.Body == nil && b.Body == nil && sameScalar(a.Value, b.Value, a.Shape)
	}
	if a.Value.IsList() != b.Value.IsList() || len(a.Body.Entries) != len(b.Body.Entries) {
		return false
	}
	for i, x := range a.Body.Entries {
		j := i
		if x.Key.Present() {
			j = slices.IndexFunc(b.Body.Entries, func(y *yaml.Entry) bool { return y.Key.Value() == x.Key.Value() })
		}
		if j < 0 || !sameValue(x, b.Body.Entries[j]) {
			return false
		}
	}
	return true
}

func sameScalar(a, b yaml.Node, s *yaml.Shape) bool {
	switch {
	case a.Form() != b.Form():
		return false
	case a.IsText() && isWhere(s):
		return slices.Equal(words(a.Value()), words(b.Value()))
	}
	return a.IsNull() || a.Value() == b.Value()
}

// indentation is that many blanks.
func indentation(n int) string { return strings.Repeat(" ", n) }
