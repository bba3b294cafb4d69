package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/rules"
)

func (a *app) diffCommand() *cobra.Command {
	var exitCode bool
	c := &cobra.Command{
		Use: "diff OLD NEW", Short: "What two rules say differently; needs no data",
		Long: "Compares the checked forms of two segments, each named or given as a rule file, and prints what NEW says otherwise than OLD.\n" +
			"The order of keys and terms, names, owners and dates make no difference; rules with one definition hash have none.\n\n" +
			"In a pull request: git show main:segments/x.yaml > old.yaml && malgrupp diff old.yaml segments/x.yaml",
		Args: cobra.ExactArgs(2), ValidArgsFunction: a.completeSegments,
		RunE: func(_ *cobra.Command, args []string) error { return a.runDiff(args[0], args[1], exitCode) },
	}
	c.Flags().BoolVar(&exitCode, "exit-code", false, "exit 12 if there is a difference")
	return c
}

// ruleDoc names one of two rules.
type ruleDoc struct {
	Segment    string `json:"segment"`
	File       string `json:"file"`
	Definition string `json:"definition"`
}

func (a *app) runDiff(old, now string, exitCode bool) error {
	loaded, err := a.checked("")
	if err != nil {
		return err
	}
	was, err := a.ruleOf(loaded, old)
	if err != nil {
		return err
	}
	is, err := a.ruleOf(loaded, now)
	if err != nil {
		return err
	}
	named := func(s *rules.Segment) ruleDoc { return ruleDoc{s.Name, s.Source.Name, hex.EncodeToString(s.Hash[:])} }
	doc := struct {
		Schema      string             `json:"schema"`
		Old         ruleDoc            `json:"old"`
		New         ruleDoc            `json:"new"`
		Differences []rules.Difference `json:"differences"`
	}{"malgrupp.diff/v1", named(was), named(is), append([]rules.Difference{}, rules.Differences(was, is)...)}
	err = a.print(doc, func(w io.Writer) {
		fmt.Fprintf(w, "%s (definition %s) -> %s (definition %s)\n", doc.Old.File, doc.Old.Definition[:8], doc.New.File, doc.New.Definition[:8])
		writeDifferences(w, doc.Differences)
	})
	if err == nil && exitCode && len(doc.Differences) > 0 {
		return outcome{exitCheck, "the rules differ"}
	}
	return err
}

// ruleOf finds a segment of the project by its name, or checks the rule in a file against the project.
func (a *app) ruleOf(loaded *pipeline.Loaded, name string) (*rules.Segment, error) {
	if i := slices.IndexFunc(loaded.Segments, func(s *rules.Segment) bool { return s.Name == name }); i >= 0 {
		return loaded.Segments[i], nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("%q is neither a segment (the project has %s) nor a rule file: %w", name, segmentNames(loaded), err)
	}
	s, found := loaded.Scope(0).Segment(&rules.Source{Name: name, Text: string(text)})
	if found.Failed() {
		return nil, found
	}
	return s, nil
}

func writeDifferences(w io.Writer, differences []rules.Difference) {
	if len(differences) == 0 {
		fmt.Fprintln(w, "they say the same")
	}
	for _, d := range differences {
		at := d.What
		if d.Path != "" {
			at += " of " + d.Path
		}
		switch {
		case d.Old == "":
			fmt.Fprintf(w, "+ %s: %s\n", at, d.New)
		case d.New == "":
			fmt.Fprintf(w, "- %s: %s\n", at, d.Old)
		default:
			fmt.Fprintf(w, "~ %s: %s -> %s\n", at, d.Old, d.New)
		}
	}
}
