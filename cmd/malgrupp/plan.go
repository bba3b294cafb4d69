package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
)

func (a *app) planCommand() *cobra.Command {
	var o runOptions
	var detailed bool
	c := &cobra.Command{
		Use: "plan [SEGMENT...]", Short: "Decide everything a run would, publish nothing",
		Long: "Reads and decides like run and prints what a run would publish. Consent is checked as " +
			"strictly; nothing is written.",
		ValidArgsFunction: a.completeSegments,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dryRun = true
			return a.runPlan(cmd.Context(), args, o, detailed)
		},
	}
	o.instants(c)
	o.guards(c)
	c.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 20 if a run would change a list")
	return c
}

func (a *app) runPlan(ctx context.Context, args []string, o runOptions, detailed bool) error {
	job, err := a.job(args, o)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	show := a.newProgress()
	job.Watch = show.update
	start := a.now()
	report, err := pipeline.Plan(ctx, job)
	show.stop()
	if err != nil {
		return err
	}
	if err := a.finishRun(report, o, a.now().Sub(start)); err != nil {
		return err
	}
	if detailed && !report.NothingToDo {
		for _, s := range report.Manifest.Segments {
			if s.Additions > 0 || s.Removals > 0 {
				return outcome{exitChanges, "a run would change a list"}
			}
		}
	}
	return nil
}
