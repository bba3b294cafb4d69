package main

import (
	"context"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/local"
	"github.com/malgrupp/malgrupp/pipeline/record"
)

func (a *app) auditCommand() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "The record of all runs: is it whole, and how far is it"}
	var head, identity string
	verify := &cobra.Command{
		Use: "verify", Short: "Check every marker, record, list and state against what is signed",
		Long: "Walks the whole record: signatures, chain and order of markers, every line, and the digests of all lists " +
			"and state.\nWith --head also that it has come at least as far as a head that was kept elsewhere; with --identity " +
			"each list is\nopened as far as its label. Exit 19 if anything does not fit.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runAuditVerify(cmd.Context(), head, identity) },
	}
	verify.Flags().StringVar(&head, "head", "", "`FILE` with a head, as audit head prints it")
	verify.Flags().StringVar(&identity, "identity", "", "`REFERENCE` of the key that opens lists: file:keys/list.key")
	show := &cobra.Command{
		Use: "head", Short: "Print the head of the record, to be kept where nobody who can change the output can",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runAuditHead(cmd.Context()) },
	}
	c.AddCommand(verify, show)
	return c
}

// maxHead bounds the file of a head.
const maxHead = 64 << 10

// recorded opens the places of the project's record; the caller closes the job's stores.
func (a *app) recorded(ctx context.Context) (*pipeline.Job, record.Places, error) {
	job, err := a.job(nil, runOptions{})
	if err != nil {
		return nil, record.Places{}, err
	}
	at, err := job.Places(ctx)
	if err != nil {
		job.Stores.Close()
	}
	return job, at, err
}

func (a *app) runAuditVerify(ctx context.Context, head, identity string) error {
	job, at, err := a.recorded(ctx)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	with := record.Check{Tell: func(done, markers int64) {
		job.Tell(decide.Progress{Phase: "verify", Unit: decide.Markers, Done: done, Total: markers})
	}}
	if head != "" {
		data, err := local.ReadFile(head, maxHead)
		if err != nil {
			return usagef("--head: %w", err)
		}
		if with.Head, err = record.ReadHead(data, head, at.Whose, job.Keys); err != nil {
			return err
		}
	}
	if identity != "" {
		source := keys.Source{Dir: job.Dir, Env: a.lookup, Mounted: job.Project.Keys.Mounted}
		if with.Opens, err = source.Identity(identity); err != nil {
			return fault.New(fault.Invalid, "KEYS", err, "give the key that opens lists, as file:PATH or env:NAME")
		}
	}
	verdict, err := record.Verify(ctx, at, job.Keys, with)
	if err != nil {
		return err
	}
	doc := struct {
		Schema string `json:"schema"`
		Whole  bool   `json:"whole"`
		*record.Verdict
	}{"malgrupp.audit/v1", len(verdict.Findings) == 0, verdict}
	if err := a.print(doc, func(w io.Writer) { writeVerdict(w, verdict) }); err != nil {
		return err
	}
	if !doc.Whole {
		return outcome{exitAudit, "the record is not whole"}
	}
	return nil
}

func writeVerdict(w io.Writer, v *record.Verdict) {
	if len(v.Findings) > 0 {
		t := newTable(w, "object", "what does not fit")
		for _, f := range v.Findings {
			t.AppendRow(table.Row{f.Object, f.What})
		}
		t.Render()
	}
	fmt.Fprintf(w, "%s, %s, %s, %s with %s", plural(v.Markers, "marker"), plural(v.Lines, "record"),
		plural(v.Heads, "head"), plural(v.Objects, "object"), bytesText(v.Bytes))
	if v.Pruned > 0 {
		fmt.Fprintf(w, ", %d pruned", v.Pruned)
	}
	if v.Opened > 0 {
		fmt.Fprintf(w, ", %d labels fit", v.Opened)
	}
	if len(v.Findings) == 0 {
		fmt.Fprintln(w, ": everything fits")
		return
	}
	fmt.Fprintf(w, ": %s; see docs/how-to/when-a-run-stops.md\n", plural(len(v.Findings), "finding"))
}

func (a *app) runAuditHead(ctx context.Context) error {
	job, at, err := a.recorded(ctx)
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	history, err := record.Read(ctx, at, job.Keys, false)
	if err != nil {
		return err
	}
	if history.Marker == nil {
		return usagef("nothing was published yet: there is no head")
	}
	head, err := history.Head(job.Keys, job.Project.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s\n", head)
	return err
}
