package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/rules"
)

func (a *app) segmentCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "segment", Short: "The segments of a project: which there are, what hangs on what, who shares people",
	}
	var unused, expired bool
	list := &cobra.Command{
		Use: "list", Short: "All segments with owner, dates and where they go", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.runSegmentList(unused, expired) },
	}
	list.Flags().BoolVar(&unused, "unused", false, "only those that are neither delivered nor referred to")
	list.Flags().BoolVar(&expired, "expired", false, "only those whose day has passed or whose review is due")
	var format string
	graph := &cobra.Command{
		Use: "graph", Short: "Which segment refers to which, and where they go", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.runSegmentGraph(format) },
	}
	graph.Flags().StringVar(&format, "format", "text", "text, mermaid or dot")
	var o runOptions
	var limit int
	overlap := &cobra.Command{
		Use: "overlap", Short: "Which delivered segments have the same people, on the real logs", Args: cobra.NoArgs,
		Long: "Reads and decides like a run, writes nothing but a line on record that it was asked, and compares every two " +
			"delivered segments under the same " +
			"consent. A share is not shown\nwhere it would say how few people are meant.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runSegmentOverlap(cmd.Context(), o, limit) },
	}
	o.instants(overlap)
	overlap.Flags().IntVar(&limit, "limit", 20, "how many pairs")
	c.AddCommand(list, a.segmentNewCommand(), graph, overlap)
	return c
}

// segmentDoc is a segment as JSON.
type segmentDoc struct {
	Name       string        `json:"name"`
	Title      string        `json:"title,omitempty"`
	Definition string        `json:"definition"`
	Owner      string        `json:"owner"`
	Purpose    rules.Purpose `json:"purpose"`
	Identity   rules.Level   `json:"identity"`
	ReviewBy   string        `json:"review_by"`
	ReviewDue  bool          `json:"review_due"`
	Expires    string        `json:"expires,omitempty"`
	Expired    bool          `json:"expired"`
	Deliver    []string      `json:"deliver"`
	RefersTo   []string      `json:"refers_to"`
	ReferredBy []string      `json:"referred_by"`
	Group      string        `json:"exclusive_group,omitempty"`
	File       string        `json:"file"`
}

func (a *app) catalogue() ([]load.Entry, error) {
	loaded, err := a.checked("")
	if err != nil {
		return nil, err
	}
	return load.Catalogue(loaded, a.now().UnixMicro()), nil
}

func segmentDocOf(e *load.Entry) segmentDoc {
	d := segmentDoc{
		Name: e.Name, Title: e.Title, Definition: hex.EncodeToString(e.Hash[:]), Owner: e.Owner, Purpose: e.Purpose,
		Identity: e.Level, ReviewBy: e.ReviewBy.String(), ReviewDue: e.ReviewDue, Expired: e.Expired,
		Deliver: append([]string{}, e.Deliver...), RefersTo: append([]string{}, e.RefersTo...),
		ReferredBy: append([]string{}, e.ReferredBy...), File: e.Source.Name,
	}
	if e.Expires != 0 {
		d.Expires = e.Expires.String()
	}
	if e.Exclusive != nil {
		d.Group = e.Exclusive.Group
	}
	return d
}

func (a *app) runSegmentList(unused, expired bool) error {
	entries, err := a.catalogue()
	if err != nil {
		return err
	}
	docs := []segmentDoc{}
	for i := range entries {
		e := &entries[i]
		if unused && !e.Unused() || expired && !e.Expired && !e.ReviewDue {
			continue
		}
		docs = append(docs, segmentDocOf(e))
	}
	doc := struct {
		Schema   string       `json:"schema"`
		Segments []segmentDoc `json:"segments"`
	}{"malgrupp.segments/v1", docs}
	return a.print(doc, func(w io.Writer) {
		t := newTable(w, "segment", "definition", "of", "purpose", "owner", "review by", "expires", "goes to", "used by")
		for _, d := range docs {
			review, expires := d.ReviewBy, d.Expires
			if d.ReviewDue {
				review += " (due)"
			}
			if d.Expired {
				expires += " (passed)"
			}
			t.AppendRow(table.Row{
				d.Name, d.Definition[:8], d.Identity, d.Purpose, d.Owner, review, expires, strings.Join(d.Deliver, " "),
				strings.Join(d.ReferredBy, " "),
			})
		}
		t.Render()
	})
}

// edge is one arrow of the graph.
type edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Kind string `json:"kind"` // refers_to or delivers_to
}

func (a *app) runSegmentGraph(format string) error {
	write, ok := map[string]func(io.Writer, []edge){"text": graphText, "mermaid": graphMermaid, "dot": graphDot}[format]
	if !ok {
		return usagef("--format is %q: use text, mermaid or dot", format)
	}
	entries, err := a.catalogue()
	if err != nil {
		return err
	}
	edges := []edge{}
	for _, e := range entries {
		for _, to := range e.RefersTo {
			edges = append(edges, edge{e.Name, to, "refers_to"})
		}
		for _, to := range e.Deliver {
			edges = append(edges, edge{e.Name, to, "delivers_to"})
		}
	}
	doc := struct {
		Schema string `json:"schema"`
		Edges  []edge `json:"edges"`
	}{"malgrupp.segment-graph/v1", edges}
	return a.print(doc, func(w io.Writer) { write(w, edges) })
}

func graphText(w io.Writer, edges []edge) {
	for _, e := range edges {
		arrow := "reads"
		if e.Kind == "delivers_to" {
			arrow = "goes to"
		}
		fmt.Fprintf(w, "%s %s %s\n", e.From, arrow, e.To)
	}
}

func graphMermaid(w io.Writer, edges []edge) {
	fmt.Fprintln(w, "flowchart LR")
	for _, e := range edges {
		if e.Kind == "delivers_to" {
			fmt.Fprintf(w, "  %s --> to-%s([%s])\n", e.From, e.To, e.To)
		} else {
			fmt.Fprintf(w, "  %s -. reads .-> %s\n", e.From, e.To)
		}
	}
}

func graphDot(w io.Writer, edges []edge) {
	fmt.Fprintln(w, "digraph segments {\n  rankdir=LR; node [shape=box];")
	for _, e := range edges {
		if e.Kind == "delivers_to" {
			fmt.Fprintf(w, "  %q -> %q;\n  %q [shape=ellipse];\n", e.From, "to "+e.To, "to "+e.To)
		} else {
			fmt.Fprintf(w, "  %q -> %q [style=dashed];\n", e.From, e.To)
		}
	}
	fmt.Fprintln(w, "}")
}

func (a *app) runSegmentOverlap(ctx context.Context, o runOptions, limit int) error {
	job, err := a.job(nil, o)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	show := a.newProgress()
	job.Watch = show.update
	overlaps, err := preview.Overlaps(ctx, job.Inputs)
	show.stop()
	if err != nil {
		return err
	}
	if err := pipeline.Previewed(ctx, job, job.Segments...); err != nil {
		return err
	}
	overlaps = slices.Clip(overlaps[:min(max(limit, 0), len(overlaps))])
	doc := struct {
		Schema   string            `json:"schema"`
		Overlaps []preview.Overlap `json:"overlaps"`
	}{"malgrupp.overlaps/v1", overlaps}
	return a.print(doc, func(w io.Writer) {
		t := newTable(w, "consent", "segment", "other", "people in both", "share of both")
		for _, p := range overlaps {
			share := ""
			switch {
			case p.Apart:
				share = "none, by their rules"
			case p.Share != nil:
				share = fmt.Sprintf("%d %%", *p.Share)
			}
			t.AppendRow(table.Row{p.Use, p.Segment, p.Other, p.Common, share})
		}
		t.Render()
	})
}
