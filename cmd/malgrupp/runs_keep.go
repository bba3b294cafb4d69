package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

func (a *app) runsPruneCommand() *cobra.Command {
	days, dry := 0, false
	c := &cobra.Command{
		Use: "prune", Short: "Delete lists of runs that no longer hold",
		Long: "Deletes lists, control groups, replays and state of runs older than --keep-days, by default than " +
			"max_list_age of the project, as\nevery run does that publishes. What holds now stays: the last published run, " +
			"its state, and every marker and record.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := &days
			if !cmd.Flags().Changed("keep-days") {
				given = nil
			}
			return a.runRunsPrune(cmd.Context(), given, dry)
		},
	}
	c.Flags().IntVar(&days, "keep-days", days, "how many days runs are kept (default: max_list_age of the project)")
	c.Flags().BoolVarP(&dry, "dry-run", "n", false, "say what would be deleted, delete nothing")
	return c
}

func (a *app) runRunsPrune(ctx context.Context, days *int, dry bool) error {
	if days != nil && *days < 0 {
		return usagef("--keep-days is %d: give 0 or more", *days)
	}
	job, err := a.job(nil, runOptions{})
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	keep := time.Duration(project.Micros(job.Project.MaxListAge)) * time.Microsecond
	if days != nil {
		keep = time.Duration(*days) * 24 * time.Hour
	}
	pruned, err := pipeline.Prune(ctx, job, a.now().Add(-keep), dry)
	if err != nil {
		return err
	}
	doc := struct {
		Schema  string   `json:"schema"`
		DryRun  bool     `json:"dry_run"`
		Runs    []string `json:"runs"`
		Objects int      `json:"objects"`
		Bytes   int64    `json:"bytes"`
	}{"malgrupp.runs-prune/v1", dry, pruned.Runs, pruned.Objects, pruned.Bytes}
	return a.print(doc, func(w io.Writer) {
		verb := "deleted"
		if dry {
			verb = "would delete"
		}
		fmt.Fprintf(w, "%s %s of %s, %s\n", verb, plural(pruned.Objects, "object"), plural(len(pruned.Runs), "run"),
			bytesText(pruned.Bytes))
	})
}

func (a *app) runsUnlockCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "unlock", Short: "Free the project's lock",
		Long: "A lock frees itself: with the process that holds it, or in a bucket when it was not renewed for ten " +
			"minutes. " +
			"--force takes one\nin a bucket that is still renewed; whoever held it stops before publishing (11, LOST).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runRunsUnlock(cmd.Context(), force) },
	}
	c.Flags().BoolVar(&force, "force", false, "also if somebody renews it")
	return c
}

func (a *app) runRunsUnlock(ctx context.Context, force bool) error {
	job, err := a.job(nil, runOptions{})
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	if err := pipeline.Unlock(ctx, job, force); err != nil {
		return err
	}
	doc := struct {
		Schema string `json:"schema"`
		Free   bool   `json:"free"`
	}{"malgrupp.runs-unlock/v1", true}
	return a.print(doc, func(w io.Writer) { fmt.Fprintln(w, "the lock is free") })
}
