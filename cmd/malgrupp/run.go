package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// runOptions are the flags that run and plan share.
type runOptions struct {
	asOf, knownBy string
	lockTimeout   time.Duration
	dryRun        bool
	summaryJSON   bool
	noopExitCode  int
	replay        bool
	noKept        bool
	override      []string
	shrunk        []string
	reason        string
}

func (o *runOptions) instants(c *cobra.Command) {
	c.Flags().StringVar(&o.asOf, "as-of", "",
		"where windows end: a date (local midnight) or a time (default: start of the local day)")
	c.Flags().StringVar(&o.knownBy, "known-by", "",
		"hide what arrived at or after this time (default: now; an old one makes the run a replay)")
	c.Flags().BoolVar(&o.noKept, "no-kept", false, "read every row, not the evidence that earlier runs kept of them")
}

// guards are the flags by which somebody lets guards pass.
func (o *runOptions) guards(c *cobra.Command) {
	c.Flags().StringSliceVar(&o.override, "override-guard", nil,
		"let this guard pass, for this run alone: "+guardNames())
	c.Flags().StringSliceVar(&o.shrunk, "accept-shrunk", nil,
		"let this list of people be shorter than it may, for this run alone: suppression or protected")
	c.Flags().StringVar(&o.reason, "reason", "",
		"why a guard or a shorter list is let pass; it stands in the record of the run")
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use: "run [SEGMENT...]", Short: "Read, decide and publish lists: what cron runs every night",
		Long: "Reads what is there, keeps what people consented to, decides who is in each segment, and publishes lists, " +
			"additions and\nremovals together with the new state. A second run on the same input says so and does nothing.\n" +
			"\n" + exitTable(),
		ValidArgsFunction: a.completeSegments,
		RunE: func(cmd *cobra.Command, args []string) error {
			do := pipeline.Run
			if o.dryRun {
				do = pipeline.Plan
			}
			return a.runJob(cmd.Context(), args, o, do)
		},
	}
	o.instants(c)
	o.guards(c)
	c.Flags().BoolVar(&o.replay, "replay", false, "compute days gone by again: snapshots, no list changes")
	c.Flags().DurationVar(&o.lockTimeout, "lock-timeout", 0, "how long to wait for another run to end")
	c.Flags().BoolVarP(&o.dryRun, "dry-run", "n", false, "decide everything, publish nothing")
	c.Flags().BoolVar(&o.summaryJSON, "summary-json", false, "make the last line of standard output one JSON object")
	c.Flags().IntVar(&o.noopExitCode, "noop-exit-code", 0, "exit code for \"nothing to do\"")
	return c
}

// runJob does a job, shows how far it is, and tells what it came to.
func (a *app) runJob(ctx context.Context, args []string, o runOptions,
	do func(context.Context, *pipeline.Job) (*pipeline.Report, error),
) error {
	job, err := a.job(args, o)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	show := a.newProgress()
	job.Watch = show.update
	a.log.Info("run started", "run", job.RunID, "project", job.Project.Name, "segments", len(job.Segments))
	start := a.now()
	report, err := do(ctx, job)
	show.stop()
	if err == nil && o.dryRun {
		err = a.previewedBy(ctx, job, report)
	}
	if err != nil {
		return err
	}
	return a.finishRun(report, o, a.now().Sub(start))
}

// job turns flags into the order for a run.
func (a *app) job(args []string, o runOptions) (*pipeline.Job, error) {
	loaded, err := a.checked("")
	if err != nil {
		return nil, err
	}
	return a.jobOf(loaded, args, o)
}

// jobOf is the job of a project that was checked.
func (a *app) jobOf(loaded *load.Loaded, args []string, o runOptions) (*pipeline.Job, error) {
	in, err := a.inputs(loaded, o.asOf, o.knownBy)
	in.Again = o.replay
	if err != nil {
		return nil, err
	}
	job := &pipeline.Job{
		Inputs: in, Select: args, RunID: a.runID, Version: versions(), LockFor: o.lockTimeout, NoKept: o.noKept,
	}
	for _, g := range o.override {
		job.Override = append(job.Override, record.Override{Guard: record.Guard(g), Reason: o.reason})
	}
	for _, list := range o.shrunk {
		job.Override = append(job.Override, record.Override{Guard: pipeline.Shrunk(list), Reason: o.reason})
	}
	if job.RunID == "" {
		job.RunID = newRunID(a.now())
	}
	if !record.ValidRunID(job.RunID) {
		return nil, usagef("--run-id is %q: want a name like 20261123T043000Z-7f3a9c", job.RunID)
	}
	if id, ok := a.lookup("AIRFLOW_CTX_DAG_RUN_ID"); ok {
		job.Labels = map[string]string{"airflow_dag_run_id": id}
	}
	if job.Keys, err = pipeline.OpenKeys(loaded, a.lookup); err != nil {
		return nil, err
	}
	return job, nil
}

// inputs are what a decision about a project depends on; no key is among them.
func (a *app) inputs(loaded *load.Loaded, asOf, knownBy string) (in decide.Inputs, err error) {
	in = decide.Inputs{Loaded: loaded, Clock: a.now, Workers: a.workers, Log: a.log}
	if in.AsOf, err = a.instant("as-of", asOf, loaded); err != nil {
		return in, err
	}
	if in.KnownBy, err = a.instant("known-by", knownBy, loaded); err != nil {
		return in, err
	}
	in.Stores, err = stores(loaded)
	return in, err
}

// stores are the places that a project's settings let it reach.
func stores(l *load.Loaded) (*folder.Stores, error) {
	options, err := folder.StoreOptions(l.Dir, l.Project)
	if err != nil {
		return nil, err
	}
	return folder.NewStores(options), nil
}

// instant reads a date (local midnight of the project's zone) or an RFC 3339 time.
func (a *app) instant(flag, text string, l *load.Loaded) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if d, ok := parseDate(text); ok {
		return l.Project.Zone.Midnight(d), nil
	}
	us, err := parseInstant(text)
	if err != nil {
		return 0, usagef("--%s is %q: give a date such as 2026-04-01 or a time such as 2026-04-01T00:00:00Z", flag, text)
	}
	return us, nil
}

// newRunID is sortable by time: 20261123T043000Z-7f3a9c.
func newRunID(now time.Time) string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// runResult is the JSON document of run and plan.
type runResult struct {
	Schema      string           `json:"schema"`
	RunID       string           `json:"run_id"`
	Status      string           `json:"status"`
	ExitCode    int              `json:"exit_code"`
	GeneratedAt string           `json:"generated_at"`
	Manifest    *record.Manifest `json:"manifest,omitempty"`
	Moved       *record.Moved    `json:"moved,omitempty"` // of a plan, since the last run
}

// summary is the one line of --summary-json.
type summary struct {
	Schema   string      `json:"schema"`
	RunID    string      `json:"run_id"`
	Status   string      `json:"status"`
	ExitCode int         `json:"exit_code"`
	Segments int         `json:"lists"`
	Held     int         `json:"held_back"`
	Rows     shown.Count `json:"rows"`
	TookMS   int64       `json:"took_ms"`
}

// resultOf is the document of a run or plan, and its one line; how it ended is left to the caller.
func (a *app) resultOf(r *pipeline.Report, took time.Duration) (runResult, summary) {
	result := runResult{
		Schema: "malgrupp.run-result/v1", RunID: r.RunID, GeneratedAt: a.now().UTC().Format(time.RFC3339),
		Manifest: r.Manifest, Moved: r.Moved,
	}
	line := summary{Schema: "malgrupp.run-summary/v1", RunID: r.RunID, TookMS: took.Milliseconds()}
	if m := r.Manifest; m != nil {
		line.Segments = len(m.Segments)
		for _, s := range m.Segments {
			if s.Held != "" {
				line.Held++
			}
		}
		for _, s := range m.Sources {
			line.Rows += s.Rows
		}
	}
	return result, line
}

func (a *app) finishRun(r *pipeline.Report, o runOptions, took time.Duration) error {
	result, line := a.resultOf(r, took)
	end := heldBack(r)
	switch {
	case r.NothingToDo:
		result.Status = "nothing_to_do"
		if end == nil && o.noopExitCode != 0 {
			end = outcome{exitCode{code: o.noopExitCode, name: "noop"}, "nothing to do"}
		}
	case o.dryRun:
		result.Status, end = "planned", nil
	default:
		result.Status = string(r.Manifest.Status)
	}
	if e, ok := end.(outcome); ok {
		result.ExitCode = e.code
	}
	line.Status, line.ExitCode = result.Status, result.ExitCode
	if err := a.print(result, func(w io.Writer) { writeRun(w, r, result.Status, took) }); err != nil {
		return err
	}
	if o.summaryJSON {
		b, err := json.Marshal(line)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s\n", b)
	}
	return end
}

// heldBack is how a run ends in which something was held back: by a guard that stops all, or else partly.
func heldBack(r *pipeline.Report) error {
	m := r.Manifest
	if r.NothingToDo {
		m = r.Previous // and it still is
	}
	switch {
	case m.Guarded() && r.StopAll:
		return outcome{exitGuard, "a guard held lists; removals that are owed went out"}
	case m.Status == record.StatusPartial:
		return outcome{exitPartial, "some lists were held back"}
	}
	return nil
}

// writeRun prints a run for people.
func writeRun(w io.Writer, r *pipeline.Report, status string, took time.Duration) {
	if r.NothingToDo {
		fmt.Fprintf(w, "nothing to do: the inputs are those of run %s\n", r.Previous.RunID)
		writeGuards(w, r.Previous)
		return
	}
	m := r.Manifest
	zone := r.Decision.Project.Zone
	fmt.Fprintf(w, "run %s %s in %s   as of %s, known by %s\n", m.RunID, status, took.Round(10*time.Millisecond),
		localTime(m.AsOf, zone), localTime(m.KnownBy, zone))
	for _, s := range m.Sources {
		fmt.Fprintf(w,
			"source %s: %s rows read, %s copies with other contents, %s with an impossible time, %s with a value too large\n",
			s.Name, s.Rows, s.Conflicts, s.Invalid, s.Oversized)
	}
	writeSources(w, m)
	writeUses(w, m)
	writeSegments(w, m)
}

// guardNames are the guards that can be overridden.
func guardNames() string {
	var names []string
	for _, g := range pipeline.Guards {
		names = append(names, string(g))
	}
	return strings.Join(names, ", ")
}
