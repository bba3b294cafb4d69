package main

import (
	"fmt"
	"strings"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

// Parts that several schemas use.
var (
	anyText  = jsonSchema{"type": "string"}
	truth    = jsonSchema{"type": "boolean"}
	duration = jsonSchema{
		"type": "string", "pattern": "^0*[1-9][0-9]*(s|min|h|d|w|mo)$",
		"description": "s, min, h: elapsed time; d, w, mo: calendar steps in the zone",
	}
	date       = jsonSchema{"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "a date: 2026-04-01"}
	identifier = jsonSchema{"type": "string", "pattern": "^[a-z][a-z0-9-]{2,62}$"}
	reference  = jsonSchema{"type": "string", "pattern": "^(env|file|age):.+$", "description": "env:NAME, file:PATH or age:PATH"}
)

// object makes the schema of an object that has these keys and no others: name, schema, name, schema, ... A name with a
// question mark is optional.
func object(namesAndSchemas ...any) jsonSchema {
	properties, required := jsonSchema{}, []string{}
	for i := 0; i < len(namesAndSchemas); i += 2 {
		key, optional := strings.CutSuffix(namesAndSchemas[i].(string), "?")
		properties[key] = namesAndSchemas[i+1]
		if !optional {
			required = append(required, key)
		}
	}
	out := jsonSchema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

// document makes the schema of a file or document as a whole.
func document(title string, body jsonSchema, defs jsonSchema) jsonSchema {
	body["$schema"], body["title"] = draft, title
	if len(defs) > 0 {
		body["$defs"] = defs
	}
	return body
}

func listOf(item jsonSchema) jsonSchema { return jsonSchema{"type": "array", "items": item} }

func mapOf(value jsonSchema) jsonSchema {
	return jsonSchema{"type": "object", "additionalProperties": value}
}

func oneOfWords(words ...string) jsonSchema { return jsonSchema{"enum": words} }

func exactly(text string) jsonSchema { return jsonSchema{"const": text} }

func either(schemas ...jsonSchema) jsonSchema { return jsonSchema{"anyOf": schemas} }

func whole(low, high int) jsonSchema {
	return jsonSchema{"type": "integer", "minimum": low, "maximum": high}
}

func refer(def string) jsonSchema { return jsonSchema{"$ref": "#/$defs/" + def} }

// described adds a description to a copy of a schema.
func described(s jsonSchema, format string, args ...any) jsonSchema {
	out := jsonSchema{"description": fmt.Sprintf(format, args...)}
	for k, v := range s {
		if k != "description" {
			out[k] = v
		}
	}
	return out
}

// wordOf is an enum of what the project names, or any text where it names nothing.
func wordOf(names []string) jsonSchema {
	if len(names) == 0 {
		return anyText
	}
	return oneOfWords(names...)
}
