package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/diff"
	"github.com/malgrupp/malgrupp/rules/prose"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

func (a *app) previewCommand() *cobra.Command {
	var o runOptions
	var share, compare string
	var overlap bool
	c := &cobra.Command{
		Use: "preview SEGMENT", Short: "What a segment comes to on the real logs, and which condition makes it so",
		Long: "Reads and decides like a run, writes nothing but a line on record that it was asked, and shows the way from " +
			"everybody who was seen to those who would be delivered: what each\ncondition is for how many people, and how " +
			"many would qualify if it were not written. People are counted in tens, 0 to 49 as <50.\nOnly the segment is " +
			"decided, with those it refers to and those of its exclusive group: whoever has no row that they look at is " +
			"not seen.\n\n" +
			"With --overlap it also says which other segments have the same people. All delivered ones of devices, or of " +
			"customers, are decided for that.\n\n" +
			"With --sample some of the people are drawn by a hash of their id, each with all rows, and the rows of others " +
			"are dropped early. Every figure is\nthen an estimate of all, with the interval that holds the true one 19 times " +
			"of 20; one behind which fewer than 50 of them stand only says \"less than\".\n\n" +
			"With --compare last-run it says who entered and left each list since the last accepted run, and what keeps " +
			"those out who left; with\n--compare FILE whom the segment gained and lost against the rule in a file, as diff " +
			"--data does.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeSegments,
		RunE: func(cmd *cobra.Command, args []string) error {
			sample, err := sampleOf(share)
			if err != nil {
				return err
			}
			if sample != nil && compare != "" {
				return usagef("--compare is about everybody: leave out --sample")
			}
			return a.runPreview(cmd.Context(), args[0], o, compare,
				preview.Options{Sample: sample, SinceLastRun: compare == lastRun, Overlap: overlap})
		},
	}
	o.instants(c)
	c.Flags().StringVar(&compare, "compare", "",
		"say who entered and left: since last-run, or against the rule in this FILE")
	c.Flags().BoolVar(&overlap, "overlap", false,
		"say which other segments have the same people, too: they are decided for it")
	c.Flags().StringVar(&share, "sample", "",
		"look at this share of the people only, such as 5%: figures become estimates")
	return c
}

// lastRun is what --compare says to mean the last accepted run.
const lastRun = "last-run"

// comparedDoc is the rule a preview was compared with.
type comparedDoc struct {
	Old         ruleDoc             `json:"old"`
	Differences []diff.Difference   `json:"differences"`
	Data        *preview.Comparison `json:"data"`
	old, now    *rules.Segment
}

// against compares a segment of the project with the rule in a file; diff --data has the same to say of their people.
func (a *app) against(loaded *load.Loaded, file, name string) (*comparedDoc, error) {
	old, err := a.ruleOf(loaded, file)
	if err != nil {
		return nil, err
	}
	now, err := a.ruleOf(loaded, name)
	if err != nil {
		return nil, err
	}
	return &comparedDoc{
		Old: ruleDocOf(old), Differences: append([]diff.Difference{}, diff.Differences(old, now)...), old: old, now: now,
	}, nil
}

// writeSinceRun prints what changed since a run, list by list.
func writeSinceRun(w io.Writer, s *preview.SinceRun) {
	fmt.Fprintf(w, "\nsince run %s\n", s.RunID)
	t := newTable(w, "list", "told then", "entered", "left", "because of")
	for _, l := range s.Lists {
		t.AppendRow(table.Row{
			receiver(record.SegmentCount{Destination: l.Destination, Part: l.Part}), l.Held, l.Entered, l.Left, "",
		})
		for _, b := range l.Because {
			t.AppendRow(table.Row{"", "", "", b.People, b.What})
		}
	}
	t.Render()
}

// sampleOf reads a share such as 5% or 0.25%; nil for none.
func sampleOf(share string) (*segments.Sample, error) {
	if share == "" {
		return nil, nil
	}
	number, ok := strings.CutSuffix(share, "%")
	percent, valid := value.ParseNumber(number)
	if !ok || !valid || percent.Scale > 2 || percent.Int > segments.Whole {
		return nil, usagef("--sample is %q: give a share of the people such as 5%% or 0.25%%", share)
	}
	parts := percent.Int
	for range 2 - percent.Scale {
		parts *= 10
	}
	if parts <= 0 || parts >= segments.Whole {
		return nil, usagef("--sample is %q: give more than 0%% and less than 100%%; without it everybody is counted", share)
	}
	return &segments.Sample{Parts: int(parts)}, nil
}

func (a *app) runPreview(ctx context.Context, name string, o runOptions, compare string,
	how preview.Options,
) error {
	job, err := a.job(nil, o)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	var against *comparedDoc
	if compare != "" && compare != lastRun {
		if against, err = a.against(job.Loaded, compare, name); err != nil {
			return err
		}
	}
	show := a.newProgress()
	job.Watch = show.update
	p, err := preview.Of(ctx, job, name, how)
	if err == nil && against != nil {
		against.Data, err = preview.Compare(ctx, job.Inputs, against.old, against.now)
	}
	show.stop()
	if err != nil {
		return err
	}
	asked, err := job.Segment(name)
	if err != nil {
		return err
	}
	told := []*rules.Segment{asked}
	if against != nil {
		told = append(told, against.old)
	}
	if err := pipeline.Previewed(ctx, job, told...); err != nil {
		return err
	}
	doc := struct {
		Schema string `json:"schema"`
		*preview.Preview
		Compared *comparedDoc `json:"compared,omitempty"`
	}{"malgrupp.preview/v1", p, against}
	if how.Sample != nil {
		doc.Schema = "malgrupp.preview-sample/v1" // its figures are no numbers, and no reader of numbers shall take it
	}
	return a.print(doc, func(w io.Writer) {
		writePreview(w, p, sentencesOf(job.Loaded, name), job.Project.Zone)
		if !how.Overlap {
			fmt.Fprintln(w, "with --overlap it also says which other segments have the same people")
		}
		if s := p.SinceLastRun; s != nil {
			writeSinceRun(w, s)
		}
		if against != nil {
			fmt.Fprintf(w, "\nagainst %s (definition %s), without what earlier runs remember\n", against.Old.File,
				against.Old.Definition[:8])
			writeDifferences(w, against.Differences)
			writeComparison(w, against.Data)
		}
	})
}

// sentencesOf are the sentences of a segment's conditions by their paths.
func sentencesOf(l *load.Loaded, name string) map[string]string {
	out := map[string]string{}
	for _, s := range l.Segments {
		if s.Name == name {
			for _, sentence := range prose.Sentences(s) {
				out[sentence.Path] = strings.TrimPrefix(sentence.Text, "not if this holds: ")
			}
		}
	}
	return out
}

func writePreview(w io.Writer, p *preview.Preview, sentences map[string]string, zone *value.Zone) {
	fmt.Fprintf(w, "%s   definition %s   as of %s, known by %s\n", p.Segment, p.Definition[:8],
		localTime(p.AsOf, zone), localTime(p.KnownBy, zone))
	if s := p.Sample; s != nil {
		fmt.Fprintf(w,
			"SAMPLE of %s %% of the %s: all figures are estimates; in brackets between what the true number lies, 19 times "+
				"of 20\n", s.Percent, s.Of)
		if slices.ContainsFunc(p.Uses, func(u preview.Use) bool { return u.Seen.Few() }) {
			fmt.Fprintln(w,
				"fewer than 50 people were drawn, too few to say more than \"less than\": give a larger share, or no --sample")
		}
	}
	writeCoverage(w, p.Coverage, zone)
	for i := range p.Sources {
		writeUnwritable(w, &p.Sources[i])
	}
	for _, u := range p.Uses {
		fmt.Fprintf(w, "\nfor %s\n", u.Use)
		steps := newTable(w, "step", "people", "of those seen")
		for _, s := range []struct {
			name string
			n    shown.People
		}{
			{"seen with consent", u.Seen},
			{"match", u.Matched},
			{"of them excluded", u.Excluded},
			{"qualified (after top, stay, exclusive)", u.Qualified},
			{"of them control group", u.Control},
			{"beyond top or cap", u.Capped},
			{"would be delivered", u.Members},
			{"of them rest on hidden time", u.Hidden},
		} {
			steps.AppendRow(table.Row{s.name, s.n, s.n.Bar(u.Seen, barWidth)})
		}
		steps.Render()
		fmt.Fprintln(w)
		writeConditions(w, u.Nodes, sentences)
		writeOverlaps(w, u.Overlaps)
		for _, l := range u.Lists {
			fmt.Fprintf(w, "%s would be told %s additions and %s removals", receiver(l), l.Additions, l.Removals)
			if l.Held != "" {
				fmt.Fprintf(w, " (held back: %s)", l.Held)
			}
			fmt.Fprintln(w)
		}
	}
}

// barWidth is how long the bar of all who were seen is.
const barWidth = 24

// shownDays is how many missing days a line names.
const shownDays = 8

// writeCoverage prints what the sources have of the time that the segment looks at.
func writeCoverage(w io.Writer, of []preview.Covered, zone *value.Zone) {
	if len(of) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := newTable(w, "source", "looked at from", "complete from", "covered", "from then to as of")
	for _, c := range of {
		t.AppendRow(table.Row{
			c.Source, localTime(c.LooksFrom, zone), localTime(c.CompleteFrom, zone), fmt.Sprintf("%d %%", c.Percent), c.Bar,
		})
	}
	t.Render()
	if slices.ContainsFunc(of, func(c preview.Covered) bool { return strings.ContainsAny(c.Bar, "-.") }) {
		fmt.Fprintln(w, "# all there, - in part, . missing")
	}
	for _, c := range of {
		if n := len(c.MissingDays); n > shownDays {
			fmt.Fprintf(w, "%s lacks %s and %d more days\n", c.Source, strings.Join(c.MissingDays[:shownDays], ", "),
				n-shownDays)
		} else if n > 0 {
			fmt.Fprintf(w, "%s lacks %s\n", c.Source, strings.Join(c.MissingDays, ", "))
		}
	}
}

func writeConditions(w io.Writer, nodes []preview.Node, sentences map[string]string) {
	t := newTable(w, "condition", "", "true", "false", "unknown", "waiting", "no value", "without it")
	for _, n := range nodes {
		without := ""
		if n.Without != nil {
			without = n.Without.String()
		}
		t.AppendRow(table.Row{
			strings.Repeat("  ", n.Depth) + n.Path, sentences[n.Path], n.True, n.False, n.Unknown, n.Wait, n.NoValue, without,
		})
	}
	t.Render()
}

func writeOverlaps(w io.Writer, overlaps []preview.Overlap) {
	if len(overlaps) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := newTable(w, "also in", "people", "share of both")
	for _, o := range overlaps {
		share := ""
		if o.Share != nil {
			share = fmt.Sprintf("%d %%", *o.Share)
		}
		t.AppendRow(table.Row{o.Other, o.Common, share})
	}
	t.Render()
}
