package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/statistics"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// statQuestion is a statistic that stands in no file, as flags say it.
type statQuestion struct {
	count, by                []string
	of, where, within, every string
}

// questionFlags are the flags that make a question of a command line.
var questionFlags = []string{"count", "of", "where", "within", "every", "by"}

func (a *app) statsCommand() *cobra.Command {
	var o runOptions
	var q statQuestion
	dir := ""
	c := &cobra.Command{
		Use: "stats [NAME...]", Short: "Count what people do: visits, ways, funnels, who comes back",
		Long: "Counts the statistics of malgrupp.yaml, all or those named, in one reading of the logs, of people whose " +
			"consent to measure covers it.\nPeople are counted in tens; 1 to 49 are hidden, with what could be had of them " +
			"by subtraction. What is not exact says so and why.\n\n" +
			"With --of, --where, --by and the like it answers a question that stands in no file. Only people are " +
			"counted there,\nzero is hidden, too, and a line on record says that it was asked, as when a statistic is " +
			"counted first.\n\n" +
			"With --dir every table is also written there, as NAME.csv, NAME.json and NAME.parquet.",
		Args: cobra.ArbitraryArgs, ValidArgsFunction: a.completeStatistics,
		RunE: func(cmd *cobra.Command, args []string) error {
			asked := slices.ContainsFunc(questionFlags, func(f string) bool { return cmd.Flags().Changed(f) })
			if asked && len(args) > 0 {
				return usagef("name statistics, or ask with --where and --by, not both")
			}
			if !asked {
				return a.runStats(cmd.Context(), args, nil, o, dir)
			}
			return a.runStats(cmd.Context(), nil, &q, o, dir)
		},
	}
	o.instants(c)
	f := c.Flags()
	f.StringSliceVar(&q.count, "count", []string{"visitors"}, "what is counted: visitors, devices")
	f.StringVar(&q.of, "of", "any", "the event, or several with commas between, that is looked at")
	f.StringVar(&q.where, "where", "", "a condition on the event, as rules have it: \"page_path starts_with '/loans'\"")
	f.StringVar(&q.within, "within", "30d", "how far back it looks, as rules say it: a duration, or all")
	f.StringVar(&q.every, "every", "",
		"counted for each "+strings.Join(rules.Periods, ", ")+" (default: the window as a whole)")
	f.StringArrayVar(&q.by, "by", nil,
		"counted by a column, a function of one or a dimension, such as entry(page_path); repeat for more")
	f.StringVar(&dir, "dir", "", "write every table into this folder, too")
	return c
}

// completeStatistics offers the names of the project's statistics to the shell.
func (a *app) completeStatistics(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	loaded, err := a.load("")
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return statisticNames(loaded), cobra.ShellCompDirectiveNoFileComp
}

func statisticNames(l *load.Loaded) (names []string) {
	for _, s := range l.Statistics {
		names = append(names, s.Name)
	}
	return names
}

// text is the question as a file would have it.
func (q *statQuestion) text() string {
	list := func(of []string) string {
		quoted := make([]string, len(of))
		for i, text := range of {
			quoted[i] = value.Quote(strings.TrimSpace(text))
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	text := fmt.Sprintf("count: %s\nwithin: %s\n", list(q.count), value.Quote(q.within))
	if of := strings.Split(q.of, ","); len(of) > 1 {
		text += "of: " + list(of) + "\n"
	} else {
		text += "of: " + value.Quote(q.of) + "\n"
	}
	if q.where != "" {
		text += "where: " + value.Quote(q.where) + "\n"
	}
	if q.every != "" {
		text += "every: " + value.Quote(q.every) + "\n"
	}
	if len(q.by) > 0 {
		text += "by: " + list(q.by) + "\n"
	}
	return text
}

// chosen are the statistics of the project that names stand for, all without any.
func chosen(l *load.Loaded, names []string) (out []*rules.Statistic, err error) {
	if len(l.Statistics) == 0 {
		return nil, fault.New(fault.Usage, "SELECT", errors.New("count statistics: malgrupp.yaml has none"),
			"write some behind statistics:, or ask with --where and --by; see docs/how-to/statistics.md")
	}
	for _, s := range l.Statistics {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			out = append(out, s)
		}
	}
	for _, name := range names {
		if !slices.Contains(statisticNames(l), name) {
			hint := "there are " + strings.Join(statisticNames(l), ", ")
			for _, near := range source.DidYouMean(name, statisticNames(l)) {
				hint = near.Label + ": " + near.Text
			}
			return nil, fault.New(fault.Usage, "SELECT", fmt.Errorf("count statistics: none is called %q", name), hint)
		}
	}
	return out, nil
}

func (a *app) runStats(ctx context.Context, names []string, q *statQuestion, o runOptions, dir string) error {
	job, err := a.job(nil, o)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	var of []*rules.Statistic
	if q != nil {
		s, found := job.Ask(q.text())
		if found.Failed() {
			return found
		}
		of = []*rules.Statistic{s}
	} else if of, err = chosen(job.Loaded, names); err != nil {
		return err
	}
	show := a.newProgress()
	job.Watch = show.update
	tables, err := statistics.Of(ctx, job, of)
	show.stop()
	if err != nil {
		return err
	}
	told := make([]*rules.Segment, len(of))
	for i := range of {
		told[i] = of[i].Segment()
	}
	if q != nil {
		err = pipeline.Previewed(ctx, job, told...)
	} else {
		err = pipeline.PreviewedFirst(ctx, job, told...)
	}
	if err != nil {
		return err
	}
	for i := range tables {
		if dir != "" {
			if err := writeTable(dir, &tables[i]); err != nil {
				return err
			}
		}
	}
	doc := struct {
		Schema string             `json:"schema"`
		Tables []statistics.Table `json:"tables"`
	}{"malgrupp.stats/v1", tables}
	return a.print(doc, func(w io.Writer) {
		for i := range tables {
			if i > 0 {
				fmt.Fprintln(w)
			}
			printTable(w, &tables[i])
		}
	})
}

// printTable prints a table for people.
func printTable(w io.Writer, t *statistics.Table) {
	fmt.Fprint(w, t.Name)
	if t.Title != "" {
		fmt.Fprintf(w, ": %s", logText(t.Title))
	}
	fmt.Fprintf(w, "\n%s\n", logText(t.Sentence))
	for _, n := range t.Notes {
		fmt.Fprintln(w, logText(n))
	}
	var header []any
	if t.Every != "" {
		header = append(header, t.Every)
	}
	for _, name := range append(append([]string{}, t.By...), t.Measures...) {
		header = append(header, name)
	}
	out := newTable(w, header...)
	for i := range t.Rows {
		r := &t.Rows[i]
		var row table.Row
		if t.Every != "" {
			row = append(row, r.Period)
		}
		for _, v := range r.Values {
			switch {
			case r.Total:
				row = append(row, "(all)")
			case v == nil:
				row = append(row, "(none)")
			default:
				row = append(row, logText(*v))
			}
		}
		for _, n := range r.Cells {
			row = append(row, n)
		}
		out.AppendRow(row)
	}
	out.Render()
}

// writeTable writes a table in all forms.
func writeTable(dir string, t *statistics.Table) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Storage, "OUTPUT", fmt.Errorf("make the folder of tables: %w", err), "check its rights")
	}
	for _, form := range []struct {
		ext   string
		write func(w io.Writer) error
	}{{"csv", t.WriteCSV}, {"json", t.WriteJSON}, {"parquet", t.WriteParquet}} {
		var b bytes.Buffer
		err := form.write(&b)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, t.Name+"."+form.ext), b.Bytes(), 0o600)
		}
		if err != nil {
			return fault.New(fault.Storage, "OUTPUT", fmt.Errorf("write table %s: %w", t.Name, err),
				"check the folder's rights and space")
		}
	}
	return nil
}
