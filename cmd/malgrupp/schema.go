package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/editor"
)

// schemaKinds are the documents that have a schema; the scope is that of the project, or the bare language without one.
var schemaKinds = map[string]func(*rules.Scope) editor.Schema{
	"rule":       editor.Rule,
	"test":       editor.Test,
	"config":     func(*rules.Scope) editor.Schema { return editor.Project(project.Shape(load.Platforms())) },
	"run-result": func(*rules.Scope) editor.Schema { return runResultSchema() },
	"plan":       func(*rules.Scope) editor.Schema { return runResultSchema() }, // plan prints what a run would

	"what-if": func(*rules.Scope) editor.Schema { return whatIfSchema() },
}

func (a *app) schemaCommand() *cobra.Command {
	c := &cobra.Command{Use: "schema", Short: "The form of files and documents"}
	kinds := slices.Sorted(maps.Keys(schemaKinds))
	show := &cobra.Command{
		Use:   "show KIND | event NAME | schema NAME",
		Short: "The JSON Schema of a kind of document, what an event carries, or an EventSchema",
		Long: "KIND is one of " + strings.Join(kinds, ", ") + ". The schemas of rule and test name the events, columns,\n" +
			"value sets and destinations of the project in -C, if there is one, so that an editor can complete them.\n\n" +
			"schema NAME prints an EventSchema of the project, or one that comes with the program, to be read or copied and " +
			"changed:\n" +
			shippedNames() + ".",
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: cobra.FixedCompletions(append(kinds, "event", "schema"), cobra.ShellCompDirectiveNoFileComp),
		RunE:              func(_ *cobra.Command, args []string) error { return a.runSchemaShow(args) },
	}
	c.AddCommand(show)
	return c
}

func (a *app) runSchemaShow(args []string) error {
	if args[0] == "event" {
		if len(args) != 2 {
			return usagef("schema show event needs the name of an event")
		}
		return a.showEvent(args[1])
	}
	if args[0] == "schema" {
		if len(args) != 2 {
			return usagef("schema show schema needs the name of an EventSchema: one of the project's, or %s", shippedNames())
		}
		return a.showEventSchema(args[1])
	}
	make, ok := schemaKinds[args[0]]
	if !ok || len(args) != 1 {
		return usagef("there is no schema of %q: use one of %s, event NAME or schema NAME", strings.Join(args, " "),
			strings.Join(slices.Sorted(maps.Keys(schemaKinds)), ", "))
	}
	scope, err := a.editorScope()
	if err != nil {
		return err
	}
	return make(scope).Write(a.out)
}

// editorScope is what rules can name. Mistakes in rules do not matter here: an editor needs the schema while they are
// being written. Without a project there is the language alone.
func (a *app) editorScope() (*rules.Scope, error) {
	loaded, err := a.load("")
	if err != nil {
		if f, ok := fault.Classify(err); ok && f.Reason == "PROJECT" {
			return &rules.Scope{Language: builtin.Language()}, nil
		}
		return nil, err
	}
	if loaded.Project == nil {
		return nil, loaded.Findings
	}
	return loaded.Scope(0), nil
}

// eventDoc is the JSON document of `schema show event`.
type eventDoc struct {
	Schema  string        `json:"schema"`
	Event   string        `json:"event"`
	Columns []eventColumn `json:"columns"`
}

// eventColumn is a column as rules see it.
type eventColumn struct {
	Name        string       `json:"name"`
	Type        string       `json:"type"`
	EventSchema string       `json:"event_schema"`
	Optional    bool         `json:"optional"`
	Enum        []string     `json:"enum,omitempty"`
	Labels      []eventLabel `json:"labels,omitempty"`
}

// eventLabel is a mark of sensitive content.
type eventLabel struct {
	Value  string `json:"value,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	Is     string `json:"is"`
	Policy string `json:"policy,omitempty"`
}

func (a *app) showEvent(name string) error {
	scope, err := a.editorScope()
	if err != nil {
		return err
	}
	doc := eventDoc{Schema: "malgrupp.event/v1", Event: name, Columns: []eventColumn{}}
	known := false
	for _, s := range scope.Schemas {
		carried, declared := s.Events[name]
		if s.Events != nil && !declared {
			continue
		}
		known = true
		for _, c := range s.Columns {
			// Columns with a role belong to every event; of the others an event carries those that it names.
			if s.Events == nil || c.Role != rules.RoleNone || slices.Contains(carried, c.Name) {
				doc.Columns = append(doc.Columns, columnOf(s, c))
			}
		}
	}
	if !known {
		return usagef("no schema of the project declares the event %q: malgrupp schema show rule lists those that are "+
			"declared", name)
	}
	return a.print(doc, func(w io.Writer) { writeEvent(w, doc) })
}

func columnOf(s *rules.Schema, c rules.Column) eventColumn {
	out := eventColumn{
		Name: c.Name, Type: c.Type.String(), EventSchema: fmt.Sprintf("%s v%d", s.Name, s.Version), Optional: c.Optional,
		Enum: c.Enum,
	}
	for _, l := range c.Labels {
		out.Labels = append(out.Labels, eventLabel(l))
	}
	return out
}

func writeEvent(w io.Writer, doc eventDoc) {
	fmt.Fprintf(w, "event %s carries\n", doc.Event)
	for _, c := range doc.Columns {
		fmt.Fprintf(w, "  %-20s %-14s %s", c.Name, c.Type, c.EventSchema)
		if c.Optional {
			fmt.Fprint(w, "   may be missing")
		}
		if c.Enum != nil {
			fmt.Fprintf(w, "   one of %s", strings.Join(c.Enum, ", "))
		}
		fmt.Fprintln(w)
		for _, l := range c.Labels {
			fmt.Fprintf(w, "  %-20s %s\n", "", l.words())
		}
	}
}

// words says what a label marks and what follows from it.
func (l eventLabel) words() string {
	what := "every value"
	switch {
	case l.Value != "":
		what = "value " + l.Value
	case l.Prefix != "":
		what = "values beginning with " + l.Prefix
	}
	switch l.Policy {
	case "drop":
		return what + ": " + l.Is + ", such rows are never used"
	case "no_ads":
		return what + ": " + l.Is + ", not for ad platforms"
	}
	return what + ": " + l.Is
}
