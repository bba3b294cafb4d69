package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/format"
	"github.com/malgrupp/malgrupp/rules/source"
)

type fmtOptions struct{ check, diff bool }

func (a *app) fmtCommand() *cobra.Command {
	var o fmtOptions
	c := &cobra.Command{
		Use:   "fmt [FILE...]",
		Short: "Write rules, tests, schemas, value sets and malgrupp.yaml in their canonical form",
		Long: "Rewrites the files of the project, or those named, with keys, quotes, blanks and conditions in the one " +
			"form that all files\nhave, and prints the names of those that changed. Comments stay where they are, and no " +
			"rule changes its meaning: its\ndefinition hash stays the same. A file that YAML cannot read is left as it is " +
			"(exit 10).",
		RunE: func(_ *cobra.Command, args []string) error { return a.runFmt(args, o) },
	}
	c.Flags().BoolVar(&o.check, "check", false, "write nothing; exit 12 if a file would change")
	c.Flags().BoolVar(&o.diff, "diff", false, "write nothing; print what would change")
	return c
}

// formatted is a file that has another canonical form than the one it has.
type formatted struct {
	*source.Source
	text string
}

func (a *app) runFmt(files []string, o fmtOptions) error {
	changed, found, err := a.format(files)
	if err != nil {
		return err
	}
	names := make([]string, len(changed))
	for i, f := range changed {
		names[i] = f.Name
		if !o.check && !o.diff {
			if err := rewrite(a.project, f.Name, f.Text, f.text); err != nil {
				return err
			}
		}
	}
	document := struct {
		Schema  string   `json:"schema"`
		Changed []string `json:"changed"`
		Written bool     `json:"written"`
	}{"malgrupp.fmt/v1", names, !o.check && !o.diff}
	if err := a.print(document, func(w io.Writer) { printFormatted(w, changed, o.diff) }); err != nil {
		return err
	}
	if err := found.Err(); err != nil {
		return err
	}
	if o.check && len(changed) > 0 {
		return outcome{exitCheck, plural(len(changed), "file") + " not in the canonical form: malgrupp fmt"}
	}
	return nil
}

// format returns the files that would change, and why others cannot be formatted.
func (a *app) format(files []string) ([]formatted, source.Findings, error) {
	sources, err := load.Files(a.project)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range files {
		if !slices.ContainsFunc(sources, func(s *source.Source) bool { return named([]string{f}, s.Name) }) {
			return nil, nil, usagef("%s is no file of the project: fmt knows malgrupp.yaml and what lies in schemas, "+
				"value-sets, segments and tests", f)
		}
	}
	var changed []formatted
	var found source.Findings
	for _, src := range sources {
		if !named(files, src.Name) {
			continue
		}
		text, errs := format.File(src, builtin.Language())
		found = append(found, errs...)
		if !errs.Failed() && text != src.Text {
			changed = append(changed, formatted{src, text})
		}
	}
	return changed, found, nil
}

func printFormatted(w io.Writer, changed []formatted, asDiff bool) {
	for _, f := range changed {
		if asDiff {
			_, _ = w.Write(diff.Diff(f.Name, []byte(f.Text), f.Name, []byte(f.text)))
		} else {
			fmt.Fprintln(w, f.Name)
		}
	}
}
