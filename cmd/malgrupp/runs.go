package main

import (
	"context"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
)

func (a *app) runsCommand() *cobra.Command {
	c := &cobra.Command{Use: "runs", Short: "What earlier runs did"}
	var limit int
	list := &cobra.Command{
		Use: "list", Short: "The latest runs, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRunsList(cmd.Context(), limit) },
	}
	list.Flags().IntVar(&limit, "limit", 20, "how many")
	show := &cobra.Command{
		Use: "show RUN", Short: "The manifest line of one run: an id or its beginning, latest, latest~1",
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			if lines, err := a.lines(cmd.Context()); err == nil {
				for _, l := range lines {
					ids = append(ids, l.RunID)
				}
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRunsShow(cmd.Context(), args[0]) },
	}
	c.AddCommand(list, show)
	return c
}

// lines are the manifest lines of the project, newest first.
func (a *app) lines(ctx context.Context) ([]pipeline.Line, error) {
	job, err := a.job(nil, runOptions{})
	if err != nil {
		return nil, err
	}
	defer job.Stores.Close()
	return pipeline.Lines(ctx, job)
}

func (a *app) runRunsList(ctx context.Context, limit int) error {
	lines, err := a.lines(ctx)
	if err != nil {
		return err
	}
	lines = lines[:min(limit, len(lines))]
	doc := struct {
		Schema string          `json:"schema"`
		Runs   []pipeline.Line `json:"runs"`
	}{"malgrupp.runs/v1", lines}
	return a.print(doc, func(w io.Writer) {
		t := newTable(w, "run", "status", "as of", "lists", "reason")
		for _, l := range lines {
			reason := ""
			if l.Manifest.Refusal != nil {
				reason = l.Manifest.Refusal.Reason
			}
			if l.Manifest.Question != nil {
				reason = l.Manifest.Question.Reason
			}
			t.AppendRow(table.Row{l.RunID, l.Manifest.Status, l.Manifest.AsOf, len(l.Manifest.Segments), reason})
		}
		t.Render()
	})
}

func (a *app) runRunsShow(ctx context.Context, name string) error {
	lines, err := a.lines(ctx)
	if err != nil {
		return err
	}
	line, err := pipeline.FindLine(lines, name)
	if err != nil {
		return err
	}
	doc := struct {
		Schema   string             `json:"schema"`
		Valid    bool               `json:"signature_valid"`
		Manifest *pipeline.Manifest `json:"manifest"`
	}{"malgrupp.run/v1", line.Valid, line.Manifest}
	return a.print(doc, func(w io.Writer) {
		m := line.Manifest
		fmt.Fprintf(w, "run %s %s   as of %s, known by %s\n", m.RunID, m.Status, m.AsOf, m.KnownBy)
		if !line.Valid {
			fmt.Fprintln(w, "THE SIGNATURE DOES NOT FIT: the line was changed, or signed with another key")
		}
		if m.Refusal != nil {
			fmt.Fprintf(w, "refused: %s: %s\n", m.Refusal.Reason, m.Refusal.Message)
			return
		}
		if q := m.Question; q != nil {
			fmt.Fprintf(w, "somebody asked why %s is in %s or not: %s\n", q.Subject, q.Segment, q.Reason)
			return
		}
		writeUses(w, m)
		writeSegments(w, m)
		for _, o := range m.Outputs {
			fmt.Fprintf(w, "%s  %s/%s\n", o.SHA256, o.Root, o.Name)
		}
	})
}
