package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// planOptions are the flags of plan.
type planOptions struct {
	runOptions
	detailed bool
	out      string
}

func (a *app) planCommand() *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use: "plan [SEGMENT...]", Short: "Say what a run would change and why, publish nothing",
		Long: "Reads and decides like run and tells what a run would change: which lists, by how much, and whether a rule, " +
			"data, consent or\nsettings did it. Consent is checked as strictly; nothing is written but a line on record " +
			"about rules that are new, and FILE,\nwith which malgrupp apply does exactly that.",
		ValidArgsFunction: a.completeSegments,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dryRun = true
			return a.runPlan(cmd.Context(), args, o)
		},
	}
	o.instants(c)
	o.guards(c)
	c.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit 20 if a run would change a list by 50 people or more")
	c.Flags().StringVar(&o.out, "out", "", "write the plan to this file, for malgrupp apply; it names no member")
	return c
}

func (a *app) runPlan(ctx context.Context, args []string, o planOptions) error {
	job, err := a.job(args, o.runOptions)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	show := a.newProgress()
	job.Watch = show.update
	start := a.now()
	report, err := pipeline.Plan(ctx, job)
	var brings []ruleChange
	if err == nil && report.Moved != nil {
		brings, err = a.ruleChanges(ctx, job, report.Moved)
	}
	show.stop()
	if err != nil {
		return err
	}
	if err := a.previewedBy(ctx, job, report); err != nil {
		return err
	}
	if err := a.finishPlan(report, o, story{report: report, rules: brings, took: a.now().Sub(start)}); err != nil {
		return err
	}
	if o.detailed && !report.NothingToDo && changes(report.Manifest) {
		return outcome{exitChanges, "a run would change a list by 50 people or more"}
	}
	return nil
}

// previewedBy leaves a line about the rules of a plan that no run has told the numbers of yet.
func (a *app) previewedBy(ctx context.Context, job *pipeline.Job, r *pipeline.Report) error {
	if r.NothingToDo {
		return nil
	}
	var fresh []*rules.Segment
	for _, s := range r.Decision.Decided() {
		if r.Moved == nil || moved(r.Moved, s.Name) {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return pipeline.Previewed(ctx, job, fresh...)
}

func moved(m *record.Moved, segment string) bool {
	_, ok := m.Rules[segment]
	return ok
}

func (a *app) finishPlan(r *pipeline.Report, o planOptions, s story) error {
	result, _ := a.resultOf(r, s.took)
	result.Status = "planned"
	if r.NothingToDo {
		result.Status = "nothing_to_do"
	}
	if o.out != "" && r.Plan != nil {
		data, err := json.MarshalIndent(r.Plan, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.out, append(data, '\n'), 0o600); err != nil {
			return usagef("--out: %w", err)
		}
		s.file = o.out
	}
	return a.print(result, s.write)
}

func changes(m *record.Manifest) bool { return slices.ContainsFunc(m.Segments, moves) }

// moves reports whether enough people come to a list or leave it to say so: whether anybody does would tell of one
// person (docs/consent.md, What is counted).
func moves(l record.SegmentCount) bool { return !l.Additions.Few() || !l.Removals.Few() }

// ruleChange is a rule that is no longer as the last run had it, and what that comes to on today's logs.
type ruleChange struct {
	segment string
	old     *rules.Segment      // nil: it is new, or can no longer be read
	data    *preview.Comparison // nil: it was not counted
}

// mostCounted is how many changed rules are counted: each is a decision of its own.
const mostCounted = 5

// ruleChanges compares the rules that changed with those that the last run decided by.
func (a *app) ruleChanges(ctx context.Context, job *pipeline.Job, moved *record.Moved) (out []ruleChange, err error) {
	counted := 0
	for _, now := range job.Segments {
		text, changed := moved.Rules[now.Name]
		if !changed {
			continue
		}
		c := ruleChange{segment: now.Name}
		if text != "" {
			if old, found := job.Scope(0).Segment(&source.Source{Name: now.Source.Name, Text: text}); !found.Failed() {
				c.old = old
			}
		}
		if c.old != nil && c.old.Level == now.Level && counted < mostCounted {
			counted++
			in := job.Inputs
			in.Watch = nil
			if c.data, err = preview.Compare(ctx, in, c.old, now); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}
