package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/spf13/cobra"
)

func (a *app) contractCommand() *cobra.Command {
	var o inspect.ContractOptions
	c := &cobra.Command{
		Use: "contract [SOURCE...]", Short: "Check that the logs are what their schemas say",
		Long: "Opens the objects of the newest partition of every source (the newest object where there are no " +
			"partitions) and compares them with\nthe source's schema: columns that are missing or have another form, nulls " +
			"where none should be, times that cannot be, values that\nenum does not list, columns that the schema does not " +
			"name. Exit code 12 if the contract is broken. Shows no values.",
		ValidArgsFunction: a.completeSources,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Sources = args
			return a.runContract(cmd.Context(), o)
		},
	}
	c.Flags().BoolVar(&o.All, "all", false, "check every object")
	return c
}

// contractDoc is the JSON document of `data contract`.
type contractDoc struct {
	Schema      string                   `json:"schema"`
	GeneratedAt string                   `json:"generated_at"`
	Broken      bool                     `json:"broken"`
	Sources     []inspect.SourceContract `json:"sources"`
}

func (a *app) runContract(ctx context.Context, o inspect.ContractOptions) error {
	in, err := a.looking()
	if err != nil {
		return err
	}
	defer in.Stores.Close()
	show := a.newProgress()
	in.Watch = show.update
	sources, err := inspect.Contract(ctx, in, o)
	show.stop()
	if err != nil {
		return err
	}
	doc := contractDoc{Schema: "malgrupp.contract/v1", GeneratedAt: a.now().UTC().Format(time.RFC3339), Sources: sources}
	for i := range sources {
		doc.Broken = doc.Broken || sources[i].Broken()
	}
	if err := a.print(doc, func(w io.Writer) { writeContracts(w, sources) }); err != nil {
		return err
	}
	if doc.Broken {
		return outcome{exitCheck, "a source is not what its schema says"}
	}
	return nil
}

// shownUnnamed is how many columns without a name in the schema are shown.
const shownUnnamed = 10

func writeContracts(w io.Writer, sources []inspect.SourceContract) {
	for i := range sources {
		s := &sources[i]
		state := "holds"
		if s.Broken() {
			state = "BROKEN"
		}
		fmt.Fprintf(w, "source %s, schema %s: the contract %s; checked %d of %s, %s\n", s.Source, s.Schema, state, s.Checked,
			plural(s.Listed, "object"),
			plural(int(s.Rows), "row"))
		unnamed := 0
		for _, d := range s.Drifts {
			if d.Kind == inspect.DriftUnnamed {
				if unnamed++; unnamed > shownUnnamed {
					continue
				}
			}
			writeDrift(w, d, s.Checked)
		}
		if unnamed > shownUnnamed {
			fmt.Fprintf(w, "  note    %d more columns that the schema does not name; -o json lists them\n", unnamed-shownUnnamed)
		}
	}
}

func writeDrift(w io.Writer, d inspect.Drift, checked int) {
	mark := "note"
	if d.Broken {
		mark = "BROKEN"
	}
	fmt.Fprintf(w, "  %-7s", mark)
	if d.Column != "" {
		fmt.Fprintf(w, " %s:", inspect.Printable(d.Column))
	}
	fmt.Fprintf(w, " %s", inspect.Printable(d.Message))
	if d.Rows > 0 {
		share := float64(d.Rows) / float64(d.Of)
		fmt.Fprintf(w, " (%s of the rows)", shareText(&share))
	}
	switch {
	case d.Kind == inspect.DriftDamaged: // the message names it
	case len(d.Objects) == checked && checked > 1:
		fmt.Fprint(w, ", in every object")
	case len(d.Objects) > 1:
		fmt.Fprintf(w, ", in %d objects, the first %s", len(d.Objects), inspect.Printable(d.Objects[0]))
	default:
		fmt.Fprintf(w, ", in %s", inspect.Printable(d.Objects[0]))
	}
	fmt.Fprintln(w)
}
