package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules"
)

// testedFile is one file of tests with what its cases came to.
type testedFile struct {
	File    string         `json:"file"`
	Results []suite.Result `json:"results"`
}

func (a *app) testCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test [FILE...]", Short: "Run tests of rules",
		Long: "Runs files of kind SegmentTest and ConformanceSuite, by default those of the project's tests/ folder. Every case is a run in\n" +
			"memory through the same reader, gate and engine as a run on real logs.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.runTest(cmd.Context(), args) },
	}
}

func (a *app) runTest(ctx context.Context, files []string) error {
	loaded, sources, err := a.testFiles(files)
	if err != nil {
		return err
	}
	var tested []testedFile
	count := map[suite.Status]int{}
	var found rules.Errors
	for _, src := range sources {
		s, errs := parseTests(src, loaded)
		found = append(found, errs...)
		if errs.Failed() {
			continue
		}
		results, err := s.Run(ctx)
		if err != nil {
			return err
		}
		for _, r := range results {
			count[r.Status]++
		}
		tested = append(tested, testedFile{src.Name, results})
	}
	if found.Failed() {
		return found
	}
	doc := struct {
		Schema string       `json:"schema"`
		Passed int          `json:"passed"`
		Failed int          `json:"failed"`
		Missed int          `json:"missing_verbs"`
		Files  []testedFile `json:"files"`
	}{"malgrupp.test-result/v1", count[suite.Passed], count[suite.Failed], count[suite.Missing], tested}
	if err := a.print(doc, func(w io.Writer) { writeTests(w, tested, count) }); err != nil {
		return err
	}
	switch {
	case count[suite.Failed] > 0:
		return outcome{exitCheck, plural(count[suite.Failed], "case") + " failed"}
	case count[suite.Missing] > 0:
		return outcome{exitPartial, plural(count[suite.Missing], "case") + " need verbs that are not built in this version"}
	}
	return nil
}

// testFiles reads the files named, or those of the project. The project may be absent when every file is a suite.
func (a *app) testFiles(files []string) (*pipeline.Loaded, []*rules.Source, error) {
	if len(files) == 0 {
		loaded, err := a.checked("")
		if err != nil {
			return nil, nil, err
		}
		return loaded, loaded.Tests, nil
	}
	var sources []*rules.Source
	project := false
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, usagef("read tests: %w", err)
		}
		src := &rules.Source{Name: name, Text: string(text)}
		sources = append(sources, src)
		project = project || rules.Read(src).KindOf() != rules.KindConformanceSuite
	}
	if !project {
		return nil, sources, nil
	}
	loaded, err := a.checked("")
	return loaded, sources, err
}

func parseTests(src *rules.Source, l *pipeline.Loaded) (*suite.Suite, rules.Errors) {
	if rules.Read(src).KindOf() == rules.KindConformanceSuite {
		return suite.ParseSuite(src)
	}
	return suite.ParseTest(src, l)
}

func writeTests(w io.Writer, files []testedFile, count map[suite.Status]int) {
	for _, f := range files {
		for _, r := range f.Results {
			switch r.Status {
			case suite.Passed:
				fmt.Fprintf(w, "ok    %s  %s\n", r.ID, r.Title)
			case suite.Missing:
				fmt.Fprintf(w, "miss  %s  %s   missing verb: %s\n", r.ID, r.Title, strings.Join(r.Missing, ", "))
			case suite.Failed:
				fmt.Fprintf(w, "FAIL  %s  %s   %s\n", r.ID, r.Title, r.Place)
				for _, fault := range r.Faults {
					fmt.Fprintf(w, "      %s\n", fault)
				}
			}
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d with verbs that are not built\n", count[suite.Passed], count[suite.Failed], count[suite.Missing])
}
