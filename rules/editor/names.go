package editor

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
)

// events is a name, a list of names, or any.
func events(s *rules.Scope) Schema {
	var names []string
	for _, schema := range s.Schemas {
		if schema.Events == nil {
			return Either(Text, ListOf(Text)) // a schema that declares none leaves all names open
		}
		names = slices.AppendSeq(names, maps.Keys(schema.Events))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return Either(Text, ListOf(Text))
	}
	return Either(Exactly("any"), OneOf(names...), ListOf(OneOf(names...)))
}

// metric lists the calls of the aggregates that are wanted, each with the columns it takes.
func metric(s *rules.Scope, wanted func(rules.Aggregate) bool) Schema {
	var calls []Schema
	for _, a := range s.Language.Aggregates {
		switch {
		case !wanted(a):
		case a.Of == nil:
			calls = append(calls, described(Exactly(a.Name+"()"), a.Doc))
		default:
			calls = append(calls, described(columnCalls(s, a), a.Doc))
		}
	}
	return Either(calls...)
}

func columnCalls(s *rules.Scope, a rules.Aggregate) Schema {
	if len(s.Schemas) == 0 {
		return Schema{"type": "string", "pattern": "^" + regexp.QuoteMeta(a.Name) + `\([a-z_][a-z0-9_.]*\)$`}
	}
	calls := []string{}
	for _, schema := range s.Schemas {
		for _, c := range schema.Columns {
			if slices.Contains(a.Of, c.Type.Kind) && (!a.Sums || c.Type.Kind != value.Float || c.Quantise != nil) {
				calls = append(calls, a.Name+"("+c.Name+")")
			}
		}
	}
	slices.Sort(calls)
	return OneOf(slices.Compact(calls)...)
}

// where describes the condition on one row in words: its grammar is beyond JSON Schema.
func where(s *rules.Scope) Schema {
	var columns []string
	for _, schema := range s.Schemas {
		for _, c := range schema.Columns {
			text := c.Name + " (" + c.Type.String()
			if len(c.Enum) > 0 {
				text += ": " + strings.Join(c.Enum, " | ")
			}
			columns = append(columns, text+")")
		}
	}
	slices.Sort(columns)
	var operators, functions []string
	for _, o := range builtin.Operators() {
		operators = append(operators, o.Name)
	}
	for _, f := range s.Language.Functions {
		functions = append(functions, f.Name)
	}
	text := fmt.Sprintf("What one event must look like, as a WHERE of SQL: product = 'mortgage' and amount > 100. "+
		"Operators: %s. Functions: %s.",
		strings.Join(operators, ", "), strings.Join(functions, ", "))
	if len(columns) > 0 {
		text += " Columns: " + strings.Join(slices.Compact(columns), ", ") + "."
	}
	if len(s.ValueSets) > 0 {
		text += " Value sets: @" + strings.Join(slices.Sorted(maps.Keys(s.ValueSets)), ", @") + "."
	}
	return Schema{"type": "string", "minLength": 1, "maxLength": 4096, "description": text}
}

// attributes describes the condition on a customer's attributes.
func attributes(s *rules.Scope) Schema {
	own := &rules.Scope{Language: s.Language, ValueSets: s.ValueSets}
	if s.Profile != nil {
		own.Schemas = []*rules.Schema{s.Profile}
	}
	return where(own)
}
