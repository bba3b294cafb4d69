package rules

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Scope is everything a rule is checked against: the language, the vocabulary and what the project names.
type Scope struct {
	Language     *Language
	Schemas      []*Schema // of all sources; rules may use the union of their columns
	Profile      *Schema   // of customers, for profile conditions; nil: the project has none
	ValueSets    map[string]*ValueSet
	Topics       []*Topic // by name; nil: the project has none
	Statistics   []*Statistic
	Destinations map[string]Destination
	Contacts     []string        // who may own a segment; nil: not checked
	Zone         *value.Zone     // of segments without timezone
	Salt         string          // of holdouts without salt; "": each names its own
	AsOf         value.CivilDate // today, for review dates; zero: not checked
	Retention    value.Duration  // how long rows are kept, a day being 24 hours; zero: not checked
	AnyEvent     bool            // event names are not checked even if the schemas declare them
}

// Destination is what rules must know of a place that audiences are delivered to.
type Destination struct {
	Purposes []Purpose // for which it takes audiences
	Ads      bool      // an ad platform: labels with policy no_ads keep a rule away
	// RefusesNames says that it switches off audiences whose names speak of financial status, health and the like; ByHand
	// that lists are carried there under their file's name.
	RefusesNames, ByHand bool
}

// find returns the first element that is the one asked for.
func find[T any](list []T, is func(*T) bool) (*T, bool) {
	for i := range list {
		if is(&list[i]) {
			return &list[i], true
		}
	}
	return nil, false
}

func (s *Scope) verb(name string) (*Verb, bool) {
	return find(s.Language.Verbs, func(v *Verb) bool { return v.Name == name })
}

func (s *Scope) verbNames() []string {
	names := make([]string, len(s.Language.Verbs))
	for i, v := range s.Language.Verbs {
		names[i] = v.Name
	}
	return names
}

// function finds a function that is written with a column in parentheses.
func (s *Scope) function(name string) (*Function, bool) {
	return find(s.Language.Functions, func(f *Function) bool { return f.Name == name && !f.Implicit })
}

// implicit finds a function about the event time that is written without parentheses.
func (s *Scope) implicit(name string) (*Function, bool) {
	return find(s.Language.Functions, func(f *Function) bool { return f.Name == name && f.Implicit })
}

func (s *Scope) functionNames() []string { return s.functionsThat(false) }

func (s *Scope) implicitNames() []string { return s.functionsThat(true) }

func (s *Scope) functionsThat(implicit bool) []string {
	var names []string
	for _, f := range s.Language.Functions {
		if f.Implicit == implicit {
			names = append(names, f.Name)
		}
	}
	return names
}

func (s *Scope) aggregate(name string) (*Aggregate, bool) {
	return find(s.Language.Aggregates, func(a *Aggregate) bool { return a.Name == name })
}

func (s *Scope) aggregateNames() []string {
	names := make([]string, len(s.Language.Aggregates))
	for i, a := range s.Language.Aggregates {
		names[i] = a.Name
	}
	return names
}

func (s *Scope) SetNames() []string { return slices.Sorted(maps.Keys(s.ValueSets)) }

func (s *Scope) destinationNames() []string { return slices.Sorted(maps.Keys(s.Destinations)) }

// Vocabulary is what rules can name: the union of the columns of all schemas.
type Vocabulary struct {
	Columns     map[string]*Word
	functions   []Function
	eventColumn string     // the name of the event in all schemas; "": they differ
	timeColumn  string     // of the event's time, which is called alike in all of them
	events      []string   // all declared events, sorted
	open        bool       // some schema leaves its events open: there may be others
	eventLabels []Labelled // of events, whatever a schema calls the column with their names
}

// Word is one column name and what the schemas say of it.
type Word struct {
	column  *Column
	Schemas []*Schema
	Enum    []string // nil if one of the schemas leaves the values open
	Labels  []Labelled
}

// MissingOn reports whether the schemas say that other events carry the column, but none of these.
func (w *Word) MissingOn(events []string) bool {
	elsewhere := false
	for _, schema := range w.Schemas {
		for event, columns := range schema.Events {
			if slices.Contains(columns, w.column.Name) {
				if slices.Contains(events, event) {
					return false
				}
				elsewhere = true
			}
		}
	}
	return elsewhere && len(events) > 0
}

// bounds are the numbers that the column can hold: what its type does, or less where all schemas say so.
func (w *Word) bounds(of value.Type) (low, high int64) {
	low, high = math.MinInt64, math.MaxInt64
	if of.Kind == value.Decimal {
		beyond, _, _ := value.Number{Int: 1}.AtScale(of.Precision)
		low, high = 1-beyond, beyond-1
	}
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	for _, s := range w.Schemas {
		c, _ := s.Column(w.column.Name)
		from, to := low, high
		if c.Min != nil {
			from = *c.Min
		}
		if c.Max != nil {
			to = *c.Max
		}
		least, most = min(least, from), max(most, to)
	}
	return least, most
}

// longest is how many characters a text of the column has at most.
func (w *Word) longest() int64 {
	most := 0
	for _, s := range w.Schemas {
		c, _ := s.Column(w.column.Name)
		if c.MaxLength == 0 {
			return value.MaxTextBytes
		}
		most = max(most, c.MaxLength)
	}
	return int64(most)
}

type Labelled struct {
	Label
	schema *Schema
}

func (s *Scope) Vocabulary() *Vocabulary {
	v := &Vocabulary{Columns: map[string]*Word{}, functions: s.Language.Functions, open: s.AnyEvent}
	for _, schema := range s.Schemas {
		for i := range schema.Columns {
			v.add(schema, &schema.Columns[i])
		}
		v.open = v.open || schema.Events == nil
		for event := range schema.Events {
			v.events = append(v.events, event)
		}
	}
	if v.events != nil {
		for _, schema := range s.Schemas {
			if c, ok := schema.WithRole(RoleEventName); ok && c.Value != "" {
				v.events = append(v.events, c.Value)
			}
		}
	}
	slices.Sort(v.events)
	v.events = slices.Compact(v.events)
	if c, ok := s.withRole(RoleEventTime); ok {
		v.timeColumn = c.Name
	}
	for i, schema := range s.Schemas {
		switch c, ok := schema.WithRole(RoleEventName); {
		case !ok, i > 0 && c.Name != v.eventColumn:
			v.eventColumn = ""
			return v
		default:
			v.eventColumn = c.Name
		}
	}
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
			w.Enum = slices.Concat(w.Enum,
				slices.DeleteFunc(slices.Clone(c.Enum), func(e string) bool { return slices.Contains(w.Enum, e) }))
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

// CheckEvent refuses an event that no schema declares, if all of them declare theirs.
func (v *Vocabulary) CheckEvent(n yaml.Node, name string) {
	if v.open || slices.Contains(v.events, name) {
		return
	}
	hints := append(source.DidYouMean(name, v.events),
		source.Expected("an event of the schema: "+strings.Join(v.events, ", ")))
	if meant := v.meantEvent(name); meant != "" {
		hints = []source.Hint{source.Fix(meant)}
	}
	n.Document().Fail("E-UNKNOWN-EVENT", n.Span(), fmt.Sprintf("there is no event %q", name), hints...)
}

// timesOver is an event with how often.
var timesOver = regexp.MustCompile(`^(\S+) \D*(\d+)\D*$`)

// meantEvent is what a text was meant for that is no event: several, all, none of one, or how many; "" if nobody knows.
func (v *Vocabulary) meantEvent(name string) string {
	known := func(event string) bool { return slices.Contains(v.events, event) }
	either := strings.FieldsFunc(strings.ReplaceAll(name, " or ", ","), func(r rune) bool {
		return strings.ContainsRune(", |;/", r)
	})
	both := strings.Split(strings.NewReplacer(" and ", "&", " & ", "&").Replace(name), "&")
	often := timesOver.FindStringSubmatch(name)
	_, not, _ := strings.Cut(strings.Replace(name, "!", "not ", 1), "not ")
	switch {
	case slices.Contains([]string{"*", "all", "every", "everything", "anything"}, name):
		return "did: any"
	case known(strings.TrimSpace(not)):
		return "did_not: " + strings.TrimSpace(not)
	case often != nil && known(often[1]):
		return often[1] + ", at_least: " + often[2]
	case len(either) > 1 && !slices.ContainsFunc(either, func(e string) bool { return !known(e) }):
		return "[" + strings.Join(either, ", ") + "]"
	case len(both) > 1 && !slices.ContainsFunc(both, func(e string) bool { return !known(e) }):
		return "all: with a condition for each of " + strings.Join(both, ", ")
	}
	return ""
}

// Function finds a function by its name; nil if there is none, as of a column that stands alone.
func (v *Vocabulary) Function(name string) *Function {
	f, _ := find(v.functions, func(f *Function) bool { return f.Name == name })
	return f
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
				r.Fail("E-TYPE", c.Span,
					fmt.Sprintf("%s is %s here and %s in schema %s", c.Name, c.Type.Describe(), o.Type.Describe(), other.title()),
					source.Expected("one type for one name in all schemas, or another name here (from: "+c.Name+")"))
			}
		}
		if c, ok := schema.WithRole(RoleEventTime); ok {
			if timeOf == nil {
				timeOf = schema
			} else if o, _ := timeOf.WithRole(RoleEventTime); o.Name != c.Name {
				r.Fail("E-ROLE", c.Span,
					fmt.Sprintf("the event time is called %s here and %s in schema %s", c.Name, o.Name, timeOf.title()),
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
		return source.Expected(fmt.Sprintf("a column of event %s (%s; `malgrupp schema show event %s`)", events[0], in,
			events[0]))
	}
	return source.Expected("a column of " + in)
}
