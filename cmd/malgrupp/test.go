package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

type testOptions struct {
	mutate, strict bool
	minCoverage    int // percent
	fromWhy        fromWhyOptions
}

func (a *app) testCommand() *cobra.Command {
	var o testOptions
	c := &cobra.Command{
		Use: "test [FILE...]", Short: "Run tests of rules, and say what they do not notice",
		Long: "Runs files of kind SegmentTest and ConformanceSuite, by default those of the project's tests/ folder. " +
			"Every case is a run in\nmemory through the same reader, gate and engine as a run on real logs.\n\n" +
			"For each segment follows its coverage: whether the cases have seen each condition TRUE and FALSE. --mutate " +
			"changes the rules in\nsmall ways, one at a time (a window a day longer, a bound one less, a condition left out, " +
			"!= for =), and prints the changes that\nno case notices. See docs/how-to/test-rules.md.\n\n" +
			"--from-why prints a file with a case made of a real decision, as why tells it: the same permission, reason and " +
			"record in the\naudit folder. Texts are replaced by others that the rule takes for the same; numbers and times " +
			"stay.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.fromWhy.subject != "" {
				return a.runFromWhy(cmd.Context(), args, o.fromWhy)
			}
			return a.runTest(cmd.Context(), args, o)
		},
	}
	c.Flags().BoolVar(&o.mutate, "mutate", false, "change the rules as well; exit 12 if a change goes unnoticed")
	c.Flags().IntVar(&o.minCoverage, "min-coverage", 0, "exit 12 if a segment's coverage is below so many percent")
	c.Flags().BoolVar(&o.strict, "strict", false,
		"a delivered segment without a case that is in and one that is out is an error")
	o.fromWhy.flags(c)
	return c
}

// tested is what the tests came to.
type tested struct {
	Schema   string        `json:"schema"`
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Missed   int           `json:"missing_verbs"`
	Files    []testedFile  `json:"files"`
	Segments []testedRules `json:"segments"`
}

// testedFile is one file of tests with what its cases came to.
type testedFile struct {
	File    string         `json:"file"`
	Results []suite.Result `json:"results"`
}

// testedRules is how well the tests know one segment.
type testedRules struct {
	suite.Coverage
	Mutation *suite.Mutation `json:"mutation,omitempty"` // nil: not asked for, or some case failed
}

func (a *app) runTest(ctx context.Context, files []string, o testOptions) error {
	if o.minCoverage < 0 || o.minCoverage > 100 {
		return usagef("--min-coverage is %d: give a percentage from 0 to 100", o.minCoverage)
	}
	loaded, sources, err := a.testFiles(files)
	if err != nil {
		return err
	}
	var suites []*suite.Suite
	var found source.Findings
	for _, src := range sources {
		s, errs := suite.Parse(src, loaded)
		found = append(found, errs...)
		suites = append(suites, s)
	}
	if found.Failed() {
		return found
	}
	a.warn(found)
	doc := tested{Schema: "malgrupp.test-result/v1", Files: []testedFile{}, Segments: []testedRules{}}
	for i, s := range suites {
		results, err := s.Run(ctx)
		if err != nil {
			return err
		}
		doc.add(sources[i].Name, results)
	}
	segs := testedSegments(loaded, suites, len(files) > 0)
	if err := doc.measure(ctx, segs, suites, o); err != nil {
		return err
	}
	if err := a.print(doc, doc.write); err != nil {
		return err
	}
	if err := doc.verdict(o); err != nil {
		return err
	}
	return a.untested(suite.Untested(segs, suites), o.strict)
}

// testedSegments are those that the tests are measured by: all of the project, or what the files named ask about.
func testedSegments(l *load.Loaded, suites []*suite.Suite, named bool) []*rules.Segment {
	if l == nil {
		return nil
	}
	if !named {
		return l.Segments
	}
	return slices.DeleteFunc(slices.Clone(l.Segments), func(s *rules.Segment) bool {
		return !slices.ContainsFunc(suites, func(t *suite.Suite) bool { return t.Tests(s.Name) })
	})
}

func (t *tested) add(file string, results []suite.Result) {
	for _, r := range results {
		switch r.Status {
		case suite.Passed:
			t.Passed++
		case suite.Failed:
			t.Failed++
		case suite.Missing:
			t.Missed++
		}
	}
	t.Files = append(t.Files, testedFile{file, results})
}

// measure finds the coverage of segments and, if asked, which changes of them go unnoticed.
func (t *tested) measure(ctx context.Context, segs []*rules.Segment, suites []*suite.Suite, o testOptions) error {
	var results []suite.Result
	for _, f := range t.Files {
		results = append(results, f.Results...)
	}
	for _, s := range segs {
		r := testedRules{Coverage: suite.Cover(s, results)}
		if o.mutate && t.Failed == 0 { // whether a failing case would notice a change cannot be said
			m, err := suite.Mutate(ctx, s, suites)
			if err != nil {
				return err
			}
			r.Mutation = &m
		}
		t.Segments = append(t.Segments, r)
	}
	return nil
}

// verdict is the exit code that the tests deserve.
func (t *tested) verdict(o testOptions) error {
	below, unnoticed := 0, 0
	for _, s := range t.Segments {
		if s.Seen*100 < o.minCoverage*s.Of {
			below++
		}
		if s.Mutation != nil {
			unnoticed += len(s.Mutation.Survivors)
		}
	}
	switch {
	case t.Failed > 0:
		return outcome{exitCheck, plural(t.Failed, "case") + " failed"}
	case below > 0:
		return outcome{
			exitCheck, fmt.Sprintf("the coverage of %s is below %d percent", plural(below, "segment"), o.minCoverage),
		}
	case unnoticed > 0:
		return outcome{exitCheck, "no case notices " + plural(unnoticed, "change")}
	case t.Missed > 0:
		return outcome{exitPartial, plural(t.Missed, "case") + " need verbs that are not built in this version"}
	}
	return nil
}

// untested reports delivered segments that no test asks about: in the log, or as errors.
func (a *app) untested(found source.Findings, strict bool) error {
	for _, e := range found {
		if strict {
			e.Severity = source.SeverityError
		} else {
			a.log.Warn(e.Message, "code", e.Code, "file", e.Source.Name)
		}
	}
	return found.Err()
}

// testFiles reads the files named, or those of the project. The project may be absent when every file is a suite.
func (a *app) testFiles(files []string) (*load.Loaded, []*source.Source, error) {
	if len(files) == 0 {
		loaded, err := a.checked("")
		if err != nil {
			return nil, nil, err
		}
		return loaded, loaded.Tests, nil
	}
	var sources []*source.Source
	project := false
	for _, name := range files {
		src, err := load.NamedFile(name)
		if err != nil {
			return nil, nil, usagef("read tests: %w", err)
		}
		sources = append(sources, src)
		project = project || yaml.Read(src).KindOf() == yaml.KindSegmentTest
	}
	if !project {
		return nil, sources, nil
	}
	loaded, err := a.checked("")
	return loaded, sources, err
}
