package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// valid judges a value by the part of JSON Schema that our schemas use.
func valid(t *testing.T, root, schema map[string]any, v any) bool {
	t.Helper()
	all := func(list any, hold func(map[string]any) bool) bool {
		for _, s := range list.([]any) {
			if !hold(s.(map[string]any)) {
				return false
			}
		}
		return true
	}
	holds := func(s map[string]any) bool { return valid(t, root, s, v) }
	fails := func(s map[string]any) bool { return !valid(t, root, s, v) }
	for key, want := range schema {
		ok := true
		switch key {
		case "$ref":
			defs := root["$defs"].(map[string]any)
			ok = holds(defs[strings.TrimPrefix(want.(string), "#/$defs/")].(map[string]any))
		case "anyOf":
			ok = !all(want, fails)
		case "not":
			ok = fails(want.(map[string]any))
		case "const":
			ok = v == want
		case "enum":
			ok = slices.Contains(want.([]any), v)
		case "type":
			ok = typeOf(v) == want || want == "number" && typeOf(v) == "integer"
		case "pattern":
			text, isText := v.(string)
			ok = !isText || regexp.MustCompile(want.(string)).MatchString(text)
		case "minimum", "exclusiveMinimum", "maximum":
			ok = within(key, v, want.(float64))
		case "minItems":
			list, isList := v.([]any)
			ok = !isList || len(list) >= int(want.(float64))
		case "minLength", "maxLength":
			text, isText := v.(string)
			ok = !isText || (key == "minLength") == (len(text) >= int(want.(float64))) || len(text) == int(want.(float64))
		case "items":
			list, _ := v.([]any)
			for _, item := range list {
				ok = ok && valid(t, root, want.(map[string]any), item)
			}
		case "required":
			o, isObject := v.(map[string]any)
			for _, name := range want.([]any) {
				_, has := o[name.(string)]
				ok = ok && (has || !isObject)
			}
		case "properties", "additionalProperties", "propertyNames":
			ok = validKeys(t, root, schema, key, v)
		case "$schema", "$defs", "title", "description":
		default:
			t.Fatalf("the test does not know the keyword %s", key)
		}
		if !ok {
			return false
		}
	}
	return true
}

func validKeys(t *testing.T, root, schema map[string]any, keyword string, v any) bool {
	t.Helper()
	o, isObject := v.(map[string]any)
	if !isObject {
		return true
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range o {
		s, known := properties[name]
		switch rest := schema[keyword].(type) {
		case bool:
			if !known && !rest {
				return false
			}
		case map[string]any:
			switch {
			case keyword == "propertyNames" && !valid(t, root, rest, name),
				keyword == "properties" && known && !valid(t, root, s.(map[string]any), value),
				keyword == "additionalProperties" && !known && !valid(t, root, rest, value):
				return false
			}
		}
	}
	return true
}

func typeOf(v any) string {
	switch v := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case nil:
		return "null"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
	}
	return "number"
}

func within(keyword string, v any, limit float64) bool {
	n, isNumber := v.(float64)
	switch {
	case !isNumber:
		return true
	case keyword == "minimum":
		return n >= limit
	case keyword == "exclusiveMinimum":
		return n > limit
	}
	return n <= limit
}
