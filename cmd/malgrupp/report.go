package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/report"
)

// reportOptions are the flags of report.
type reportOptions struct {
	out, lang string
	catalogue bool
}

// catalogueDays are the days whose rows a catalogue is made of.
const catalogueDays = 7

// mostNights is how many runs are drawn beside each other.
const mostNights = 60

func (a *app) reportCommand() *cobra.Command {
	var o reportOptions
	c := &cobra.Command{
		Use: "report [RUN]", Short: "One HTML file that tells what a run came to, safe to mail",
		Long: "Writes a page about a run (an id or its beginning, latest, latest~1; by default the latest), with Markdown " +
			"and JSON beside it: the\nverdict, what changed and why, lists over time, from consent to lists, who shares " +
			"people, days of the logs, delivery,\ndata quality, each rule in words with its tests, and where all of it comes " +
			"from. It is made from the record: numbers of\npeople are those that the run told, in tens, 0 to 49 as <50, and " +
			"the page asks nobody for anything.\nThe same run and project give the same bytes.",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runReport(cmd.Context(), append(args, "")[0], o)
		},
	}
	c.Flags().StringVar(&o.out, "out", "", "the page to write, FILE.html (default: reports/RUN.html in the project)")
	c.Flags().StringVar(&o.lang, "lang", "en", "language: "+strings.Join(report.Languages(), ", "))
	c.Flags().BoolVar(&o.catalogue, "catalogue", false,
		"add a searchable catalogue of events, columns and frequent values; reads the last days of the logs")
	return c
}

func (a *app) runReport(ctx context.Context, run string, o reportOptions) error {
	if !slices.Contains(report.Languages(), o.lang) {
		return usagef("--lang is %q: use one of %s", o.lang, strings.Join(report.Languages(), ", "))
	}
	if o.out != "" && filepath.Ext(o.out) != ".html" {
		return usagef("--out is %q: give a name that ends in .html; Markdown and JSON are written beside it", o.out)
	}
	made, err := a.makeReport(ctx, run, o)
	if err != nil {
		return err
	}
	return a.print(made.Report, func(w io.Writer) { fmt.Fprintf(w, "report of run %s: %s\n", made.RunID, made.file) })
}

// madeReport is a report that was written, with the name of its page.
type madeReport struct {
	*report.Report
	file string
}

// makeReport writes the report of a run; "" is the latest one.
func (a *app) makeReport(ctx context.Context, run string, o reportOptions) (*madeReport, error) {
	loaded, err := a.checked("")
	if err != nil {
		return nil, err
	}
	in, err := a.reported(ctx, loaded, run)
	if err != nil {
		return nil, err
	}
	if o.catalogue {
		if in.Catalogue, err = a.catalogueOf(ctx, loaded, in.Run.Manifest); err != nil {
			return nil, err
		}
	}
	r := report.Of(in)
	file, err := a.writeReport(r, o)
	return &madeReport{r, file}, err
}

// reported gathers what the report of a run is made of; "" is the latest one.
func (a *app) reported(ctx context.Context, loaded *load.Loaded, run string) (*report.Input, error) {
	lines, err := a.linesOf(ctx, loaded)
	if err != nil {
		return nil, err
	}
	var line record.Line
	if run == "" || strings.HasPrefix(run, "latest") {
		told := slices.DeleteFunc(slices.Clone(lines), func(l record.Line) bool { return !report.Reported(l) })
		if len(told) == 0 {
			return nil, usagef("there is no run to report: malgrupp run makes one")
		}
		line, err = record.FindLine(told, run+"latest"[min(len(run), len("latest")):])
	} else {
		line, err = record.FindLine(lines, run)
	}
	if err != nil {
		return nil, err
	}
	if !report.Reported(line) {
		return nil, usagef("%s is no run but a line on record, %s: malgrupp runs show tells it", line.RunID,
			line.Manifest.Status)
	}
	return report.Gather(ctx, loaded, lines, line, mostNights)
}

// catalogueOf looks what the logs hold, as the run could see them.
func (a *app) catalogueOf(ctx context.Context, loaded *load.Loaded, m *record.Manifest) (*preview.Catalogue, error) {
	in, err := a.inputs(loaded, m.AsOf, m.KnownBy)
	if err != nil {
		return nil, err
	}
	defer in.Stores.Close()
	show := a.newProgress()
	in.Watch = show.update
	defer show.stop()
	return preview.Catalog(ctx, in, preview.FactsOptions{Days: catalogueDays})
}

// writeReport writes page, Markdown and JSON and returns the name of the page.
func (a *app) writeReport(r *report.Report, o reportOptions) (string, error) {
	name := o.out
	if name == "" {
		name = filepath.Join(a.project, "reports", r.RunID+".html")
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return "", usagef("make the folder of reports: %w", err)
		}
	}
	doc, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return "", err
	}
	page := r.Page(o.lang)
	for _, f := range []struct {
		ext  string
		data []byte
	}{{".html", page.HTML()}, {".md", page.Markdown()}, {".json", append(doc, '\n')}} {
		file := strings.TrimSuffix(name, ".html") + f.ext
		if err := os.WriteFile(file, f.data, 0o600); err != nil {
			return "", fault.New(fault.Storage, "OUTPUT", fmt.Errorf("write the report: %w", err),
				"give --out a name in a folder that is there and may be written")
		}
	}
	return name, nil
}
