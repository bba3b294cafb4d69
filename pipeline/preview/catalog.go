package preview

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Catalogue is what the logs hold that a rule can ask for, each with a condition that works.
type Catalogue struct {
	Days    int     `json:"days"` // before as_of, in which people were counted
	AsOf    string  `json:"as_of"`
	Entries []Entry `json:"entries"` // by source, event, column and value
}

// Entry is an event, one with some value in a column, or one with a certain value there, that 50 people or more had of
// whom consent lets some use see such a row. People are told in steps of 50, 100, 200, 500 and so on, as the number
// that is reached: nobody asks a catalogue about crowds of his own making, but steps keep its own numbers apart, too.
type Entry struct {
	Source    string      `json:"source"`
	Event     string      `json:"event"`
	Column    string      `json:"column,omitempty"`
	Type      string      `json:"type,omitempty"`
	Value     string      `json:"value,omitempty"`
	People    shown.Count `json:"people_at_least"`
	Condition string      `json:"condition"` // as it stands below match
}

// Catalog looks what rows hold often, asks how many people of each use that is as if it were a segment, and tells what
// stays. Nothing is written, and no key is needed.
func Catalog(ctx context.Context, in decide.Inputs, o FactsOptions) (*Catalogue, error) {
	in, err := in.Resolve()
	if err != nil {
		return nil, err
	}
	held, err := inspect.Frequent(ctx, in)
	if err != nil {
		return nil, err
	}
	var probes []lint.Probe
	entries := map[string]Entry{}
	for i := range held {
		e := entryOf(&held[i])
		c := conditionOf(&in, e.Condition)
		if c == nil {
			continue // a rule may not ask for it
		}
		p := lint.Probe{Pick: rules.Pick{Events: c.Events, Where: c.Where}}
		if other, known := entries[p.Key()]; known {
			e.Source = other.Source + ", " + e.Source
		} else {
			probes = append(probes, p)
		}
		entries[p.Key()] = e
	}
	seen := everybodySeen(in.Segments, o.Days)
	asked, about := probing(probes, seen)
	d, err := decide.Decide(ctx, in, decide.Ask(slices.Concat(seen, asked)), decide.Options{})
	if err != nil {
		return nil, err
	}
	people := map[string]int{}
	for i := range d.Audiences {
		a := &d.Audiences[i]
		if key, ok := about[a.Segment()]; ok {
			people[key] = max(people[key], a.Qualified)
		}
	}
	out := &Catalogue{Days: o.Days, AsOf: value.FormatTimestamp(in.AsOf), Entries: []Entry{}}
	for key, e := range entries {
		if e.People = step(people[key]); !e.People.Few() {
			out.Entries = append(out.Entries, e)
		}
	}
	slices.SortFunc(out.Entries, func(a, b Entry) int {
		return slices.Compare([]string{a.Source, a.Event, a.Column, a.Value}, []string{b.Source, b.Event, b.Column, b.Value})
	})
	return out, nil
}

// step is the last of 50, 100, 200, 500, 1000 and so on that a number of people reaches; 0 for none.
func step(people int) shown.Count {
	reached := 0
	for at, i := shown.Floor, 0; at <= people; i++ {
		reached = at
		if i%3 == 2 {
			at = at / 2 * 5 // from 200 to 500
		} else {
			at *= 2
		}
	}
	return shown.Count(reached)
}

func entryOf(h *inspect.Held) Entry {
	e := Entry{Source: h.Source, Event: h.Event, Value: h.Value, Condition: "did: " + quoted(h.Event)}
	if h.Column != nil {
		e.Column, e.Type = h.Column.Name, h.Column.Type.String()
		test := e.Column + " is not null"
		if h.Value != "" {
			test = e.Column + " = " + value.Quote(h.Value)
		}
		e.Condition += "\nwhere: " + quoted(test)
	}
	e.Condition += "\nwithin: 30d"
	return e
}

// plain are texts that YAML takes for what they are; a rule's text is written so where it can be.
var plain = regexp.MustCompile(`^[A-Za-z_](?:[^:#]|:[^ ]|[^ ]#)*[^: ]$`)

func quoted(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// conditionOf is the condition as a rule of the project would have it; nil if it may not.
func conditionOf(in *decide.Inputs, condition string) *rules.Condition {
	scope, owner := in.Scope(0), "nobody"
	if len(scope.Contacts) > 0 {
		owner = scope.Contacts[0]
	}
	s, found := scope.Segment(&source.Source{Name: "catalogue", Text: fmt.Sprintf("apiVersion: malgrupp/v1\n"+
		"kind: Segment\nmetadata: {name: catalogue, owner: %s, review_by: 2000-01-01}\nspec:\n  purpose: analysis\n"+
		"  identity: device\n  match:\n    %s\n  deliver: []\n", owner, strings.ReplaceAll(condition, "\n", "\n    "))})
	if found.Failed() {
		return nil
	}
	return s.Match
}
