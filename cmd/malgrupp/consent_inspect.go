package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/pipeline/local"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// consentFlags are the flags of `consent inspect`.
type consentFlags struct {
	inspect.InspectOptions
	onlyMap bool
	try     string
}

func (a *app) consentInspectCommand() *cobra.Command {
	var o consentFlags
	c := &cobra.Command{
		Use: "inspect URL", Short: "Look into a consent platform's export and propose a map", Args: cobra.ExactArgs(1),
		Long: "URL is an object or a folder, CSV or Parquet, on this machine or in a bucket; or the word consent for the " +
			"log of the project\nin -C, with its own map. Proposes consent.map with what speaks for it, says everything that " +
			"does not fit at once, and counts\nfor how many people each purpose would be granted now. Ready-made maps: " +
			strings.Join(project.ReadyMaps(), ", ") + ".\n\n  malgrupp consent inspect s3://bank-consent/export/",
		Annotations: map[string]string{takesURLs: "yes"},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.runConsentInspect(cmd.Context(), args[0], o) },
	}
	c.Flags().IntVar(&o.Objects, "objects", 10, "how many objects to open, the newest first")
	c.Flags().Int64Var(&o.Rows, "rows", 1_000_000,
		"rows of each object whose words are looked at (whole row groups, at least one); all of them are counted")
	c.Flags().BoolVar(&o.Values, "show-values", false, "show values as they are: they may be personal data")
	c.Flags().BoolVar(&o.onlyMap, "yaml", false, "print only the proposed map, to be written below consent")
	c.Flags().StringVar(&o.try, "map", "",
		"try this map instead of proposing one: a ready-made one, or a file that begins with map:")
	return c
}

// consentInspection is the JSON document of `consent inspect`.
type consentInspection struct {
	Schema      string `json:"schema"`
	GeneratedAt string `json:"generated_at"`
	Masked      bool   `json:"values_masked"`
	*inspect.ConsentInspection
}

func (a *app) runConsentInspect(ctx context.Context, place string, o consentFlags) error {
	if o.Objects < 1 || o.Rows < 0 {
		return usagef("--objects is %d and --rows is %d: look at one object at least", o.Objects, o.Rows)
	}
	conf, own := a.consentSettings()
	if place == "consent" && own != "" {
		place = own
	} else {
		conf.Map = nil
	}
	where, options, err := a.location(place)
	if err != nil {
		return err
	}
	if o.try != "" {
		if conf.Map, err = mapToTry(o.try, conf); err != nil {
			return err
		}
	}
	if o.Values {
		a.log.Warn("values are shown as they are: they may be personal data, so keep the output to yourself")
	}
	stores := folder.NewStores(options)
	defer stores.Close()
	show := a.newProgress()
	o.Watch = show.update
	found, err := inspect.Consent(ctx, stores, where, inspect.ConsentOptions{
		InspectOptions: o.InspectOptions, Conf: conf, Now: a.now().UnixMicro(),
	})
	show.stop()
	if refused, ok := errors.AsType[*store.URLError](err); ok {
		return usageError{refused}
	}
	if err != nil {
		return err
	}
	if o.onlyMap && conf.Map == nil {
		fmt.Fprint(a.out, found.Map.Text)
	} else {
		doc := consentInspection{
			"malgrupp.consent-inspection/v1", a.now().UTC().Format(time.RFC3339), !o.Values, found,
		}
		if err := a.print(doc, func(w io.Writer) { writeConsentInspection(w, found, a.zone()) }); err != nil {
			return err
		}
	}
	switch {
	case found.Map.Problem != "":
		return outcome{exitCheck, "the proposed map is not complete: " + found.Map.Problem}
	case conf.Map != nil && len(found.Faults) > 0:
		return outcome{exitCheck, fmt.Sprintf("%d things do not fit the map", len(found.Faults))}
	}
	return nil
}

// consentSettings are those of the project, and where its log lies; without one, the defaults.
func (a *app) consentSettings() (conf project.Consent, url string) {
	if loaded, err := a.load(""); err == nil && loaded.Project != nil && loaded.Project.Consent.URL != "" {
		return loaded.Project.Consent, loaded.Absolute(loaded.Project.Consent.URL)
	}
	return project.Consent{
		MaxFeedAge: value.Duration{N: 26, Unit: value.Hour}, MaxConsentAge: value.Duration{N: 390, Unit: value.Day},
		TrustedSources: []string{"cmp", "bank_ui", "call_centre"},
	}, ""
}

// mapToTry is a ready-made map, or that of a file as consent inspect prints it.
func mapToTry(name string, conf project.Consent) (*project.ConsentMap, error) {
	text := "map: " + name
	if _, ready := project.ReadyMap(name); !ready {
		data, err := local.ReadFile(name, yaml.LargestFile)
		if err != nil {
			return nil, usagef("--map %s is no ready-made map (%s) and no file: %w", name,
				strings.Join(project.ReadyMaps(), ", "), err)
		}
		text = string(data)
	}
	m, found := project.ReadMap(&source.Source{Name: name, Text: text}, conf)
	if found.Failed() || m == nil {
		return nil, usagef("--map %s cannot be used:\n%s", name, found.Text())
	}
	return m, nil
}

// writeConsentInspection prints an inspection for people.
func writeConsentInspection(w io.Writer, in *inspect.ConsentInspection, zone *value.Zone) {
	fmt.Fprintf(w, "%s: %s\nlooked at %d of them, the newest, with %d rows\n\n", in.URL, plural(in.Listed, "object"),
		len(in.Objects), in.Rows)
	t := newTable(w, "column", "type", "null", "different", "values")
	for i := range in.Columns {
		c := &in.Columns[i]
		t.AppendRow(table.Row{inspect.Printable(c.Path), c.Type, shareText(c.NullShare), c.Distinct, valuesText(c, zone)})
	}
	t.Render()
	if in.Own {
		fmt.Fprintln(w, "\nThese are the columns of the consent log: it needs no map.")
	}
	for _, name := range in.LooksLike {
		fmt.Fprintf(w, "\nThis has the columns of the ready-made map %s.\n", name)
	}
	if in.Map.Text != "" {
		fmt.Fprintf(w, "\nProposed map, to stand below consent in malgrupp.yaml (--yaml prints it alone):\n\n%s", in.Map.Text)
	}
	if in.Map.Problem != "" {
		fmt.Fprintf(w, "\nIt is not complete: %s.\nWrite what is missing into a file that begins with map: and try it "+
			"with --map FILE; its keys: docs/how-to/consent-log.md.\n", in.Map.Problem)
	}
	writeConsentWords(w, in)
	for i, f := range in.Faults {
		if i == 0 {
			fmt.Fprintln(w, "\nWhat does not fit:")
		}
		fmt.Fprintf(w, "  %s (%s rows)\n    %s\n", f.Message, f.Rows, f.Hint)
	}
	if in.Newest == "" {
		return
	}
	if !in.Strings.Few() {
		fmt.Fprintf(w, "\n%s of the events are TC strings, which are judged in a run.\n", in.Strings)
	}
	fmt.Fprintf(w, "\n%s events; the newest is of %s, the newest object was written %s\n\n", in.Events,
		localTime(in.Newest, zone), localTime(in.Written, zone))
	t = newTable(w, "purpose", "devices granted", "denied", "customers granted", "denied")
	for _, p := range in.Purposes {
		t.AppendRow(table.Row{
			p.Purpose, p.Devices.Granted, p.Devices.Denied, p.Customers.Granted, p.Customers.Denied,
		})
	}
	t.Render()
}

func writeConsentWords(w io.Writer, in *inspect.ConsentInspection) {
	if len(in.Words) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := newTable(w, "column", "word", "rows", "means")
	for _, word := range in.Words {
		t.AppendRow(table.Row{word.Column, fmt.Sprintf("%q", word.Word), word.Rows, word.Means})
	}
	t.Render()
}
