package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/local"
	"github.com/malgrupp/malgrupp/rules/source"
)

func (a *app) forgetCommand() *cobra.Command {
	var o runOptions
	from := ""
	c := &cobra.Command{
		Use: "forget --subjects FILE|-", Short: "Forget people: out of every list, the state and old runs",
		Long: "Runs like malgrupp run, and forgets people on the way: every destination that holds one of them is told to " +
			"remove her, the\nstay record and what is kept of objections lose her, and lists and state of all earlier runs " +
			"are deleted. A tombstone that\nnames nobody stays: nothing from before ever counts again, and somebody who " +
			"consents later is a new person. Removals are\nwritten in every run until they are acknowledged. The new list " +
			"folder has erasures.jsonl.age, for whoever exports the consent log:\nit has to lose them, too.\n\n" +
			"Each line of FILE, or of standard input with -, is device or customer, a comma and the id as the logs have it, " +
			"without quotes.\nOf a customer name the devices as well: malgrupp subject show - --browsing says how many there " +
			"are and on which days she\nlogged in there, your event log what they are called.",
		Example: "  malgrupp forget --subjects - < requests.csv",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runForget(cmd.Context(), from, o) },
	}
	c.Flags().StringVar(&from, "subjects", "", "who is forgotten: a file, or - for standard input")
	o.guards(c)
	c.Flags().DurationVar(&o.lockTimeout, "lock-timeout", 0, "how long to wait for another run to end")
	c.Flags().BoolVarP(&o.dryRun, "dry-run", "n", false, "say which lists would lose them, write nothing")
	return c
}

func (a *app) runForget(ctx context.Context, from string, o runOptions) error {
	people, err := a.subjects(from)
	if err != nil {
		return err
	}
	job, err := a.job(nil, o)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	show := a.newProgress()
	job.Watch = show.update
	report, err := pipeline.Forget(ctx, job, people, o.dryRun)
	show.stop()
	if err != nil {
		return err
	}
	doc := struct {
		Schema   string             `json:"schema"`
		DryRun   bool               `json:"dry_run"`
		RunID    string             `json:"run_id"`
		Receipts []pipeline.Receipt `json:"receipts"`
	}{"malgrupp.forget/v1", o.dryRun, report.RunID, report.Receipts}
	if err := a.print(doc, func(w io.Writer) { writeReceipts(w, report, o.dryRun) }); err != nil || o.dryRun {
		return err
	}
	return heldBack(report)
}

// writeReceipts says, line by line of what was given, what became of each of the people.
func writeReceipts(w io.Writer, r *pipeline.Report, dry bool) {
	verb := "was removed from"
	if dry {
		verb = "would be removed from"
	}
	for i, receipt := range r.Receipts {
		lists := make([]string, len(receipt.Removed))
		for k, d := range receipt.Removed {
			lists[k] = d.Segment + " at " + d.Destination
			switch {
			case d.Kept:
				lists[k] += " (where the contact stays: it is another member's, too)"
			case d.Waits:
				lists[k] += " (until it acknowledges that)"
			}
		}
		what := "no list held her"
		if len(lists) > 0 {
			what = verb + " " + strings.Join(lists, ", ")
		}
		fmt.Fprintf(w, "%d %s %s: %s\n", i+1, receipt.Kind, receipt.Key, what)
	}
	if !dry {
		fmt.Fprintf(w, "run %s; whoever exports the consent log erases them, too: lists/%s/erasures.jsonl.age\n", r.RunID,
			r.RunID)
	}
}

// longestFile is how large a file of subjects may be.
const longestFile = 64 << 20

// subjects reads who is meant. No message quotes a line: it may hold an id.
func (a *app) subjects(from string) (out []pipeline.Subject, err error) {
	if from == "" {
		return nil, usagef("--subjects is missing: give a file, or - for standard input")
	}
	in := a.in
	if from != "-" {
		text, err := local.ReadFile(from, longestFile)
		if err != nil {
			return nil, usageError{err}
		}
		in = strings.NewReader(string(text))
	}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), source.ByteOrderMark))
		if line == "" {
			continue
		}
		cells, err := csv.NewReader(strings.NewReader(line)).Read() // whose error may hold the line
		if err != nil || len(cells) != 2 || cells[0] != "device" && cells[0] != "customer" ||
			strings.TrimSpace(cells[1]) == "" {
			return nil, usagef("line %d of the subjects: want device or customer, a comma and the id", n)
		}
		if _, keyed := keys.NumberOf(strings.TrimSpace(cells[1])); keyed {
			return nil, usagef("line %d of the subjects is a keyed id, from which nobody can be found in a log: give the id "+
				"as the logs have it", n)
		}
		out = append(out, pipeline.Subject{Kind: cells[0], ID: cells[1]})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, usagef("the subjects are empty: want device or customer, a comma and the id, one a line")
	}
	return out, nil
}
