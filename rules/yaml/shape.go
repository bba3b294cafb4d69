package yaml

import (
	"slices"
)

// Leaf is what a value without parts is. Packages with grammars of their own name further ones.
type Leaf string

// Leaves that files of every kind have.
const (
	LeafText      Leaf = "text"
	LeafWord      Leaf = "word"       // one of Words
	LeafName      Leaf = "identifier" // what segments, tests, schemas and value sets may be called
	LeafTruth     Leaf = "truth"
	LeafNumber    Leaf = "number"
	LeafWhole     Leaf = "whole number" // Low to High
	LeafDate      Leaf = "date"
	LeafDuration  Leaf = "duration"
	LeafInstant   Leaf = "time"      // with its offset
	LeafReference Leaf = "reference" // to a secret: env:NAME, file:PATH or age:PATH
)

// Shape is the one description of a value: what its reader takes, in which order its keys are written, and what an
// editor is told of it. It is a leaf, an object, a list, a table of names that the author chose, or one of several of
// these. The nil shape is that of values nobody describes: the order of their keys is the author's.
type Shape struct {
	Leaf      Leaf
	Def       string // the name under which other parts of a grammar refer to it
	Doc       string // one line
	Words     []string
	Form      string // regular expression of a text, or of the names of a table
	Low, High int    // of a whole number; Low of a list: how many members it has at least
	Keys      []Key  // of an object, in the order in which messages list them; of alternatives, those of all of them
	Rivals    []string
	NeedsOne  bool     // one of Rivals, of which no two may stand beside each other
	Names     *Shape   // of values behind names that the author chose; their order is his, too
	Each      *Shape   // of the members of a list
	Either    []*Shape // the value is one of these
	order     []string // of keys, canonical; others follow in the author's order
}

// Key is a key of an object with what stands behind it.
type Key struct {
	*Shape
	Name    string
	Needed  bool
	Unbuilt bool   // of the specification, refused in this version
	Doc     string // one line, of the key in this place
	above   string // the canonical order has it right behind that one
}

// Need is a key that must be there.
func Need(name string, s *Shape) Key { return Key{Name: name, Shape: s, Needed: true} }

// May is a key that may be left out.
func May(name string, s *Shape) Key { return Key{Name: name, Shape: s} }

// Unbuilt is a key that this version refuses.
func Unbuilt(name string) Key { return Key{Name: name, Unbuilt: true} }

// Says adds one line about the key.
func (k Key) Says(doc string) Key {
	k.Doc = doc
	return k
}

// After says where the key stands in the canonical order, if not where it is listed.
func (k Key) After(name string) Key {
	k.above = name
	return k
}

// Keys is the shape of an object with these keys.
func Keys(keys ...Key) *Shape {
	s := &Shape{Keys: keys}
	for len(s.order) < len(keys) {
		for _, k := range keys {
			if slices.Contains(s.order, k.Name) {
				continue
			}
			switch i := slices.Index(s.order, k.above); {
			case k.above == "":
				s.order = append(s.order, k.Name)
			case i >= 0:
				s.order = slices.Insert(s.order, i+1, k.Name)
			}
		}
	}
	return s
}

// Loose is an object whose keys the author orders, but for the first n.
func (s *Shape) Loose(n int) *Shape {
	s.order = s.order[:n]
	return s
}

// OrderedAs is an object whose keys have the canonical order of another one.
func (s *Shape) OrderedAs(o *Shape) *Shape {
	s.order = o.order
	return s
}

// As gives the shape a name to be referred to.
func (s *Shape) As(def string) *Shape {
	s.Def = def
	return s
}

// Of is a leaf.
func Of(l Leaf) *Shape { return &Shape{Leaf: l} }

// Matching is a text of a form.
func Matching(form string) *Shape { return &Shape{Leaf: LeafText, Form: form} }

// Word is one of some words.
func Word(words ...string) *Shape { return &Shape{Leaf: LeafWord, Words: words} }

// Whole is a whole number.
func Whole(low, high int) *Shape { return &Shape{Leaf: LeafWhole, Low: low, High: high} }

// ListOf is a list with at least so many members.
func ListOf(s *Shape, least int) *Shape { return &Shape{Each: s, Low: least} }

// NamesOf is a table of values behind names.
func NamesOf(s *Shape) *Shape { return &Shape{Names: s} }

// Either is the shape of a value that is one of several. Its keys are those of all of them, a key before those that it
// stands before in one of them.
func Either(shapes ...*Shape) *Shape {
	s := &Shape{Either: shapes}
	for _, of := range shapes {
		at := len(s.Keys)
		for _, k := range slices.Backward(of.Keys) {
			if i := s.index(k.Name); i >= 0 {
				at = i
			} else {
				s.Keys = slices.Insert(s.Keys, at, k)
			}
		}
		if of.Names != nil && s.Names == nil {
			s.Names = of.Names
		}
		if of.Each != nil && s.Each == nil {
			s.Each = of.Each
		}
	}
	for _, k := range s.Keys {
		if slices.ContainsFunc(shapes, func(of *Shape) bool { return slices.Contains(of.order, k.Name) }) {
			s.order = append(s.order, k.Name)
		}
	}
	return s
}

func (s *Shape) index(key string) int {
	return slices.IndexFunc(s.Keys, func(k Key) bool { return k.Name == key })
}

// Has reports whether the shape, or one of the alternatives, is such a leaf.
func (s *Shape) Has(l Leaf) bool {
	return s != nil && (s.Leaf == l || slices.ContainsFunc(s.Either, func(of *Shape) bool { return of.Has(l) }))
}

// Table reports whether the author chose the names of an object's keys.
func (s *Shape) Table() bool { return s != nil && s.Names != nil }

// Member is the shape of a list's members.
func (s *Shape) Member() *Shape {
	if s == nil {
		return nil
	}
	return s.Each
}

// Behind is the shape of the value behind a key.
func (s *Shape) Behind(key string) *Shape {
	if s == nil {
		return nil
	}
	if i := s.index(key); i >= 0 {
		return s.Keys[i].Shape
	}
	return s.Names
}

// Changed is an object with other keys: change changes a copy of each, and returns false to leave it out.
func (s *Shape) Changed(change func(k *Key) bool) *Shape {
	out := *s
	out.Keys = nil
	for _, k := range s.Keys {
		if change(&k) {
			out.Keys = append(out.Keys, k)
		}
	}
	return &out
}

// Built are the names of the keys that this version takes, as messages list them.
func (s *Shape) Built() []string { return s.names(func(k Key) bool { return !k.Unbuilt }) }

// All are the names of the keys, as messages list them.
func (s *Shape) All() []string { return s.names(func(Key) bool { return true }) }

// Refused are the names of the keys that this version refuses.
func (s *Shape) Refused() []string { return s.names(func(k Key) bool { return k.Unbuilt }) }

func (s *Shape) names(wanted func(Key) bool) (names []string) {
	for _, k := range s.Keys {
		if wanted(k) {
			names = append(names, k.Name)
		}
	}
	return names
}

// rank is the place of a key in the canonical order; keys that nobody lists come last.
func (s *Shape) rank(key string) int {
	if r := slices.Index(s.order, key); r >= 0 {
		return r
	}
	return len(s.order)
}
