package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/segments/query"
)

// sqlOptions are the flags of sql.
type sqlOptions struct {
	decide.StatementOptions
	runOptions
	dialect     string
	tables      []string
	unsupported bool
}

func (a *app) sqlCommand() *cobra.Command {
	var o sqlOptions
	c := &cobra.Command{
		Use: "sql SEGMENT", Short: "A segment as one SQL statement, consent included, for a second opinion",
		Long: "Writes one statement that computes who is in a segment for one use from the logs and the consent log, as " +
			"run does: what had\narrived, copies, consent then and now, retention, conditions, exclusions, top, holdout, " +
			"cap. The sources are listed, for what they\ncover is part of the meaning; nothing is read. Tables are the " +
			"project's URLs unless --table names them; a source goes by its own\nname, the others are consent, suppression, " +
			"protected, attributes and stay (segment, use, subject, last_qualified, definition).\nSee " +
			"docs/how-to/second-opinion.md.",
		ValidArgsFunction: a.completeSegments,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.unsupported {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.unsupported {
				return a.printUnsaid()
			}
			return a.runSQL(cmd.Context(), args[0], o)
		},
	}
	o.instants(c)
	f := c.Flags()
	f.StringVar(&o.dialect, "dialect", sql.DuckDB.Name, "duckdb or spark")
	f.StringVar(&o.Use, "use", "", "the destination whose consent is asked (default: the segment's first)")
	f.StringArrayVar(&o.tables, "table", nil,
		"NAME=EXPRESSION: what stands after FROM for a table, such as web=read_parquet('web/*.parquet')")
	f.BoolVar(&o.Covered, "assume-covered", false, "take it that the sources cover every window; they are not listed")
	f.BoolVar(&o.Members, "members", false, "ask for the ids of members alone, without verdicts")
	f.BoolVar(&o.unsupported, "unsupported", false, "list what cannot be said in SQL, with the reasons")
	return c
}

func (a *app) runSQL(ctx context.Context, segment string, o sqlOptions) error {
	var err error
	if o.Dialect, err = sql.Named(o.dialect); err != nil {
		return usageError{fmt.Errorf("--dialect: %w", err)}
	}
	o.Tables = map[string]string{}
	for _, t := range o.tables {
		name, expression, ok := strings.Cut(t, "=")
		if !ok || name == "" || expression == "" {
			return usagef("--table is %q: give NAME=EXPRESSION, such as consent=read_parquet('consent.parquet')", t)
		}
		o.Tables[name] = expression
	}
	loaded, err := a.checked("")
	if err != nil {
		return err
	}
	in, err := a.inputs(loaded, o.asOf, o.knownBy)
	if err != nil {
		return err
	}
	defer in.Stores.Close()
	text, err := decide.Statement(ctx, in, segment, o.StatementOptions)
	if err != nil {
		return err
	}
	doc := struct {
		Schema  string `json:"schema"`
		Segment string `json:"segment"`
		Dialect string `json:"dialect"`
		SQL     string `json:"sql"`
	}{"malgrupp.sql/v1", segment, o.dialect, text}
	return a.print(doc, func(w io.Writer) { fmt.Fprint(w, text) })
}

// printUnsaid lists what a statement cannot say.
func (a *app) printUnsaid() error {
	type entry struct {
		Construct string `json:"construct"`
		Reason    string `json:"reason"`
	}
	doc := struct {
		Schema      string  `json:"schema"`
		Unsupported []entry `json:"unsupported"`
	}{Schema: "malgrupp.sql-unsupported/v1"}
	for _, u := range query.CannotSay() {
		doc.Unsupported = append(doc.Unsupported, entry{u.Construct, u.Reason})
	}
	return a.print(doc, func(w io.Writer) {
		for _, e := range doc.Unsupported {
			fmt.Fprintf(w, "%s\n  %s\n", e.Construct, e.Reason)
		}
	})
}
