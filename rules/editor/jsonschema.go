// Package editor makes the JSON Schemas by which an editor completes and checks files while they are written. They are
// walked from the same shapes that reader and formatter go by; what a project names is filled in.
package editor

import (
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Rule is the schema of files of kind Segment, with the names that the scope knows.
func Rule(s *rules.Scope) Schema {
	return file("malgrupp rule (kind Segment)", s, rules.SegmentKeys(s.Language))
}

// Test is the schema of files of kind SegmentTest.
func Test(s *rules.Scope) Schema {
	return file("malgrupp test (kind SegmentTest)", s, rules.TestKeys)
}

// Project is the schema of malgrupp.yaml, whose shape depends on the platforms there are.
func Project(shape *yaml.Shape) Schema {
	return file("malgrupp.yaml (kind Project)", &rules.Scope{Language: builtin.Language()}, shape)
}

func file(title string, s *rules.Scope, shape *yaml.Shape) Schema {
	w := writer{scope: s, defs: Schema{}}
	body := w.schema(shape)
	return Document(title, body, w.defs)
}

// writer makes the schema of a file.
type writer struct {
	scope *rules.Scope
	defs  Schema // parts that refer to one another
}

// schema is that of a value; one that has a name is a reference, and what it refers to stands among the definitions.
func (w *writer) schema(s *yaml.Shape) Schema {
	if s.Def == "" {
		return w.whole(s)
	}
	if w.defs[s.Def] == nil {
		w.defs[s.Def] = Schema{} // it may refer to itself
		w.defs[s.Def] = w.whole(s)
	}
	return Refer(s.Def)
}

func (w *writer) whole(s *yaml.Shape) Schema {
	var out Schema
	switch {
	case s == nil:
		out = Schema{}
	case s.Either != nil:
		var forms []Schema
		for _, of := range s.Either {
			forms = append(forms, w.schema(of))
		}
		out = Either(forms...)
	case s.Each != nil:
		out = ListOf(w.schema(s.Each))
		if s.Low > 0 {
			out["minItems"] = s.Low
		}
	case s.Names != nil:
		out = MapOf(w.schema(s.Names))
		if s.Form != "" {
			out["propertyNames"] = Schema{"pattern": s.Form}
		}
	case s.Leaf == "", s.Leaf == rules.LeafRow:
		out = w.object(s)
	default:
		out = w.leaf(s)
	}
	return described(out, s.Doc)
}

// object is the schema of an object. Keys that are not built are left out.
func (w *writer) object(s *yaml.Shape) Schema {
	var parts []any
	for _, k := range s.Keys {
		if k.Unbuilt {
			continue
		}
		name := k.Name + "?"
		if k.Needed && !(k.Leaf == rules.LeafSalt && w.scope.Salt != "") {
			name = k.Name
		}
		parts = append(parts, name, described(w.schema(k.Shape), k.Doc))
	}
	out := Object(parts...)
	var one, two []Schema
	for i, name := range s.Rivals {
		one = append(one, Schema{"required": []string{name}})
		for _, other := range s.Rivals[:i] {
			two = append(two, Schema{"required": []string{other, name}})
		}
	}
	if two != nil {
		out["not"] = Either(two...)
	}
	if s.NeedsOne {
		out["anyOf"] = one
	}
	if s.Leaf == rules.LeafRow {
		w.columns(out)
	}
	return out
}

// columns adds those of the project to a row; without a project any column may stand there.
func (w *writer) columns(row Schema) {
	if len(w.scope.Schemas) == 0 {
		delete(row, "additionalProperties")
	}
	properties := row["properties"].(Schema)
	for _, schema := range w.scope.Schemas {
		for _, c := range schema.Columns {
			if c.Role == rules.RoleNone {
				properties[c.Name] = described(Schema{}, c.Type.String())
			}
		}
	}
}

// leaf is the schema of a value without parts.
func (w *writer) leaf(s *yaml.Shape) Schema {
	switch s.Leaf {
	case yaml.LeafText:
		if s.Form != "" {
			return Schema{"type": "string", "pattern": s.Form}
		}
		return Text
	case yaml.LeafWord:
		if len(s.Words) == 1 {
			return Exactly(s.Words[0])
		}
		return OneOf(s.Words...)
	case yaml.LeafWhole:
		return whole(s.Low, s.High)
	case rules.LeafContact:
		return wordOf(w.scope.Contacts)
	case rules.LeafDestination:
		return wordOf(slices.Sorted(maps.Keys(w.scope.Destinations)))
	case rules.LeafEvents:
		return events(w.scope)
	case rules.LeafMetric:
		return metric(w.scope, func(rules.Aggregate) bool { return true })
	case rules.LeafRank:
		return metric(w.scope, func(a rules.Aggregate) bool { return a.Ranks })
	case rules.LeafWhere:
		return where(w.scope)
	case rules.LeafAttributes:
		return attributes(w.scope)
	}
	return forms[s.Leaf]
}

// forms are the schemas of leaves that are the same in every project.
var forms = map[yaml.Leaf]Schema{
	yaml.LeafTruth: {"type": "boolean"}, yaml.LeafNumber: {"type": "number"}, yaml.LeafInstant: Text, rules.LeafSalt: Text,
	yaml.LeafName: {"type": "string", "pattern": "^[a-z][a-z0-9-]{2,62}$"},
	yaml.LeafDate: {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "a date: 2026-04-01"},
	yaml.LeafDuration: {
		"type": "string", "pattern": "^0*[1-9][0-9]*(s|min|h|d|w|mo)$",
		"description": "s, min, h: elapsed time; d, w, mo: calendar steps in the zone",
	},
	rules.LeafStep: {"type": "string", "pattern": "^[1-9][0-9]*(s|min|h|d|w)$"},
	yaml.LeafReference: {
		"type": "string", "pattern": "^(env|file|age):.+$", "description": "env:NAME, file:PATH or age:PATH",
	},
	rules.LeafPercent: {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
	rules.LeafBound:   Either(Schema{"type": "number"}, Text),
	rules.LeafAny:     {"type": "object"},
}
