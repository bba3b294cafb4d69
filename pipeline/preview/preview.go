// Package preview tells what rules come to before anything is delivered: one segment and how it came to be, two rules
// on the same rows, audiences beside each other, what changed since the last run, and what the linter asks the logs.
// Nothing is written.
package preview

import (
	"context"
	"errors"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Preview is what a segment would come to, use by use, and why. Every number of people is rounded, or estimated from a
// sample.
type Preview struct {
	Segment      string               `json:"segment"`
	Definition   string               `json:"definition"`
	AsOf         string               `json:"as_of"`
	KnownBy      string               `json:"known_by"`
	Uses         []Use                `json:"uses"`
	SinceLastRun *SinceRun            `json:"since_last_run,omitempty"`
	Sample       *SampleOf            `json:"sample,omitempty"` // missing where everybody was counted
	Coverage     []Covered            `json:"coverage"`
	Sources      []record.SourceCount `json:"sources"`
}

// Use is the way from everybody who was seen to those who are delivered, for one use of their consent. Whoever has no
// row that the segment or one that it needs looks at is not seen.
type Use struct {
	Use       string       `json:"use"`
	Seen      shown.People `json:"seen"`
	Matched   shown.People `json:"matched"`
	Excluded  shown.People `json:"excluded"`
	Qualified shown.People `json:"qualified"` // after exclude, top, stay and exclusive
	Control   shown.People `json:"control"`
	Capped    shown.People `json:"capped"` // beyond top or cap
	Members   shown.People `json:"members"`
	// Hidden are the members whom rows that consent hides could throw out: some condition holds for want of events over
	// time of which not all their rows may be seen.
	Hidden   shown.People          `json:"members_resting_on_hidden_time"`
	Nodes    []Node                `json:"conditions"`
	Overlaps []Overlap             `json:"overlaps,omitzero"` // missing where nobody asked
	Lists    []record.SegmentCount `json:"lists"`             // what destinations would be told

	apart shown.Apart // the numbers above
}

// Node is what one condition is for how many people.
type Node struct {
	Path    string        `json:"path"`
	Depth   int           `json:"depth"`
	True    shown.People  `json:"true"`
	False   shown.People  `json:"false"`
	Unknown shown.People  `json:"unknown"`
	Wait    shown.People  `json:"wait"`
	NoValue shown.People  `json:"no_value"`
	Without *shown.People `json:"without,omitempty"` // how many would qualify if it were not written
}

// SampleOf says that a preview looked at some of the people only, and that its numbers are estimates of all.
type SampleOf struct {
	Percent    string `json:"percent"`
	Of         string `json:"of"` // devices or customers
	Confidence string `json:"confidence"`
}

// Options are how a preview looks.
type Options struct {
	Sample       *segments.Sample // nil: at everybody
	SinceLastRun bool             // compare with what the last accepted run told; not with a sample
	Overlap      bool             // say which other segments have the same people: they are decided, too
}

// Of decides a segment with those that it needs and tells how it came to be. Nothing is written, not even the lock.
// With a sample, only the people drawn are decided about, and what destinations would be told is left out, for that is
// a matter of everybody.
func Of(ctx context.Context, j *pipeline.Job, segment string, o Options) (*Preview, error) {
	in, err := j.Resolve()
	if err != nil {
		return nil, err
	}
	if o.SinceLastRun && in.Replay() {
		return nil, fault.New(fault.Usage, "COMPARE", errors.New("compare with the last run: days gone by have none"),
			"give a --known-by of today, or none")
	}
	s, err := in.Segment(segment)
	if err != nil {
		return nil, err
	}
	options := decide.Options{Breakdown: true}
	if o.Sample != nil {
		options.Sample = &decide.Sample{Sample: *o.Sample, Kind: kindOf(s)}
	}
	look, err := pipeline.LookAt(ctx, j, asking(in.Segments, s, o), options)
	if err != nil {
		return nil, err
	}
	out := &Preview{
		Segment: segment, Definition: decide.Definition(s), AsOf: look.Manifest.AsOf, KnownBy: look.Manifest.KnownBy,
		Coverage: coverageOf(look.Decision, s), Sources: look.Manifest.Sources,
	}
	for i := range look.Audiences {
		if a := &look.Audiences[i]; a.Segment() == s {
			out.Uses = append(out.Uses, useOf(look, a, o.Sample))
		}
	}
	if o.Sample != nil {
		out.Sample = &SampleOf{percent(o.Sample), string(s.Level) + "s", "95 %"}
		out.Sources = []record.SourceCount{} // what became of the rows of people who were not drawn, nobody asked
	}
	if o.SinceLastRun {
		if out.SinceLastRun, err = sinceRun(j, look, s); err != nil {
			return nil, err
		}
	}
	if o.Overlap {
		err = out.overlap(ctx, look.Decision, s)
	}
	return out, err
}

// asking asks for a segment, and with it for what decides about its people: whom it refers to, and who is of its group.
func asking(all []*rules.Segment, s *rules.Segment, o Options) []decide.Request {
	requests := decide.Ask(decide.Closure(all, map[string]bool{s.Name: true}))
	for i := range requests {
		asked := requests[i].Segment == s
		requests[i].Hidden, requests[i].Absent = asked, asked && o.SinceLastRun
	}
	return requests
}

// kindOf is what a segment is about.
func kindOf(s *rules.Segment) identity.Kind {
	if s.Level == rules.CustomerLevel {
		return identity.Customer
	}
	return identity.Device
}

func useOf(look *pipeline.Look, a *segments.Audience, sample *segments.Sample) Use {
	u := Use{Use: look.Uses[a.Use()].Name, Nodes: []Node{}, Lists: []record.SegmentCount{}}
	people := func(n int) shown.People { return shown.People{N: u.apart.Tell(n), Sample: sample} }
	u.Members, u.Qualified, u.Control = people(a.Len()), people(a.Qualified), people(count(a.Control()))
	u.Capped, u.Hidden = people(count(a.Capped())), people(a.Hidden)
	if s := a.Breakdown(); s != nil {
		u.Seen, u.Matched, u.Excluded = people(s.Seen), people(s.Matched), people(s.Excluded)
		for _, n := range s.Nodes {
			node := Node{
				Path: n.Path, Depth: n.Depth, True: people(n.True), False: people(n.False), Unknown: people(n.Unknown),
				Wait: people(n.Wait), NoValue: people(n.NoValue),
			}
			if n.Droppable {
				without := people(n.Without)
				node.Without = &without
			}
			u.Nodes = append(u.Nodes, node)
		}
	}
	for _, c := range look.Manifest.Segments {
		if c.Segment == a.Segment().Name && c.Use == u.Use && c.Destination != "" {
			for _, n := range []*shown.Count{
				&c.Members, &c.Additions, &c.Removals, &c.Control, &c.Unknown, &c.Wait, &c.Dropped,
			} {
				*n = shown.Count(u.apart.Tell(int(*n)))
			}
			u.Lists = append(u.Lists, c)
		}
	}
	return u
}

// percent writes the share of a sample: 5 or 0.25.
func percent(s *segments.Sample) string {
	return strings.TrimRight(strings.TrimRight(value.Number{Int: int64(s.Parts), Scale: 2}.String(), "0"), ".")
}

func count(ids func(yield func(string) bool)) (n int) {
	for range ids {
		n++
	}
	return n
}
