package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	yamlv4 "go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/pipeline/why"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// fromWhyOptions are the flags of `test --from-why`.
type fromWhyOptions struct {
	whyOptions
	subject, segment, use string
}

func (o *fromWhyOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.subject, "from-why", "",
		"print a test made of the decision about this person: a keyed id, or - to read a raw one from standard input")
	c.Flags().StringVar(&o.segment, "segment", "", "with --from-why: the segment")
	c.Flags().StringVar(&o.use, "use", "",
		"with --from-why: the consent, as why names it (default: the first for which the person is seen)")
	c.Flags().StringVar(&o.reason, "reason", "",
		"with --from-why: why somebody wants to know; needed, and kept in the audit folder")
	o.instants(c)
}

func (a *app) runFromWhy(ctx context.Context, files []string, o fromWhyOptions) error {
	switch {
	case len(files) > 0:
		return usagef("--from-why prints a new test and takes no file: redirect standard output")
	case o.segment == "":
		return usagef("--segment is missing: --from-why asks what one segment decided")
	}
	answer, job, err := a.askWhy(ctx, o.segment, o.subject, o.whyOptions)
	if err != nil {
		return err
	}
	example, err := answer.Example(o.use)
	if err != nil {
		return err
	}
	text, err := testOf(example)
	if err != nil {
		return err
	}
	if err := a.holds(ctx, job.Loaded, text); err != nil {
		return err
	}
	_, err = io.WriteString(a.out, text)
	return err
}

// holds runs the test before anybody sees it: one that fails says nothing about the decision.
func (a *app) holds(ctx context.Context, l *load.Loaded, text string) error {
	s, found := suite.ParseTest(&source.Source{Name: "the test", Text: text}, l)
	if found.Failed() {
		return found
	}
	results, err := s.Run(ctx)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Status != suite.Passed {
			return usagef("the events alone do not make this decision again in a test, so there is none: %s",
				strings.Join(r.Faults, "; "))
		}
	}
	return nil
}

// testOf writes an example as a file of kind SegmentTest.
func testOf(e *why.Example) (string, error) {
	event := func(v why.ExampleEvent) *yamlv4.Node {
		n := flow("t", scalar(v.At, true), "e", scalar(v.Name, true))
		for _, c := range []struct{ key, value string }{{"dev", v.Device}, {"sid", v.Session}} {
			if c.value != "" {
				n.Content = append(n.Content, scalar(c.key, true), scalar(c.value, true))
			}
		}
		addValues(n, v.Values)
		return n
	}
	events := &yamlv4.Node{Kind: yamlv4.SequenceNode}
	for _, v := range e.Events {
		events.Content = append(events.Content, event(v))
	}
	one := mapping("name", scalar("a decision of "+e.AsOf[:10], true), "events", events)
	if len(e.Profile) > 0 {
		profile := flow()
		addValues(profile, e.Profile)
		one.Content = append(one.Content, scalar("profile", true), profile)
	}
	one.Content = append(one.Content, scalar("expect", true), scalar(string(e.Expect), true))
	if e.Because != "" {
		one.Content = append(one.Content, scalar("because", true), scalar(e.Because, true))
	}
	doc := mapping("apiVersion", scalar("malgrupp/v1", true), "kind", scalar(string(yaml.KindSegmentTest), true),
		"metadata", flow("name", scalar(testName(e.Segment, e.AsOf[:10]), true)),
		"spec",
		mapping("segment", scalar(e.Segment, true), "as_of", scalar(e.AsOf, false), "cases", &yamlv4.Node{
			Kind: yamlv4.SequenceNode, Content: []*yamlv4.Node{one},
		}))
	var out strings.Builder
	fmt.Fprintf(&out,
		"# Made of a real decision (%s). Texts are pseudonyms that the rule takes for the same; numbers and times are as "+
			"they were.\n", e.Use)
	enc := yamlv4.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(doc); err != nil {
		return "", fmt.Errorf("write the test: %w", err)
	}
	return out.String(), enc.Close()
}

// longestName is how long the name of an object may be (E-NAME).
const longestName = 63

// testName is the segment's name, cut where there would be no room for the day.
func testName(segment, day string) string {
	return strings.TrimRight(segment[:min(len(segment), longestName-1-len(day))], "-") + "-" + day
}

// scalar is a YAML value; of a text it stays a text whatever it looks like.
func scalar(value string, text bool) *yamlv4.Node {
	n := &yamlv4.Node{Kind: yamlv4.ScalarNode, Value: value}
	if text {
		n.SetString(value)
	}
	return n
}

func mapping(pairs ...any) *yamlv4.Node {
	n := &yamlv4.Node{Kind: yamlv4.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		n.Content = append(n.Content, scalar(pairs[i].(string), true), pairs[i+1].(*yamlv4.Node))
	}
	return n
}

func flow(pairs ...any) *yamlv4.Node {
	n := mapping(pairs...)
	n.Style = yamlv4.FlowStyle
	return n
}

func addValues(n *yamlv4.Node, values []why.ExampleValue) {
	for _, v := range values {
		n.Content = append(n.Content, scalar(v.Column, true), scalar(v.Value, v.Text))
	}
}
