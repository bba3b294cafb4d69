package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// validation is the JSON document of `validate`.
type validation struct {
	Schema    string          `json:"schema"`
	Segments  int             `json:"segments"`            // files, with those that are wrong
	Unchecked string          `json:"unchecked,omitempty"` // why none of them could be checked
	Errors    int             `json:"errors"`
	Warnings  int             `json:"warnings"`
	Findings  source.Findings `json:"findings"`
}

type validateOptions struct {
	format, asOf, knownBy string
	strict, fix, data     bool
	days                  int
}

func (a *app) validateCommand() *cobra.Command {
	var o validateOptions
	c := &cobra.Command{
		Use: "validate [FILE...]", Aliases: []string{"check"},
		Short: "Check rules, schemas and settings; with --data against the logs as well",
		Long: "Checks every file of the project and prints all mistakes at once. With FILE only findings in these files " +
			"are shown.\n--fix puts right what has one meaning only, such as == for =, and says what it changed; then it " +
			"checks again.\n--data also reads the logs, decides every segment as a run does, and asks about segments with " +
			"fewer than 50 people or everybody in\nthem, about lists that hold the same people, values that hardly anybody " +
			"has, and windows that begin before the logs. It sees only people\nwhose consent lets the project see them, " +
			"needs no keys, writes nothing, and forgets earlier runs: nobody stays from them.\n--format sarif is SARIF 2.1.0 " +
			"for code scanning, --format github makes annotations in a workflow of GitHub.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.runValidate(cmd.Context(), args, o) },
	}
	c.Flags().BoolVar(&o.strict, "strict", false, "warnings count as errors")
	c.Flags().BoolVar(&o.fix, "fix", false, "rewrite the files where the meaning is certain")
	c.Flags().StringVar(&o.format, "format", "", "text, json, sarif or github (default: as -o says)")
	c.Flags().StringVar(&o.asOf, "as-of", "",
		"day on which review dates are judged (default: today); with --data also where windows end")
	c.Flags().BoolVar(&o.data, "data", false, "read the logs and ask about what they show")
	c.Flags().IntVar(&o.days, "days", 28,
		"with --data: how many days before as-of must have the values that rules name (1 to 400)")
	c.Flags().StringVar(&o.knownBy, "known-by", "", "with --data: hide what arrived at or after this time (default: now)")
	return c
}

func (a *app) runValidate(ctx context.Context, files []string, o validateOptions) error {
	if o.format == "" {
		o.format = "text"
		if a.asJSON() {
			o.format = "json"
		}
	}
	show, ok := map[string]func(io.Writer, validation) error{
		"text": showText, "json": showJSON, "sarif": a.showSARIF, "github": a.showGitHub,
	}[o.format]
	if !ok {
		return usagef("--format is %q: use text, json, sarif or github", o.format)
	}
	if o.data && (o.days < 1 || o.days > 400) {
		return usagef("--days is %d: use 1 to 400", o.days)
	}
	if o.knownBy != "" && !o.data {
		return usagef("--known-by says what of the logs is read: give it together with --data")
	}
	loaded, err := a.load(o.asOf)
	if err == nil && o.fix {
		loaded, err = a.fix(loaded, files, o.asOf)
	}
	if err == nil {
		err = a.checkTests(loaded, o.asOf)
	}
	if err == nil {
		err = a.checkDay(loaded, o.asOf)
	}
	if err == nil && o.data && !loaded.Findings.Failed() {
		err = a.checkData(ctx, loaded, o)
	}
	if err != nil {
		return err
	}
	v := validated(loaded, files)
	if err := show(a.out, v); err != nil {
		return fmt.Errorf("write the findings to standard output: %w", err)
	}
	if v.Errors > 0 || o.strict && v.Warnings > 0 {
		return outcome{exitInvalid, fmt.Sprintf("%s, %s", plural(v.Errors, "error"), plural(v.Warnings, "warning"))}
	}
	return nil
}

// validated are the findings of some files, of all if none is named.
func validated(loaded *load.Loaded, files []string) validation {
	v := validation{
		Schema: "malgrupp.validation/v1", Segments: loaded.Files, Unchecked: loaded.Unchecked, Findings: source.Findings{},
	}
	for _, e := range loaded.Findings.Sorted() {
		if !named(files, e.Source.Name) {
			continue
		}
		v.Findings = append(v.Findings, e)
		if e.Severity == source.SeverityError {
			v.Errors++
		} else {
			v.Warnings++
		}
	}
	return v
}

func showJSON(w io.Writer, v validation) error { return json.NewEncoder(w).Encode(v) }

func showText(w io.Writer, v validation) error {
	_, err := fmt.Fprintf(w, "%s%s", findingsOn(w, v.Findings.Text()), v.summary())
	return err
}

func (v validation) summary() string {
	segments := plural(v.Segments, "segment")
	if v.Unchecked != "" {
		segments = fmt.Sprintf("0 of %s could be checked because %s", segments, v.Unchecked)
	}
	return fmt.Sprintf("%s, %s, %s\n", segments, plural(v.Errors, "error"), plural(v.Warnings, "warning"))
}

func named(files []string, name string) bool {
	for _, f := range files {
		if strings.HasSuffix(f, name) || strings.HasSuffix(name, strings.TrimPrefix(f, "./")) {
			return true
		}
	}
	return len(files) == 0
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// load reads the project; asOf ("" for today) is the day of review dates.
func (a *app) load(asOf string) (*load.Loaded, error) {
	today, err := a.today(asOf)
	if err != nil {
		return nil, err
	}
	return load.Load(a.project, a.profile, today)
}

// today is the day of review dates, by the clock unless asOf is given.
func (a *app) today(asOf string) (value.CivilDate, error) {
	if asOf == "" {
		return value.DateOfDays(a.now().Unix() / 86400), nil
	}
	if d, ok := value.ParseDate(asOf); ok {
		return d, nil
	}
	us, err := parseInstant(asOf)
	if err != nil {
		return 0, usagef("--as-of is %q: give a date such as 2026-04-01 or a time such as 2026-04-01T00:00:00Z", asOf)
	}
	return value.DateOfDays(us / 86400e6), nil
}

// checkTests adds what is wrong with the tests of a project whose rules are right, and which segments have none.
func (a *app) checkTests(loaded *load.Loaded, asOf string) error {
	if loaded.Findings.Failed() {
		return nil
	}
	today, err := a.today(asOf)
	if err != nil {
		return err
	}
	files := slices.Clone(loaded.Tests)
	for _, s := range loaded.Segments {
		files = append(files, s.Source)
	}
	loaded.Findings = append(loaded.Findings, lint.Allow(suite.Check(loaded), files, today)...)
	return nil
}

// checkDay adds what only the day tells of a project's rules. Runs go on with such rules, so loading does not ask.
func (a *app) checkDay(loaded *load.Loaded, asOf string) error {
	today, err := a.today(asOf)
	if err != nil || len(loaded.Sound) == 0 {
		return err
	}
	files := make([]*source.Source, len(loaded.Sound))
	for i, s := range loaded.Sound {
		files[i] = s.Source
	}
	found := lint.Today(loaded.Scope(today), loaded.Sound, today)
	loaded.Findings = append(loaded.Findings, lint.Allow(found, files, today)...)
	return nil
}

// checked is load for commands that need a project without errors; its findings are the error.
func (a *app) checked(asOf string) (*load.Loaded, error) {
	loaded, err := a.load(asOf)
	if err != nil {
		return nil, err
	}
	if loaded.Findings.Failed() {
		return nil, loaded.Findings
	}
	a.warn(loaded.Findings)
	return loaded, nil
}

// warn tells of what is no error.
func (a *app) warn(found source.Findings) {
	for _, w := range found.Sorted() {
		a.log.Warn(w.Message, "code", w.Code, "file", w.Source.Name, "line", w.Source.Position(w.Span.Start).Line)
	}
}
