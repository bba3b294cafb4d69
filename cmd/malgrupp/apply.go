package main

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/local"
)

// largestPlan is how many bytes a plan may have: one of ten thousand lists has a few million.
const largestPlan = 64 << 20

func (a *app) applyCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use: "apply PLANFILE", Short: "Do exactly what a plan says, or refuse",
		Long: "Publishes what malgrupp plan --out wrote down, after deciding it again. If rules, settings, inputs or the " +
			"state have moved since,\nor a list would become another one, it says which and publishes nothing (exit 12).",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runApply(cmd.Context(), args[0], o) },
	}
	c.Flags().DurationVar(&o.lockTimeout, "lock-timeout", 0, "how long to wait for another run to end")
	c.Flags().BoolVar(&o.summaryJSON, "summary-json", false, "make the last line of standard output one JSON object")
	return c
}

func (a *app) runApply(ctx context.Context, file string, o runOptions) error {
	data, err := local.ReadFile(file, largestPlan)
	if err != nil {
		return usagef("read the plan: %w", err)
	}
	var plan pipeline.PlanFile
	if err := json.Unmarshal(data, &plan); err != nil {
		return usagef("read the plan %s: %w; malgrupp plan --out FILE makes one", file, err)
	}
	return a.runJob(ctx, nil, o, func(ctx context.Context, j *pipeline.Job) (*pipeline.Report, error) {
		return pipeline.Apply(ctx, j, &plan)
	})
}
