package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Preview is what a segment would come to, use by use, and why. Every number of people is rounded, or estimated from a sample.
type Preview struct {
	Segment      string        `json:"segment"`
	Definition   string        `json:"definition"`
	AsOf         string        `json:"as_of"`
	KnownBy      string        `json:"known_by"`
	Uses         []PreviewUse  `json:"uses"`
	SinceLastRun *SinceRun     `json:"since_last_run,omitempty"`
	Sample       *SampleOf     `json:"sample,omitempty"` // missing where everybody was counted
	Coverage     []Covered     `json:"coverage"`
	Sources      []SourceCount `json:"sources"`
}

// PreviewUse is the way from everybody who was seen to those who are delivered, for one use of their consent.
type PreviewUse struct {
	Use       string       `json:"use"`
	Seen      shown.People `json:"seen"`
	Matched   shown.People `json:"matched"`
	Excluded  shown.People `json:"excluded"`
	Qualified shown.People `json:"qualified"` // after exclude, top, stay and exclusive
	Control   shown.People `json:"control"`
	Capped    shown.People `json:"capped"` // beyond top or cap
	Members   shown.People `json:"members"`
	// Hidden are the members whom rows that consent hides could throw out: some condition holds for want of events over time
	// of which not all their rows may be seen.
	Hidden   shown.People   `json:"members_resting_on_hidden_time"`
	Nodes    []PreviewNode  `json:"conditions"`
	Overlaps []Overlap      `json:"overlaps"`
	Lists    []SegmentCount `json:"lists"` // what destinations would be told
}

// PreviewNode is what one condition is for how many people.
type PreviewNode struct {
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

// PreviewOptions are how a preview looks.
type PreviewOptions struct {
	Sample       *segments.Sample // nil: at everybody
	SinceLastRun bool             // compare with what the last accepted run told; not with a sample
}

// shownOverlaps is how many other audiences a preview names.
const shownOverlaps = 5

// Previewed decides all segments and tells how one of them came to be. Nothing is written, not even the lock. With a sample,
// only the segments of the same identity level are decided, about the people drawn, and what destinations would be told is
// left out, for that is a matter of everybody.
func Previewed(ctx context.Context, j *Job, segment string, o PreviewOptions) (*Preview, error) {
	sample := o.Sample
	j.DryRun, j.Study, j.Examine, j.sample = true, true, []string{segment}, sample
	if o.SinceLastRun {
		j.place = segment
	}
	if err := j.instants(); err != nil {
		return nil, err
	}
	if o.SinceLastRun && j.replay {
		return nil, fault.New(fault.Usage, "COMPARE", errors.New("compare with the last run: days gone by have none"), "give a --known-by of today, or none")
	}
	if !j.has(segment) {
		return nil, fault.New(fault.Usage, "SELECT", errNoSegment(segment), "see malgrupp validate for the names")
	}
	if sample != nil {
		j.Select, j.sampled = j.ofLevel(segment), identity.Device
		if j.level(segment) == rules.CustomerLevel {
			j.sampled = identity.Customer
		}
	}
	p, err := j.places(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Job: j, places: p}
	if _, err := r.decide(ctx); err != nil {
		return nil, err
	}
	out := &Preview{Segment: segment, AsOf: r.manifest.AsOf, KnownBy: r.manifest.KnownBy, Coverage: []Covered{}, Sources: r.manifest.Sources}
	for i := range r.eval.Audiences {
		a := &r.eval.Audiences[i]
		if a.Segment().Name != segment {
			continue
		}
		out.Definition, out.Coverage = definition(a.Segment()), r.eval.dataOf(a.Segment())
		out.Uses = append(out.Uses, r.previewUse(a))
		if sample != nil {
			out.Sample = &SampleOf{percent(sample), string(a.Segment().Level) + "s", "95 %"}
			out.Sources = []SourceCount{} // what became of the rows of people who were not drawn, nobody asked
		}
	}
	if o.SinceLastRun {
		out.SinceLastRun, err = r.sinceRun(segment)
	}
	return out, err
}

// level is what a segment of the project is about.
func (j *Job) level(segment string) rules.Level {
	return j.Segments[slices.IndexFunc(j.Segments, func(s *rules.Segment) bool { return s.Name == segment })].Level
}

// ofLevel are the names of the segments about the same kind of subject.
func (j *Job) ofLevel(segment string) (out []string) {
	for _, s := range j.Segments {
		if s.Level == j.level(segment) {
			out = append(out, s.Name)
		}
	}
	return out
}

func (r *run) previewUse(a *segments.Audience) PreviewUse {
	s := a.Study()
	tallied := func(n int) shown.People { return shown.People{N: n, Sample: r.sample} }
	u := PreviewUse{
		Use: r.eval.Uses[a.Use()].Name, Qualified: tallied(a.Qualified), Control: tallied(count(a.Control())), Capped: tallied(count(a.Capped())),
		Members: tallied(a.Len()), Hidden: tallied(a.Hidden), Nodes: []PreviewNode{}, Lists: []SegmentCount{},
	}
	u.Overlaps = r.eval.overlaps(a)
	u.Overlaps = u.Overlaps[:min(shownOverlaps, len(u.Overlaps))]
	if s != nil {
		u.Seen, u.Matched, u.Excluded = tallied(s.Seen), tallied(s.Matched), tallied(s.Excluded)
		for _, n := range s.Nodes {
			node := PreviewNode{
				Path: n.Path, Depth: n.Depth, True: tallied(n.True), False: tallied(n.False), Unknown: tallied(n.Unknown), Wait: tallied(n.Wait), NoValue: tallied(n.NoValue),
			}
			if n.Droppable {
				without := tallied(n.Without)
				node.Without = &without
			}
			u.Nodes = append(u.Nodes, node)
		}
	}
	for _, c := range r.manifest.Segments {
		if c.Segment == a.Segment().Name && c.Use == u.Use && c.Destination != "" {
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
