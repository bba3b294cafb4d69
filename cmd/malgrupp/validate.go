package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/rules"
)

// validation is the JSON document of `validate`.
type validation struct {
	Schema   string       `json:"schema"`
	Segments int          `json:"segments"`
	Errors   int          `json:"errors"`
	Warnings int          `json:"warnings"`
	Findings rules.Errors `json:"findings"`
}

func (a *app) validateCommand() *cobra.Command {
	var strict bool
	var format, asOf string
	c := &cobra.Command{
		Use: "validate [FILE...]", Aliases: []string{"check"},
		Short: "Check rules, schemas and settings; read no data",
		Long:  "Checks every file of the project and prints all mistakes at once. With FILE only findings in these files are shown.",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.runValidate(args, format, asOf, strict)
		},
	}
	c.Flags().BoolVar(&strict, "strict", false, "warnings count as errors")
	c.Flags().StringVar(&format, "format", "", "text or json (default: as -o says)")
	c.Flags().StringVar(&asOf, "as-of", "", "day on which review dates are judged (default: today)")
	return c
}

func (a *app) runValidate(files []string, format, asOf string, strict bool) error {
	switch format {
	case "", "text", "json":
	case "sarif", "github":
		return usagef("--format %s is not built in this version: use text or json", format)
	default:
		return usagef("--format is %q: use text or json", format)
	}
	loaded, err := a.load(asOf)
	if err != nil {
		return err
	}
	v := validation{Schema: "malgrupp.validation/v1", Segments: len(loaded.Segments), Findings: rules.Errors{}}
	for _, e := range loaded.Findings.Sorted() {
		if !named(files, e.Source.Name) {
			continue
		}
		v.Findings = append(v.Findings, e)
		if e.Severity == rules.SeverityError {
			v.Errors++
		} else {
			v.Warnings++
		}
	}
	if format == "json" || format == "" && a.asJSON() {
		if err := json.NewEncoder(a.out).Encode(v); err != nil {
			return err
		}
	} else {
		fmt.Fprint(a.out, v.Findings.Text())
		fmt.Fprintf(a.out, "%s, %s, %s\n", plural(v.Segments, "segment"), plural(v.Errors, "error"), plural(v.Warnings, "warning"))
	}
	if v.Errors > 0 || strict && v.Warnings > 0 {
		return outcome{exitInvalid, fmt.Sprintf("%s, %s", plural(v.Errors, "error"), plural(v.Warnings, "warning"))}
	}
	return nil
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
func (a *app) load(asOf string) (*pipeline.Loaded, error) {
	today := rules.DateOfDays(a.now().Unix() / 86400)
	if asOf != "" {
		d, ok := rules.ParseDate(asOf)
		if !ok {
			if us, err := parseInstant(asOf); err == nil {
				d, ok = rules.DateOfDays(us/86400e6), true
			}
		}
		if !ok {
			return nil, usagef("--as-of is %q: give a date such as 2026-04-01 or a time such as 2026-04-01T00:00:00Z", asOf)
		}
		today = d
	}
	return pipeline.Load(a.project, a.profile, today)
}

// checked is load for commands that need a project without errors; its findings are the error.
func (a *app) checked(asOf string) (*pipeline.Loaded, error) {
	loaded, err := a.load(asOf)
	if err != nil {
		return nil, err
	}
	if loaded.Findings.Failed() {
		return nil, loaded.Findings
	}
	for _, w := range loaded.Findings.Sorted() {
		a.log.Warn(w.Message, "code", w.Code, "file", w.Source.Name)
	}
	return loaded, nil
}
