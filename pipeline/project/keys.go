package project

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Shape is the shape of malgrupp.yaml with what these platforms take.
func Shape(p Platforms) *yaml.Shape { return rules.ProjectKeys(p.destination(), p.columns()) }

// destination is the shape of a destination: what it may say depends on its type.
func (p Platforms) destination() *yaml.Shape {
	var forms []*yaml.Shape
	for i := range p.Kinds {
		forms = append(forms, p.Kinds[i].keys(p.Profiles))
	}
	return yaml.Either(forms...)
}

// keys is the shape of a destination of the kind.
func (k *Kind) keys(profiles []string) *yaml.Shape {
	return rules.DestinationKeys.Changed(func(key *yaml.Key) bool {
		switch key.Name {
		case "type":
			key.Shape = yaml.Word(k.Type)
		case "processor":
			key.Needed = !k.Own
		case "account":
			return k.Account != nil
		case "acknowledge":
			return !k.Own
		case "send":
			key.Shape = yaml.ListOf(yaml.Word(k.Send...), 0)
			return len(k.Send) > 0 && !k.Described
		case "batch":
			key.Shape = k.Most.keys(key.Shape)
			return k.Batched
		case "lists":
			return k.Numbered
		case "form":
			key.Needed = true
			key.Shape = k.form(key.Shape, profiles)
			return k.Described
		}
		return true
	})
}

// keys is the shape of a batch that is at most so large.
func (b Batch) keys(s *yaml.Shape) *yaml.Shape {
	return s.Changed(func(key *yaml.Key) bool {
		if most := map[string]int{"rows": b.Rows, "bytes": b.Bytes}[key.Name]; most > 0 {
			key.Shape = yaml.Whole(key.Low, most)
		}
		return true
	})
}

// form is the shape of a form of lists with the profiles and identifiers that there are.
func (k *Kind) form(s *yaml.Shape, profiles []string) *yaml.Shape {
	return s.Changed(func(key *yaml.Key) bool {
		switch key.Name {
		case "profile":
			key.Shape = yaml.Word(profiles...)
		case "columns":
			key.Shape = yaml.ListOf(key.Each.Changed(func(of *yaml.Key) bool {
				if of.Name == "of" {
					of.Shape = yaml.Word(slices.Concat(k.Send, FormWords)...)
				}
				return true
			}), 1)
		}
		return true
	})
}

// columns is the shape of what is said of the columns of contact keys.
func (p Platforms) columns() *yaml.Shape {
	var keys []yaml.Key
	for _, c := range p.Columns {
		keys = append(keys, yaml.May(c, yaml.Matching(`^(plain|sha256_hex\((`+strings.Join(p.Profiles, "|")+`)\))$`)))
	}
	return yaml.Keys(keys...)
}
