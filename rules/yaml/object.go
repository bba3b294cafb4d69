package yaml

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Object returns the keys of an object; messages call it what.
func (n Node) Object(what string) (*Object, bool) {
	o := &Object{node: n, what: what}
	if !n.IsObject() {
		n.Wrong("an object (key: value)")
		return o, false
	}
	for i := 0; i+1 < len(n.raw.Content); i += 2 {
		key := n.raw.Content[i]
		if _, twice := o.Find(key.Value); twice {
			continue
		}
		o.fields = append(o.fields, field{
			key:   Node{doc: n.doc, raw: key, name: key.Value},
			value: Node{doc: n.doc, raw: n.raw.Content[i+1], name: key.Value},
		})
	}
	return o, true
}

// Object is a node with keys. Keys that nobody declared by Only are errors.
type Object struct {
	node   Node
	what   string
	shape  *Shape
	fields []field
}

type field struct{ key, value Node }

// Only gives the object its shape and reports every key that it does not have; beside are keys that only this object
// may have.
func (o *Object) Only(s *Shape, beside ...string) {
	o.shape = s
	keys := append(s.All(), beside...)
	for _, f := range o.fields {
		if !slices.Contains(keys, f.key.name) {
			o.Unknown(f.key, keys)
		}
	}
}

// Unknown reports a key that does not belong here; keys are those that do.
func (o *Object) Unknown(key Node, keys []string) {
	hints := append(source.DidYouMean(key.name, keys), source.Expected(strings.Join(keys, ", ")))
	o.node.doc.Fail("E-UNKNOWN-KEY", key.Span(), fmt.Sprintf("%q is not a key of %s", key.name, o.what), hints...)
}

// Find returns the value of a key if it was written.
func (o *Object) Find(key string) (Node, bool) {
	for _, f := range o.fields {
		if f.key.name == key {
			return f.value, true
		}
	}
	return Node{}, false
}

// Need returns the value of a key and reports it if it is missing.
func (o *Object) Need(key string) (Node, bool) {
	n, ok := o.Find(key)
	if !ok && !o.Misnamed(key) {
		o.node.doc.Fail("E-MISSING-KEY", o.Span(), fmt.Sprintf("%s needs the key %q", o.what, key),
			source.Expected(key+": ..."))
	}
	return n, ok
}

// Misnamed reports whether a key that is not there stands under a word of another tool, which has been reported.
func (o *Object) Misnamed(key string) bool {
	return slices.ContainsFunc(o.fields, func(f field) bool {
		return o.shape != nil && o.shape.index(f.key.name) < 0 &&
			slices.Contains(source.Suggest(f.key.name, o.shape.All()), key)
	})
}

// KeySpan returns where a key stands; of a key that was not written, where the object begins.
func (o *Object) KeySpan(key string) source.Span {
	for _, f := range o.fields {
		if f.key.name == key {
			return f.key.Span()
		}
	}
	return o.Span()
}

// Fields walks the keys that were written with what stands behind them, in their order.
func (o *Object) Fields() iter.Seq2[Node, Node] {
	return func(yield func(key, value Node) bool) {
		for _, f := range o.fields {
			if !yield(f.key, f.value) {
				return
			}
		}
	}
}

// What is how messages call the object; Call changes it.
func (o *Object) What() string { return o.what }

// Call sets how messages call the object.
func (o *Object) Call(what string) { o.what = what }

// Keys returns the keys that were written, in their order.
func (o *Object) Keys() []Node {
	keys := make([]Node, len(o.fields))
	for i, f := range o.fields {
		keys[i] = f.key
	}
	return keys
}

// Span is where the object begins.
func (o *Object) Span() source.Span { return o.node.Span() }

// read is what stands behind a key of the shape, read with get: the zero value if it was not written or is wrong. A key
// that must be there is reported if it is missing.
func read[T any](o *Object, key string, get func(n Node, s *Shape) (T, bool)) (v T) {
	n, ok := o.Find(key)
	i := o.shape.index(key)
	switch {
	case ok:
		v, _ = get(n, o.shape.Keys[i].Shape)
	case o.shape.Keys[i].Needed:
		o.Need(key)
	}
	return v
}

// Text returns the text behind a key.
func (o *Object) Text(key string) string {
	return read(o, key, func(n Node, _ *Shape) (string, bool) { return n.Text() })
}

// Texts returns the texts behind a key.
func (o *Object) Texts(key string) []string {
	return read(o, key, func(n Node, _ *Shape) ([]string, bool) { return n.Texts() })
}

// Word returns the word behind a key, one of those of the shape.
func (o *Object) Word(key string) string {
	return read(o, key, func(n Node, s *Shape) (string, bool) { return n.Word(s.Words...) })
}

// Identifier returns the name behind a key.
func (o *Object) Identifier(key string) string {
	return read(o, key, func(n Node, _ *Shape) (string, bool) { return n.Identifier() })
}

// Whole returns the whole number behind a key, within the bounds of the shape.
func (o *Object) Whole(key string) int {
	return read(o, key, func(n Node, s *Shape) (int, bool) { return n.Int(s.Low, s.High) })
}

// Truth returns whether true stands behind a key.
func (o *Object) Truth(key string) bool {
	return read(o, key, func(n Node, _ *Shape) (bool, bool) { return n.Bool() })
}

// Date returns the date behind a key.
func (o *Object) Date(key string) value.CivilDate {
	return read(o, key, func(n Node, _ *Shape) (value.CivilDate, bool) { return n.Date() })
}

// Duration returns the duration behind a key.
func (o *Object) Duration(key string) value.Duration {
	return read(o, key, func(n Node, _ *Shape) (value.Duration, bool) { return n.Duration() })
}
