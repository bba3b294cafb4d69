package rules

import (
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/rules/value"
)

// Scope is everything a rule is checked against: the language, the vocabulary and what the project names.
type Scope struct {
	Language     *Language
	Schemas      []*Schema // of all sources; rules may use the union of their columns
	Profile      *Schema   // of customers, for profile conditions; nil: the project has none
	ValueSets    map[string]*ValueSet
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

func (s *Scope) verb(name string) (*Verb, bool) {
	for i := range s.Language.Verbs {
		if s.Language.Verbs[i].Name == name {
			return &s.Language.Verbs[i], true
		}
	}
	return nil, false
}

func (s *Scope) verbNames() []string {
	names := make([]string, len(s.Language.Verbs))
	for i, v := range s.Language.Verbs {
		names[i] = v.Name
	}
	return names
}

// function finds a function that is written with a column in parentheses.
func (s *Scope) function(name string) (*Function, bool) { return s.find(name, false) }

// implicit finds a function about the event time that is written without parentheses.
func (s *Scope) implicit(name string) (*Function, bool) { return s.find(name, true) }

func (s *Scope) find(name string, implicit bool) (*Function, bool) {
	for i := range s.Language.Functions {
		if f := &s.Language.Functions[i]; f.Name == name && f.Implicit == implicit {
			return f, true
		}
	}
	return nil, false
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
	for i := range s.Language.Aggregates {
		if s.Language.Aggregates[i].Name == name {
			return &s.Language.Aggregates[i], true
		}
	}
	return nil, false
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
