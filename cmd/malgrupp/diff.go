package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/diff"
)

func (a *app) diffCommand() *cobra.Command {
	var exitCode, data bool
	var o runOptions
	c := &cobra.Command{
		Use: "diff OLD NEW", Short: "What two rules say differently, and with --data whom that moves",
		Long: "Compares the checked forms of two segments, each named or given as a rule file, and prints what NEW says " +
			"otherwise than OLD.\nThe order of keys and terms, names, owners and dates make no difference; rules with one " +
			"definition hash have none.\n\n" +
			"With --data both rules are decided on the real logs, as by a run that knows nothing of earlier ones, and " +
			"nothing is written but a line on " +
			"record that it was asked. Whoever enters\nor leaves is counted at the change that does it by itself, or under " +
			"\"several changes\": none of them does it alone, or more than one. The last\ntwo columns say what OLD would " +
			"gain and lose with that change and no other. People are counted in tens, 0 to 49 as <50.\n\n" +
			"In a pull request: git show main:segments/x.yaml > old.yaml && malgrupp diff old.yaml segments/x.yaml",
		Args: cobra.ExactArgs(2), ValidArgsFunction: a.completeSegments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !data && (o.asOf != "" || o.knownBy != "") {
				return usagef("--as-of and --known-by say which data are meant: give --data as well")
			}
			return a.runDiff(cmd.Context(), args[0], args[1], o, data, exitCode)
		},
	}
	c.Flags().BoolVar(&data, "data", false, "decide both rules on the real logs and count who enters and who leaves")
	o.instants(c)
	c.Flags().BoolVar(&exitCode, "exit-code", false, "exit 12 if there is a difference")
	return c
}

// ruleDoc names one of two rules.
type ruleDoc struct {
	Segment    string `json:"segment"`
	File       string `json:"file"`
	Definition string `json:"definition"`
}

func ruleDocOf(s *rules.Segment) ruleDoc {
	return ruleDoc{s.Name, s.Source.Name, hex.EncodeToString(s.Hash[:])}
}

// diffDoc is the JSON document of diff.
type diffDoc struct {
	Schema      string              `json:"schema"`
	Old         ruleDoc             `json:"old"`
	New         ruleDoc             `json:"new"`
	Differences []diff.Difference   `json:"differences"`
	Data        *preview.Comparison `json:"data,omitempty"`
}

func (a *app) runDiff(ctx context.Context, old, now string, o runOptions, data, exitCode bool) error {
	loaded, err := a.checked("")
	if err != nil {
		return err
	}
	was, err := a.ruleOf(loaded, old)
	if err != nil {
		return err
	}
	is, err := a.ruleOf(loaded, now)
	if err != nil {
		return err
	}
	doc := diffDoc{
		"malgrupp.diff/v1", ruleDocOf(was), ruleDocOf(is), append([]diff.Difference{}, diff.Differences(was, is)...), nil,
	}
	if data {
		if doc.Data, err = a.comparison(ctx, loaded, o, was, is); err != nil {
			return err
		}
	}
	err = a.print(doc, func(w io.Writer) {
		fmt.Fprintf(w, "%s (definition %s) -> %s (definition %s)\n", doc.Old.File, doc.Old.Definition[:8], doc.New.File,
			doc.New.Definition[:8])
		writeDifferences(w, doc.Differences)
		if doc.Data != nil {
			fmt.Fprintf(w, "\nas of %s, known by %s\n", localTime(doc.Data.AsOf, is.Zone),
				localTime(doc.Data.KnownBy, is.Zone))
			writeComparison(w, doc.Data)
		}
	})
	if err == nil && exitCode && len(doc.Differences) > 0 {
		return outcome{exitCheck, "the rules differ"}
	}
	return err
}

// ruleOf finds a segment of the project by its name, or checks the rule in a file against the project.
func (a *app) ruleOf(loaded *load.Loaded, name string) (*rules.Segment, error) {
	if i := slices.IndexFunc(loaded.Segments, func(s *rules.Segment) bool { return s.Name == name }); i >= 0 {
		return loaded.Segments[i], nil
	}
	src, err := load.NamedFile(name)
	if err != nil {
		return nil, usagef("%q is neither a segment (the project has %s) nor a rule file: %w", name, segmentNames(loaded),
			err)
	}
	s, found := loaded.Scope(0).Segment(src)
	if found.Failed() {
		return nil, found
	}
	return s, nil
}

func writeDifferences(w io.Writer, differences []diff.Difference) {
	if len(differences) == 0 {
		fmt.Fprintln(w, "they say the same")
	}
	for _, d := range differences {
		fmt.Fprintln(w, d.String())
	}
}

// comparison decides two rules on the real logs.
func (a *app) comparison(ctx context.Context, loaded *load.Loaded, o runOptions,
	was, is *rules.Segment,
) (*preview.Comparison, error) {
	job, err := a.jobOf(loaded, nil, o)
	if err != nil {
		return nil, err
	}
	defer job.Stores.Close()
	show := a.newProgress()
	job.Watch = show.update
	defer show.stop()
	if err := pipeline.Previewed(ctx, job, was, is); err != nil {
		return nil, err
	}
	return preview.Compare(ctx, job.Inputs, was, is)
}

func writeComparison(w io.Writer, c *preview.Comparison) {
	for _, u := range c.Uses {
		fmt.Fprintf(w, "\nfor %s: %s delivered by the old rule, %s by the new one, %s by both\n", u.Use, u.Old, u.New, u.Both)
		t := newTable(w, "change", "entering", "leaving", "alone: gains", "alone: loses")
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight}, {Number: 5, Align: text.AlignRight}})
		for _, n := range u.Changes {
			gains, loses := "", ""
			if n.Alone != nil {
				gains, loses = n.Alone.Entering.String(), n.Alone.Leaving.String()
			}
			t.AppendRow(table.Row{n.Difference.String(), n.Entering, n.Leaving, gains, loses})
		}
		t.AppendRow(table.Row{"several changes", u.Several.Entering, u.Several.Leaving, "", ""})
		t.AppendRow(table.Row{"in all", u.Total.Entering, u.Total.Leaving, "", ""})
		t.Render()
	}
}
