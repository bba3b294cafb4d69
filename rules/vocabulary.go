package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
)

// Vocabulary is what rules can name: the union of the columns of all schemas.
type Vocabulary struct {
	Columns     map[string]*Word
	events      []string   // all declared events, sorted; nil: not declared
	eventLabels []Labelled // of events, whatever a schema calls the column with their names
}

// Word is one column name and what the schemas say of it.
type Word struct {
	column  *Column
	Schemas []*Schema
	Enum    []string // nil if one of the schemas leaves the values open
	Labels  []Labelled
}

type Labelled struct {
	Label
	schema *Schema
}

func (s *Scope) Vocabulary() *Vocabulary {
	v := &Vocabulary{Columns: map[string]*Word{}}
	for _, schema := range s.Schemas {
		for i := range schema.Columns {
			v.add(schema, &schema.Columns[i])
		}
		for event := range schema.Events {
			v.events = append(v.events, event)
		}
	}
	slices.Sort(v.events)
	v.events = slices.Compact(v.events)
	return v
}

func (v *Vocabulary) add(schema *Schema, c *Column) {
	w := v.Columns[c.Name]
	if w == nil {
		w = &Word{column: c, Enum: c.Enum}
		v.Columns[c.Name] = w
	} else if w.Enum != nil {
		if c.Enum == nil {
			w.Enum = nil
		} else {
			w.Enum = slices.Concat(w.Enum, slices.DeleteFunc(slices.Clone(c.Enum), func(e string) bool { return slices.Contains(w.Enum, e) }))
		}
	}
	w.Schemas = append(w.Schemas, schema)
	for _, l := range c.Labels {
		w.Labels = append(w.Labels, Labelled{l, schema})
		if c.Role == RoleEventName {
			v.eventLabels = append(v.eventLabels, Labelled{l, schema})
		}
	}
}

// names returns all column names, sorted.
func (v *Vocabulary) names() []string {
	names := make([]string, 0, len(v.Columns))
	for name := range v.Columns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// withRole returns the column that plays a role, in the first schema that has it.
func (s *Scope) withRole(r Role) (*Column, bool) {
	for _, schema := range s.Schemas {
		if c, ok := schema.WithRole(r); ok {
			return c, true
		}
	}
	return nil, false
}

// Check reports what is wrong with the vocabulary as a whole: one name with two types, or two names for the event time.
func (s *Scope) Check() source.Findings {
	var found source.Findings
	first := map[string]*Schema{}
	var timeOf *Schema
	for _, schema := range s.Schemas {
		r := source.Report{Source: schema.Source}
		for i := range schema.Columns {
			c := &schema.Columns[i]
			other, ok := first[c.Name]
			if !ok {
				first[c.Name] = schema
				continue
			}
			if o, _ := other.Column(c.Name); o.Type != c.Type {
				r.Fail("E-TYPE", c.Span, fmt.Sprintf("%s is %s here and %s in schema %s", c.Name, c.Type.Describe(), o.Type.Describe(), other.title()),
					source.Expected("one type for one name in all schemas, or another name here (from: "+c.Name+")"))
			}
		}
		if c, ok := schema.WithRole(RoleEventTime); ok {
			if timeOf == nil {
				timeOf = schema
			} else if o, _ := timeOf.WithRole(RoleEventTime); o.Name != c.Name {
				r.Fail("E-ROLE", c.Span, fmt.Sprintf("the event time is called %s here and %s in schema %s", c.Name, o.Name, timeOf.title()),
					source.Expected("one name for the event time in all schemas, so that local.hour and its like are clear"))
			}
		}
		found = append(found, r.Found...)
	}
	return found
}

// title is what messages call a schema: web-app-events v3.
func (s *Schema) title() string { return s.Name + " v" + strconv.Itoa(s.Version) }

// columnHint says where the columns that could stand here are listed.
func (v *Vocabulary) columnHint(schemas []*Schema, events []string) source.Hint {
	titles := make([]string, len(schemas))
	for i, s := range schemas {
		titles[i] = s.title()
	}
	in := "schema " + strings.Join(titles, ", ")
	switch {
	case len(titles) == 0:
		return source.Expected("a column of the schema")
	case len(events) == 1:
		return source.Expected(fmt.Sprintf("a column of event %s (%s; `malgrupp schema show event %s`)", events[0], in, events[0]))
	}
	return source.Expected("a column of " + in)
}
