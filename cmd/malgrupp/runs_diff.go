package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

func (a *app) runsDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD NEW", Short: "What moved between two runs: rules, settings, inputs and lists",
		Long: "Compares the records of two runs: an id or its beginning, latest, latest~1.",
		Args: cobra.ExactArgs(2), ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runRunsDiff(cmd.Context(), args[0], args[1]) },
	}
}

// runsDiff is the JSON document of runs diff.
type runsDiff struct {
	Schema   string      `json:"schema"`
	Old      string      `json:"old"`
	New      string      `json:"new"`
	Rules    []string    `json:"rules"` // segments whose rules differ, are new or gone
	Settings bool        `json:"settings"`
	Inputs   int         `json:"inputs"` // objects that only one of them read
	Consent  int64       `json:"consent_rows"`
	Lists    []listsDiff `json:"lists"`
}

type listsDiff struct {
	List string       `json:"list"`
	Old  *shown.Count `json:"old"` // members; null: there was no such list
	New  *shown.Count `json:"new"`
	Held string       `json:"held_back,omitempty"` // in the newer run
}

func (a *app) runRunsDiff(ctx context.Context, old, now string) error {
	lines, zone, err := a.lines(ctx)
	if err != nil {
		return err
	}
	was, err := record.FindLine(lines, old)
	if err != nil {
		return err
	}
	is, err := record.FindLine(lines, now)
	if err != nil {
		return err
	}
	doc := diffOfRuns(was.Manifest, is.Manifest)
	return a.print(doc, func(w io.Writer) {
		fmt.Fprintf(w, "%s (as of %s) -> %s (as of %s)\n", doc.Old, localTime(was.Manifest.AsOf, zone), doc.New,
			localTime(is.Manifest.AsOf, zone))
		for _, name := range doc.Rules {
			fmt.Fprintf(w, "rule %s differs\n", name)
		}
		if doc.Settings {
			fmt.Fprintln(w, "settings differ")
		}
		fmt.Fprintf(w, "inputs: %s read by one of them only; consent log: %+d rows\n", plural(doc.Inputs, "object"),
			doc.Consent)
		t := newTable(w, "list", "members", "", "held back")
		for _, l := range doc.Lists {
			t.AppendRow(table.Row{l.List, sizeText(l.Old), "-> " + sizeText(l.New), l.Held})
		}
		t.Render()
	})
}

func sizeText(n *shown.Count) string {
	if n == nil {
		return "no list"
	}
	return n.String()
}

func diffOfRuns(old, now *record.Manifest) runsDiff {
	d := runsDiff{
		Schema: "malgrupp.runs-diff/v1", Old: old.RunID, New: now.RunID, Rules: pipeline.Differing(old.Rules, now.Rules),
		Settings: old.Config != now.Config, Consent: now.Consent.Rows - old.Consent.Rows, Lists: []listsDiff{},
	}
	read := map[string]int{}
	for i, m := range []*record.Manifest{old, now} {
		for _, o := range m.Inputs {
			read[o.Source+"\x00"+o.Key+"\x00"+o.ETag] |= 1 << i
		}
	}
	for _, by := range read {
		if by != 3 {
			d.Inputs++
		}
	}
	lists := map[string]*listsDiff{}
	at := func(s record.SegmentCount) *listsDiff {
		name := s.Segment + " at " + receiver(s)
		if s.Destination == "" {
			name = s.Segment
		}
		if lists[name] == nil {
			lists[name] = &listsDiff{List: name}
		}
		return lists[name]
	}
	for _, s := range old.Segments {
		at(s).Old = &s.Members
	}
	for _, s := range now.Segments {
		l := at(s)
		l.New, l.Held = &s.Members, s.Held
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		d.Lists = append(d.Lists, *lists[name])
	}
	return d
}
