package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
)

func (a *app) dataCommand() *cobra.Command {
	c := &cobra.Command{Use: "data", Short: "What lies in the logs, and whether it is what the schemas say"}
	c.AddCommand(a.inspectCommand(), a.partitionsCommand(), a.contractCommand())
	return c
}

// inspectFlags are the flags of `data inspect`.
type inspectFlags struct {
	inspect.InspectOptions
	onlySchema bool
}

func (a *app) inspectCommand() *cobra.Command {
	var o inspectFlags
	c := &cobra.Command{
		Use: "inspect URL", Short: "Look into Parquet objects and propose a schema", Args: cobra.ExactArgs(1),
		Long: "URL is an object or a folder, on this machine or in a bucket, or the name of a source of the project in " +
			"-C. Needs no project.\nShows how the newest objects were written, what their columns are, how often they are " +
			"missing and which time they span, and\nproposes an EventSchema. Values are masked: letters become a, digits " +
			"9.\n\n" +
			"  malgrupp data inspect s3://bank-events/web/ --schema > schemas/web.yaml",
		Annotations: map[string]string{takesURLs: "yes"},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.runInspect(cmd.Context(), args[0], o) },
	}
	c.Flags().IntVar(&o.Objects, "objects", 3, "how many objects to open, the newest first")
	c.Flags().Int64Var(&o.Rows, "rows", 200_000,
		"rows of each object whose values are looked at (whole row groups, at least one)")
	c.Flags().BoolVar(&o.Values, "show-values", false, "show values as they are: they may be personal data")
	c.Flags().BoolVar(&o.onlySchema, "schema", false, "print only the proposed schema, to be written into schemas/")
	c.Flags().StringVar(&o.Name, "name", "", "name of the proposed schema (default: from the URL)")
	return c
}

// inspection is the JSON document of `data inspect`.
type inspection struct {
	Schema      string `json:"schema"`
	GeneratedAt string `json:"generated_at"`
	Masked      bool   `json:"values_masked"`
	*inspect.Inspection
}

func (a *app) runInspect(ctx context.Context, place string, o inspectFlags) error {
	if o.Objects < 1 || o.Rows < 0 {
		return usagef("--objects is %d and --rows is %d: look at one object at least", o.Objects, o.Rows)
	}
	where, options, err := a.location(place)
	if err != nil {
		return err
	}
	if o.Values {
		a.log.Warn("values are shown as they are: they may be personal data, so keep the output to yourself")
	}
	stores := folder.NewStores(options)
	defer stores.Close()
	show := a.newProgress()
	o.Watch = show.update
	found, err := inspect.Inspect(ctx, stores, where, o.InspectOptions)
	show.stop()
	if refused, ok := errors.AsType[*store.URLError](err); ok {
		return usageError{refused}
	}
	if err != nil {
		return err
	}
	if o.onlySchema {
		return a.printProposal(found)
	}
	doc := inspection{"malgrupp.inspection/v1", a.now().UTC().Format(time.RFC3339), !o.Values, found}
	return a.print(doc, func(w io.Writer) { writeInspection(w, found, a.zone()) })
}

// zone is that of the project, or UTC where there is none.
func (a *app) zone() *value.Zone {
	if loaded, err := a.load(""); err == nil && loaded.Project != nil && loaded.Project.Zone != nil {
		return loaded.Project.Zone
	}
	utc, _ := value.LoadZone("UTC")
	return utc
}

// printProposal prints the schema alone; that there is none is an error, or an empty file would be taken for one.
func (a *app) printProposal(found *inspect.Inspection) error {
	if found.Proposal.Text == "" {
		return outcome{exitCheck, fmt.Sprintf("no schema can be proposed for %s: %s", found.URL, found.Proposal.Problem)}
	}
	fmt.Fprint(a.out, found.Proposal.Text)
	for _, name := range found.LooksLike {
		a.log.Info("the log has the shape of a schema that comes with the program", "schema", name)
	}
	return nil
}

// location turns the argument of inspect into a URL, with the storage settings of the project if there is one. What is
// named by hand may lie anywhere on the machine, so the fence is drawn round it alone.
func (a *app) location(name string) (string, store.Options, error) {
	settings := new(project.Project)
	if loaded, err := a.load(""); err == nil && loaded.Project != nil {
		settings = loaded.Project
		if source, ok := loaded.SourceURL(name); ok {
			name = source
		}
	}
	options, err := folder.StoreOptions(a.project, settings)
	if err != nil {
		return "", options, err
	}
	if strings.Contains(name, "://") {
		u, err := url.Parse(name)
		if err != nil || u.Scheme != "file" || u.Host != "" {
			return name, options, nil // the store knows which URLs there are
		}
		name = filepath.FromSlash(u.Path)
	}
	full, err := filepath.Abs(name)
	if err == nil {
		full, err = filepath.EvalSymlinks(full)
	}
	if errors.Is(err, os.ErrNotExist) {
		return "", options, usagef("%s is no file, no folder and no source of a project here", name)
	}
	if err != nil {
		return "", options, usagef("find %s: %w", name, err)
	}
	options.Roots = append(options.Roots, filepath.Dir(full))
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(full)}).String(), options, nil
}
