package project

import (
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
		forms = append(forms, p.Kinds[i].keys())
	}
	return yaml.Either(forms...)
}

// keys is the shape of a destination of the kind.
func (k *Kind) keys() *yaml.Shape {
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
			return len(k.Send) > 0
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
