package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// layer is one object that may set a key, and what its settings are called by `config show --origin`.
type layer struct {
	object *yaml.Object
	origin string // "" for the file itself, "profile prod" for a profile
}

// section is an object of the file with a profile's object laid over it: a key of the profile wins.
type section struct {
	path   string // "consent."
	layers []layer
	file   *file
	keys   *yaml.Shape
}

// file collects settings and findings while the sections are read.
type file struct {
	doc      *yaml.Document
	settings []Setting
}

// find returns the winning value of a key.
func (s section) find(key string) (yaml.Node, string, bool) {
	for _, l := range s.layers {
		if n, ok := l.object.Find(key); ok {
			return n, l.origin, true
		}
	}
	return yaml.Node{}, "", false
}

// only reports unknown keys in every layer; unbuilt keys are refused by name. In the file's own object those beside may
// stand, too.
func (s section) only(beside ...string) {
	keys, unbuilt := s.keys.Built(), s.keys.Refused()
	for _, l := range s.layers {
		for _, k := range l.object.Keys() {
			switch {
			case slices.Contains(keys, k.Name()):
			case l.origin == "" && slices.Contains(beside, k.Name()):
			case slices.Contains(unbuilt, k.Name()):
				e := s.file.doc.Fail("E-NOT-BUILT", k.Span(), s.path+k.Name()+" is not built in this version")
				e.Missing = s.path + k.Name()
			default:
				l.object.Unknown(k, keys)
			}
		}
	}
}

// sub returns the section below a key; it is empty where nobody wrote the key.
func (s section) sub(key string) section {
	out := section{path: s.path + key + ".", file: s.file, keys: s.keys.Behind(key)}
	for _, l := range s.layers {
		if n, ok := l.object.Find(key); ok {
			if o, ok := n.Object(strings.TrimSuffix(out.path, ".")); ok {
				out.layers = append(out.layers, layer{object: o, origin: l.origin})
			}
		}
	}
	return out
}

// written reports whether the section exists in some layer.
func (s section) written() bool { return len(s.layers) > 0 }

// note files a setting with its origin.
func (s section) note(key string, value any, n yaml.Node, profile string) {
	origin := "default"
	if n.Present() {
		src := n.Document().Source
		origin = fmt.Sprintf("%s:%d", src.Name, src.Position(n.Span().Start).Line)
		if profile != "" {
			origin += " (" + profile + ")"
		}
	}
	s.file.settings = append(s.file.settings, Setting{Key: s.path + key, Value: fmt.Sprint(value), Origin: origin})
}

// need reports that a key is missing from the file.
func (s section) need(key, example string) {
	span := source.Span{}
	if s.written() {
		span = s.layers[len(s.layers)-1].object.Span()
	}
	s.file.doc.Fail("E-MISSING-KEY", span, fmt.Sprintf("the project needs the key %q", s.path+key),
		source.Hint{Label: source.LabelExpected, Text: key + ": " + example})
}

// setting reads one key with read, or takes the default; the result is noted with its origin.
func setting[T any](s section, key string, def T, read func(yaml.Node) (T, bool)) T {
	n, profile, ok := s.find(key)
	value := def
	if ok {
		if v, good := read(n); good {
			value = v
		}
	}
	s.note(key, value, n, profile)
	return value
}

func (s section) text(key, def string) string { return setting(s, key, def, yaml.Node.Text) }

// required is text without a default.
func (s section) required(key, example string) string {
	n, profile, ok := s.find(key)
	if !ok {
		s.need(key, example)
		return ""
	}
	v, _ := n.Text()
	s.note(key, v, n, profile)
	return v
}

func (s section) duration(key string, def value.Duration) value.Duration {
	return setting(s, key, def, yaml.Node.Duration)
}

func (s section) zone(key string, def *value.Zone) *value.Zone {
	n, profile, ok := s.find(key)
	value := def
	if ok {
		if z, good := n.Zone(); good {
			value = z
		}
	}
	s.note(key, value.Name(), n, profile)
	return value
}

func (s section) whole(key string, def int) int {
	of := s.keys.Behind(key)
	return setting(s, key, def, func(n yaml.Node) (int, bool) { return n.Int(of.Low, of.High) })
}

func (s section) flag(key string, def bool) bool { return setting(s, key, def, yaml.Node.Bool) }

// word is one of the words of the key; of those that are refused later messages speak as well.
func (s section) word(key, def string, refused ...string) string {
	words := slices.Concat(s.keys.Behind(key).Words, refused)
	return setting(s, key, def, func(n yaml.Node) (string, bool) { return n.Word(words...) })
}

func (s section) texts(key string, def []string) []string {
	return setting(s, key, def, yaml.Node.Texts)
}
