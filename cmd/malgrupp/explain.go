package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/prose"
)

// explanation is the JSON document of `explain`.
type explanation struct {
	Schema       string           `json:"schema"`
	Segment      string           `json:"segment"`
	Title        string           `json:"title,omitempty"`
	Definition   string           `json:"definition"`
	Owner        string           `json:"owner"`
	ReviewBy     string           `json:"review_by"`
	Expires      string           `json:"expires,omitempty"`
	Purpose      rules.Purpose    `json:"purpose"`
	Identity     rules.Level      `json:"identity"`
	TimeZone     string           `json:"time_zone"`
	Sentences    []prose.Sentence `json:"sentences"`
	Events       []string         `json:"events"` // empty: all
	Columns      []string         `json:"columns"`
	Destinations []recipient      `json:"destinations"`
}

// recipient is a destination with the fewest members it is told about.
type recipient struct {
	Name    string `json:"name"`
	MinSize int    `json:"min_size"`
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain SEGMENT", Short: "What a rule means, in words; needs no data",
		Long: "Says in plain English who is in a segment, from the same checked form of the rule that a run evaluates.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeSegments,
		RunE: func(_ *cobra.Command, args []string) error { return a.runExplain(args[0]) },
	}
}

func (a *app) runExplain(name string) error {
	loaded, err := a.load("")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(loaded.Segments, func(s *rules.Segment) bool { return s.Name == name })
	switch {
	case i < 0 && loaded.Findings.Failed():
		return loaded.Findings
	case i < 0:
		return usagef("there is no segment %q: the project has %s", name, segmentNames(loaded))
	}
	for _, e := range loaded.Findings.Sorted() { // a rule that nobody can fulfil is worth explaining, too
		a.log.Warn(e.Message, "code", e.Code, "file", e.Source.Name)
	}
	doc := explainSegment(loaded, loaded.Segments[i])
	return a.print(doc, func(w io.Writer) { writeExplanation(w, doc) })
}

func segmentNames(l *load.Loaded) string {
	if len(l.Segments) == 0 {
		return "none"
	}
	names := make([]string, len(l.Segments))
	for i, s := range l.Segments {
		names[i] = s.Name
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func explainSegment(l *load.Loaded, s *rules.Segment) explanation {
	e := explanation{
		Schema: "malgrupp.explanation/v1", Segment: s.Name, Title: s.Title, Definition: hex.EncodeToString(s.Hash[:]),
		Owner: s.Owner, ReviewBy: s.ReviewBy.String(), Purpose: s.Purpose, Identity: s.Level, TimeZone: s.Zone.Name(),
		Sentences: prose.Sentences(s), Events: []string{}, Columns: []string{}, Destinations: []recipient{},
	}
	if s.Expires != 0 {
		e.Expires = s.Expires.String()
	}
	columns, events, _ := s.Reads()
	e.Events = append(e.Events, events...)
	e.Columns = append(e.Columns, columns...)
	for _, schema := range l.Scope(0).Schemas {
		for _, c := range schema.Columns {
			if slices.Contains(ownRoles, c.Role) && !slices.Contains(e.Columns, c.Name) {
				e.Columns = append(e.Columns, c.Name)
			}
		}
	}
	slices.Sort(e.Columns)
	for _, name := range s.Deliver {
		d, _ := l.Project.Destination(name)
		e.Destinations = append(e.Destinations, recipient{name, l.Project.Least(d, s.MinSize)})
	}
	return e
}

// ownRoles are the columns that the program reads for itself, whatever the rule says: when, whose, what, and which
// copy. The customer counts also at device level, because a login decides whose row it is.
var ownRoles = []rules.Role{
	rules.RoleEventTime, rules.RoleReceivedAt, rules.RoleEventID, rules.RoleEventName, rules.RoleDevice,
	rules.RoleCustomer,
}

func writeExplanation(w io.Writer, e explanation) {
	fmt.Fprintf(w, "%s   definition %s   owner %s   review by %s\n", e.Segment, e.Definition[:8], e.Owner, e.ReviewBy)
	if e.Title != "" {
		fmt.Fprintln(w, e.Title)
	}
	fmt.Fprintf(w, "A %s is in this segment at a given moment (by default the start of the local day in %s) if:\n",
		e.Identity, e.TimeZone)
	width := 0
	for _, s := range e.Sentences {
		width = max(width, len(s.Path))
	}
	for _, s := range e.Sentences {
		indent := strings.Repeat("  ", s.Depth)
		fmt.Fprintf(w, "  %-*s  %s%s\n", width, s.Path, indent, s.Text)
		for _, note := range s.Notes {
			fmt.Fprintf(w, "  %-*s  %s  (%s)\n", width, "", indent, note)
		}
	}
	events := "all"
	if len(e.Events) > 0 {
		events = strings.Join(e.Events, ", ")
	}
	fmt.Fprintf(w, "Looks at events: %s.\nReads columns: %s.\n", events, strings.Join(e.Columns, ", "))
	fmt.Fprintf(w, "Purpose: %s. Only events of people who consented to this use, then and now, are looked at.\n",
		e.Purpose)
	if e.Expires != "" {
		fmt.Fprintf(w, "Expires: after %s nobody is delivered and everybody held is removed.\n", e.Expires)
	}
	if len(e.Destinations) == 0 {
		fmt.Fprintln(w, "Goes to nobody.")
		return
	}
	parts := make([]string, len(e.Destinations))
	for i, d := range e.Destinations {
		parts[i] = fmt.Sprintf("%s (at least %d members)", d.Name, d.MinSize)
	}
	fmt.Fprintf(w, "Goes to: %s.\n", strings.Join(parts, ", "))
}
