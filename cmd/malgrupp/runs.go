package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

func (a *app) runsCommand() *cobra.Command {
	c := &cobra.Command{Use: "runs", Short: "What earlier runs did"}
	var limit int
	list := &cobra.Command{
		Use: "list", Short: "The latest runs, newest first, and how large their lists were", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRunsList(cmd.Context(), limit) },
	}
	list.Flags().IntVar(&limit, "limit", 20, "how many")
	show := &cobra.Command{
		Use: "show RUN", Short: "The manifest line of one run: an id or its beginning, latest, latest~1",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRunsShow(cmd.Context(), args[0]) },
	}
	c.AddCommand(list, show, a.runsDiffCommand(), a.runsPruneCommand(), a.runsUnlockCommand())
	return c
}

// completeRuns offers the ids of runs to the shell.
func (a *app) completeRuns(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	if lines, _, err := a.lines(cmd.Context()); err == nil {
		for _, l := range record.Runs(lines) {
			ids = append(ids, l.RunID)
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// lines are the manifest lines of the project, newest first, and the zone in which people read their times.
func (a *app) lines(ctx context.Context) ([]record.Line, *value.Zone, error) {
	loaded, err := a.checked("")
	if err != nil {
		return nil, nil, err
	}
	lines, err := a.linesOf(ctx, loaded)
	return lines, loaded.Project.Zone, err
}

// linesOf are those of a project that was checked.
func (a *app) linesOf(ctx context.Context, loaded *load.Loaded) ([]record.Line, error) {
	job, err := a.jobOf(loaded, nil, runOptions{})
	if err != nil {
		return nil, err
	}
	defer job.Stores.Close()
	audit, err := job.Bucket(ctx, job.Project.Audit)
	if err != nil {
		return nil, err
	}
	return record.Lines(ctx, audit, job.Keys)
}

func (a *app) runRunsList(ctx context.Context, limit int) error {
	all, zone, err := a.lines(ctx)
	if err != nil {
		return err
	}
	previews, lines := record.PreviewDays(all), record.Runs(all)
	lines, previews = lines[:max(0, min(limit, len(lines)))], previews[:max(0, min(limit, len(previews)))]
	doc := struct {
		Schema   string              `json:"schema"`
		Runs     []record.Line       `json:"runs"`
		Previews []record.PreviewDay `json:"previews"`
	}{"malgrupp.runs/v1", lines, previews}
	return a.print(doc, func(w io.Writer) {
		t := newTable(w, "run", "status", "as of", "lists", "held", "reason")
		for _, l := range lines {
			m, reason, held := l.Manifest, "", 0
			if m.Refusal != nil {
				reason = m.Refusal.Reason
			}
			if m.Question != nil {
				reason = m.Question.Reason
			}
			if !l.Valid {
				reason = "THE SIGNATURE DOES NOT FIT"
			}
			for _, s := range m.Segments {
				if s.Guard != "" {
					held++
				}
			}
			t.AppendRow(table.Row{l.RunID, m.Status, localTime(m.AsOf, zone), len(m.Segments), held, reason})
		}
		t.Render()
		writeSizes(w, lines)
		writePreviews(w, previews)
	})
}

// writePreviews says how often somebody was told what rules come to, and of how many rules that are nearly the same.
func writePreviews(w io.Writer, days []record.PreviewDay) {
	if len(days) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := newTable(w, "day", "previews", "different rules", "nearly equal", "such as")
	for _, d := range days {
		t.AppendRow(table.Row{d.Day, d.Previews, d.Rules, d.NearlyEqual, d.Segment})
	}
	t.Render()
}

// writeSizes draws for every list how large it was in the runs that were accepted, oldest first.
func writeSizes(w io.Writer, lines []record.Line) {
	sizes := map[string][]shown.Count{}
	var names []string
	runs := 0
	for _, l := range slices.Backward(lines) {
		if s := l.Manifest.Status; s != record.StatusDone && s != record.StatusPartial {
			continue
		}
		runs++
		for _, s := range l.Manifest.Segments {
			if s.Destination == "" {
				continue
			}
			name := s.Segment + " at " + receiver(s)
			if sizes[name] == nil {
				names = append(names, name)
			}
			sizes[name] = append(sizes[name], s.Members)
		}
	}
	if runs < 2 {
		return
	}
	slices.Sort(names)
	fmt.Fprintln(w)
	t := newTable(w, "list", "members, oldest first", "now")
	for _, name := range names {
		t.AppendRow(table.Row{name, sparkline(sizes[name]), sizes[name][len(sizes[name])-1]})
	}
	t.Render()
}

// sparkline draws sizes beside each other: a bar for each, the largest the highest.
func sparkline(sizes []shown.Count) string {
	most := max(1, slices.Max(sizes))
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, n := range sizes {
		b.WriteRune(bars[int(n)*(len(bars)-1)/int(most)])
	}
	return b.String()
}

func (a *app) runRunsShow(ctx context.Context, name string) error {
	lines, zone, err := a.lines(ctx)
	if err != nil {
		return err
	}
	line, err := record.FindLine(lines, name)
	if err != nil {
		return err
	}
	doc := struct {
		Schema   string           `json:"schema"`
		Valid    bool             `json:"signature_valid"`
		Manifest *record.Manifest `json:"manifest"`
	}{"malgrupp.run/v1", line.Valid, line.Manifest}
	return a.print(doc, func(w io.Writer) {
		m := line.Manifest
		fmt.Fprintf(w, "run %s %s   as of %s, known by %s\n", m.RunID, m.Status, localTime(m.AsOf, zone),
			localTime(m.KnownBy, zone))
		if !line.Valid {
			fmt.Fprintln(w, "THE SIGNATURE DOES NOT FIT: the line was changed, or signed with another key")
		}
		if m.Refusal != nil {
			fmt.Fprintf(w, "refused: %s: %s\n", m.Refusal.Reason, m.Refusal.Message)
			return
		}
		if q := m.Question; q != nil && q.Command != "" {
			fmt.Fprintf(w, "somebody was shown what is kept about %s (%s): %s\n", q.Subject, q.Command, q.Reason)
			return
		} else if q != nil {
			fmt.Fprintf(w, "somebody asked why %s is in %s or not: %s\n", q.Subject, q.Segment, q.Reason)
			return
		}
		for _, o := range m.Overrides {
			fmt.Fprintf(w, "guard %s was let pass: %s\n", o.Guard, o.Reason)
		}
		writeSources(w, m)
		writeUses(w, m)
		writeSegments(w, m)
		for _, o := range m.Outputs {
			fmt.Fprintf(w, "%s  %s/%s\n", o.SHA256, o.Root, o.Name)
		}
	})
}
