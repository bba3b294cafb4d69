package editor

import (
	"encoding/json"
	"io"
	"strings"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

// Schema is a JSON Schema (draft 2020-12) or a part of one. encoding/json writes the keys of a map in order.
type Schema map[string]any

// Text is the schema of any text.
var Text = Schema{"type": "string"}

// Write writes the schema with two blanks of indentation.
func (s Schema) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(s)
}

// Object makes the schema of an object that has these keys and no others: name, schema, name, schema, ... A name with a
// question mark is optional.
func Object(namesAndSchemas ...any) Schema {
	properties, required := Schema{}, []string{}
	for i := 0; i < len(namesAndSchemas); i += 2 {
		key, optional := strings.CutSuffix(namesAndSchemas[i].(string), "?")
		properties[key] = namesAndSchemas[i+1]
		if !optional {
			required = append(required, key)
		}
	}
	out := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// Document makes the schema of a file or document as a whole.
func Document(title string, body Schema, defs Schema) Schema {
	body["$schema"], body["title"] = draft, title
	if len(defs) > 0 {
		body["$defs"] = defs
	}
	return body
}

// ListOf is a list of any length.
func ListOf(item Schema) Schema { return Schema{"type": "array", "items": item} }

// MapOf is an object with whatever names.
func MapOf(value Schema) Schema { return Schema{"type": "object", "additionalProperties": value} }

// OneOf is one of some words.
func OneOf(words ...string) Schema { return Schema{"enum": words} }

// Exactly is one text.
func Exactly(text string) Schema { return Schema{"const": text} }

// Either is a value that one of several schemas accepts.
func Either(schemas ...Schema) Schema { return Schema{"anyOf": schemas} }

// Refer refers to a part of the document by its name.
func Refer(def string) Schema { return Schema{"$ref": "#/$defs/" + def} }

func whole(low, high int) Schema {
	return Schema{"type": "integer", "minimum": low, "maximum": high}
}

// described adds a description to a copy of a schema; without a text it is the schema itself.
func described(s Schema, text string) Schema {
	if text == "" {
		return s
	}
	out := Schema{}
	for k, v := range s {
		out[k] = v
	}
	out["description"] = text
	return out
}

// wordOf is an enum of what the project names, or any text where it names nothing.
func wordOf(names []string) Schema {
	if len(names) == 0 {
		return Text
	}
	return OneOf(names...)
}
