package yaml

import (
	"slices"
)

// Shape says how values of one kind are laid out. The nil shape is that of values nobody describes: the order of their keys
// is the author's.
type Shape struct {
	keys  []string          // in canonical order; others follow in theirs
	of    map[string]*Shape // of the values behind keys
	names *Shape            // of values behind names that the author chose; their order is his, too
	Each  *Shape            // of the members of a list; an object where a list could stand has it as well
	Where bool              // a condition on one row
}

func (s *Shape) Condition() bool { return s != nil && s.Where }

func (s *Shape) Table() bool { return s != nil && s.names != nil }

// Member is the shape of a list's members.
func (s *Shape) Member() *Shape {
	if s == nil {
		return nil
	}
	return s.Each
}

// Behind is the shape of the value behind a key.
func (s *Shape) Behind(key string) *Shape {
	switch {
	case s == nil:
		return nil
	case s.names != nil:
		return s.names
	}
	return s.of[key]
}

// rank is the place of a key in the canonical order; keys that nobody lists come last.
func (s *Shape) rank(key string) int {
	if r := slices.Index(s.keys, key); r >= 0 {
		return r
	}
	return len(s.keys)
}

// Keys is the shape of an object with these keys.
func Keys(keys ...string) *Shape { return &Shape{keys: keys} }

// With gives the shapes of values behind keys.
func (s *Shape) With(of map[string]*Shape) *Shape {
	s.of = of
	return s
}

func ListOf(s *Shape) *Shape { return &Shape{Each: s} }

func NamesOf(s *Shape) *Shape { return &Shape{names: s} }
