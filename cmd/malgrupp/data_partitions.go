package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

func (a *app) partitionsCommand() *cobra.Command {
	var strict bool
	var o inspect.PartitionOptions
	c := &cobra.Command{
		Use: "partitions [SOURCE...]", Short: "Which days of the logs are there, late or missing",
		Long: "Lists every source and says which days are there, which are missing, empty, late or without their " +
			"_SUCCESS, and what a run now\nwould read. Opens no object. Missing means: a day before yesterday; yesterday is " +
			"overdue once --grace has passed since its end.",
		ValidArgsFunction: a.completeSources,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Sources = args
			return a.runPartitions(cmd.Context(), o, strict)
		},
	}
	c.Flags().DurationVar(&o.Grace, "grace", 6*time.Hour, "how long after the end of its day an object may be written")
	c.Flags().BoolVar(&strict, "strict", false, "exit 12 if something is missing, overdue, incomplete or misplaced")
	return c
}

// partitionsDoc is the JSON document of `data partitions`.
type partitionsDoc struct {
	Schema      string                     `json:"schema"`
	GeneratedAt string                     `json:"generated_at"`
	Failed      bool                       `json:"failed"`
	Sources     []inspect.SourcePartitions `json:"sources"`
}

func (a *app) runPartitions(ctx context.Context, o inspect.PartitionOptions, strict bool) error {
	in, err := a.looking()
	if err != nil {
		return err
	}
	defer in.Stores.Close()
	sources, err := inspect.Partitions(ctx, in, o)
	if err != nil {
		return err
	}
	doc := partitionsDoc{
		Schema: "malgrupp.partitions/v1", GeneratedAt: a.now().UTC().Format(time.RFC3339), Sources: sources,
	}
	for i := range sources {
		doc.Failed = doc.Failed || sources[i].Failed()
	}
	if err := a.print(doc, func(w io.Writer) { writePartitions(w, sources, in.Project.Zone) }); err != nil {
		return err
	}
	if strict && doc.Failed {
		return outcome{exitCheck, "a source lacks something"}
	}
	return nil
}

// looking is a job that looks at logs: it needs no keys, and no segments that stand.
func (a *app) looking() (in decide.Inputs, _ error) {
	loaded, err := a.load("")
	if err != nil {
		return in, err
	}
	found := slices.DeleteFunc(slices.Clone(loaded.Findings), func(e *source.Finding) bool {
		return loaded.Project != nil &&
			(strings.HasPrefix(e.Source.Name, "segments/") || strings.HasPrefix(e.Source.Name, "tests/"))
	})
	if found.Failed() {
		return in, found
	}
	return a.inputs(loaded, "", "")
}

// completeSources offers the names of the project's sources to the shell.
func (a *app) completeSources(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	loaded, err := a.load("")
	if err != nil || loaded.Project == nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, s := range loaded.Project.Sources {
		names = append(names, s.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// shownLate is how many late objects are named.
const shownLate = 5

// writePartitions prints the sources for people: a line for each, then its days as a calendar and what is not as it
// should be.
func writePartitions(w io.Writer, sources []inspect.SourcePartitions, zone *value.Zone) {
	t := newTable(w, "source", "days", "first", "last", "objects", "size", "a run reads", "from", "before")
	for _, s := range sources {
		days := any(s.Count)
		if s.Key == "" {
			days = "-"
		}
		t.AppendRow(table.Row{
			s.Source, days, s.First, s.Last, s.Objects, bytesText(s.Bytes),
			fmt.Sprintf("%s, %s", plural(s.Reads.Objects, "object"), bytesText(s.Reads.Bytes)),
			localTime(s.Reads.From, zone), localTime(s.Reads.Before, zone),
		})
	}
	t.Render()
	for i := range sources {
		writeCalendar(w, &sources[i])
		writeTroubles(w, &sources[i], zone)
	}
}

func writeTroubles(w io.Writer, s *inspect.SourcePartitions, zone *value.Zone) {
	say := func(days []string, what string) {
		if len(days) > 0 {
			fmt.Fprintf(w, "%s: %s: %s\n", s.Source, what, strings.Join(days, ", "))
		}
	}
	if s.Objects == 0 {
		fmt.Fprintf(w, "%s: holds no objects: check the export and the url of the source\n", s.Source)
	}
	if s.GapsEmpty {
		say(s.Missing, "without a folder, taken as days on which nothing happened (gaps: empty)")
	} else {
		say(s.Missing, "missing")
	}
	if s.Overdue != "" {
		say([]string{s.Overdue}, "overdue")
	}
	if s.Awaited != "" {
		say([]string{s.Awaited}, "not there yet")
	}
	if s.NotBegun != "" {
		say([]string{s.NotBegun}, "nothing has come today, which a run does not need yet")
	}
	say(s.Empty, "holds no object that counts")
	say(s.Incomplete, "has no _SUCCESS, so a run leaves it out")
	writeLate(w, s, zone)
	for _, key := range s.Strange {
		fmt.Fprintf(w, "%s: %s lies in no folder %s<date>: a run stops at it\n", s.Source, inspect.Printable(key), s.Key)
	}
	say(s.Reads.Uncovered, "days of which a run knows nothing, so that what did not happen then is unknown")
}

// copied reports whether so many objects are late that it says nothing about the days.
func copied(s *inspect.SourcePartitions) bool {
	return len(s.Late) > shownLate && 2*len(s.Late) > s.Objects
}

// writeLate names late objects, unless so many are late that the log was rather copied.
func writeLate(w io.Writer, s *inspect.SourcePartitions, zone *value.Zone) {
	if copied(s) {
		fmt.Fprintf(w, "%s: %d of %d objects were written late: the log was copied, or comes in one go\n", s.Source,
			len(s.Late), s.Objects)
		return
	}
	for i, o := range s.Late {
		if i == shownLate {
			fmt.Fprintf(w, "%s: %d more were written late\n", s.Source, len(s.Late)-i)
			break
		}
		fmt.Fprintf(w, "%s: late: %s was written at %s, %s after its day ended\n", s.Source, inspect.Printable(o.Key),
			localTime(o.Written, zone), plural(int(o.Hours), "hour"))
	}
}
