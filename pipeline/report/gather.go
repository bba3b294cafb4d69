package report

import (
	"context"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// Gather reads the rules of a run as the project, as it is now, understands them, and runs its tests of those that are
// still the same. Lines are newest first; so many nights are compared at most.
func Gather(ctx context.Context, l *load.Loaded, lines []record.Line, run record.Line, nights int) (*Input, error) {
	in := &Input{Run: run, Before: Before(lines, run, nights-1), Zone: l.Project.Zone}
	for _, s := range l.Project.Sources {
		in.Sources = append(in.Sources, Source{s.Name, s.Partition, s.GapsEmpty, l.Schemas[s.Schema].Events})
	}
	m, last := run.Manifest, in.last()
	for _, name := range slices.Sorted(maps.Keys(m.Texts)) {
		r := Rule{Name: name, Definition: m.Rules[name], Text: m.Texts[name], Checked: checked(l, name, m.Texts[name])}
		if last != nil && last.Rules[name] != m.Rules[name] {
			r.Was = checked(l, name, last.Texts[name])
		}
		in.Rules = append(in.Rules, r)
	}
	return in, in.test(ctx, l)
}

// checked reads a rule's text; nil if the project cannot.
func checked(l *load.Loaded, name, text string) *rules.Segment {
	if text == "" {
		return nil
	}
	s, found := l.Scope(0).Segment(&source.Source{Name: "segments/" + name + ".yaml", Text: text})
	if found.Failed() {
		return nil
	}
	return s
}

// test runs the project's tests for the rules that are as the run had them.
func (in *Input) test(ctx context.Context, l *load.Loaded) error {
	var results []suite.Result
	for _, src := range l.Tests {
		s, found := suite.Parse(src, l)
		if found.Failed() {
			continue // validate says what is wrong with it
		}
		of, err := s.Run(ctx)
		if err != nil {
			return err
		}
		results = append(results, of...)
	}
	for i := range in.Rules {
		r := &in.Rules[i]
		for _, s := range l.Segments {
			if s.Name == r.Name && hashText(s) == r.Definition {
				c := suite.Cover(s, results)
				r.Coverage, r.Failed = &c, suite.Failures(s, results)
			}
		}
	}
	return nil
}
