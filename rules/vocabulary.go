package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// vocabulary is what rules can name: the union of the columns of all schemas.
type vocabulary struct {
	columns     map[string]*word
	events      []string   // all declared events, sorted; nil: not declared
	eventLabels []labelled // of events, whatever a schema calls the column with their names
}

// word is one column name and what the schemas say of it.
type word struct {
	column  *Column
	schemas []*Schema
	enum    []string // nil if one of the schemas leaves the values open
	labels  []labelled
}

type labelled struct {
	Label
	schema *Schema
}

func (s *Scope) vocabulary() *vocabulary {
	v := &vocabulary{columns: map[string]*word{}}
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

func (v *vocabulary) add(schema *Schema, c *Column) {
	w := v.columns[c.Name]
	if w == nil {
		w = &word{column: c, enum: c.Enum}
		v.columns[c.Name] = w
	} else if w.enum != nil {
		if c.Enum == nil {
			w.enum = nil
		} else {
			w.enum = slices.Concat(w.enum, slices.DeleteFunc(slices.Clone(c.Enum), func(e string) bool { return slices.Contains(w.enum, e) }))
		}
	}
	w.schemas = append(w.schemas, schema)
	for _, l := range c.Labels {
		w.labels = append(w.labels, labelled{l, schema})
		if c.Role == RoleEventName {
			v.eventLabels = append(v.eventLabels, labelled{l, schema})
		}
	}
}

// names returns all column names, sorted.
func (v *vocabulary) names() []string {
	names := make([]string, 0, len(v.columns))
	for name := range v.columns {
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
func (s *Scope) Check() Errors {
	var found Errors
	first := map[string]*Schema{}
	var timeOf *Schema
	for _, schema := range s.Schemas {
		r := report{source: schema.Source}
		for i := range schema.Columns {
			c := &schema.Columns[i]
			other, ok := first[c.Name]
			if !ok {
				first[c.Name] = schema
				continue
			}
			if o, _ := other.Column(c.Name); o.Type != c.Type {
				r.fail("E-TYPE", c.Span, fmt.Sprintf("%s is %s here and %s in schema %s", c.Name, c.Type.describe(), o.Type.describe(), other.title()),
					expected("one type for one name in all schemas, or another name here (from: "+c.Name+")"))
			}
		}
		if c, ok := schema.WithRole(RoleEventTime); ok {
			if timeOf == nil {
				timeOf = schema
			} else if o, _ := timeOf.WithRole(RoleEventTime); o.Name != c.Name {
				r.fail("E-ROLE", c.Span, fmt.Sprintf("the event time is called %s here and %s in schema %s", c.Name, o.Name, timeOf.title()),
					expected("one name for the event time in all schemas, so that local.hour and its like are clear"))
			}
		}
		found = append(found, r.found...)
	}
	return found
}

// title is what messages call a schema: web-app-events v3.
func (s *Schema) title() string { return s.Name + " v" + strconv.Itoa(s.Version) }

// typeNames are the kinds as schemas write them.
var typeNames = map[Kind]string{
	Text: "text", Integer: "integer", Decimal: "decimal", Float: "float", Boolean: "boolean",
	Date: "date", Timestamp: "timestamp", TimeOfDay: "time",
}

// String returns the type as schemas write it: decimal(18,2).
func (t Type) String() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return typeNames[t.Kind]
}

// describe says in a message what values of the type are.
func (t Type) describe() string {
	switch t.Kind {
	case Integer:
		return "a number (integer)"
	case Decimal:
		return fmt.Sprintf("a number (decimal %d,%d)", t.Precision, t.Scale)
	case Float:
		return "a number (float)"
	case Boolean:
		return "true or false"
	case Date:
		return "a date"
	case Timestamp:
		return "a point in time (timestamp)"
	case TimeOfDay:
		return "a time of day"
	}
	return "text"
}

// columnHint says where the columns that could stand here are listed.
func (v *vocabulary) columnHint(schemas []*Schema, events []string) Hint {
	titles := make([]string, len(schemas))
	for i, s := range schemas {
		titles[i] = s.title()
	}
	in := "schema " + strings.Join(titles, ", ")
	switch {
	case len(titles) == 0:
		return expected("a column of the schema")
	case len(events) == 1:
		return expected(fmt.Sprintf("a column of event %s (%s; `malgrupp schema show event %s`)", events[0], in, events[0]))
	}
	return expected("a column of " + in)
}
