package pipeline

import (
	"context"

	"github.com/malgrupp/malgrupp/segments"
)

// Preview is what a segment would come to, use by use, and why. Every number of people is Shown.
type Preview struct {
	Segment    string        `json:"segment"`
	Definition string        `json:"definition"`
	AsOf       string        `json:"as_of"`
	KnownBy    string        `json:"known_by"`
	Uses       []PreviewUse  `json:"uses"`
	Coverage   []Covered     `json:"coverage"`
	Sources    []SourceCount `json:"sources"`
}

// PreviewUse is the way from everybody who was seen to those who are delivered, for one use of their consent.
type PreviewUse struct {
	Use       string `json:"use"`
	Seen      Shown  `json:"seen"`
	Matched   Shown  `json:"matched"`
	Excluded  Shown  `json:"excluded"`
	Qualified Shown  `json:"qualified"` // after exclude, top, stay and exclusive
	Control   Shown  `json:"control"`
	Capped    Shown  `json:"capped"` // beyond top or cap
	Members   Shown  `json:"members"`
	// Hidden are the members whom rows that consent hides could throw out: some condition holds for want of events over time
	// of which not all their rows may be seen.
	Hidden   Shown          `json:"members_resting_on_hidden_time"`
	Nodes    []PreviewNode  `json:"conditions"`
	Overlaps []Overlap      `json:"overlaps"`
	Lists    []SegmentCount `json:"lists"` // what destinations would be told
}

// PreviewNode is what one condition is for how many people.
type PreviewNode struct {
	Path    string `json:"path"`
	Depth   int    `json:"depth"`
	True    Shown  `json:"true"`
	False   Shown  `json:"false"`
	Unknown Shown  `json:"unknown"`
	Wait    Shown  `json:"wait"`
	NoValue Shown  `json:"no_value"`
	Without *Shown `json:"without,omitempty"` // how many would qualify if it were not written
}

// shownOverlaps is how many other audiences a preview names.
const shownOverlaps = 5

// Previewed decides all segments and tells how one of them came to be. Nothing is written, not even the lock.
func Previewed(ctx context.Context, j *Job, segment string) (*Preview, error) {
	j.DryRun, j.Study, j.Examine = true, true, []string{segment}
	if err := j.instants(); err != nil {
		return nil, err
	}
	if !j.has(segment) {
		return nil, fail(KindUsage, "SELECT", errNoSegment(segment), "see malgrupp validate for the names")
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
	}
	return out, nil
}

func (r *run) previewUse(a *segments.Audience) PreviewUse {
	s := a.Study()
	u := PreviewUse{
		Use: r.eval.Uses[a.Use()].Name, Qualified: Shown(a.Qualified), Control: Shown(count(a.Control())), Capped: Shown(count(a.Capped())),
		Members: Shown(a.Len()), Hidden: Shown(a.Hidden), Nodes: []PreviewNode{}, Lists: []SegmentCount{},
	}
	u.Overlaps = r.eval.overlaps(a)
	u.Overlaps = u.Overlaps[:min(shownOverlaps, len(u.Overlaps))]
	if s != nil {
		u.Seen, u.Matched, u.Excluded = Shown(s.Seen), Shown(s.Matched), Shown(s.Excluded)
		for _, n := range s.Nodes {
			node := PreviewNode{
				Path: n.Path, Depth: n.Depth, True: Shown(n.True), False: Shown(n.False), Unknown: Shown(n.Unknown), Wait: Shown(n.Wait), NoValue: Shown(n.NoValue),
			}
			if n.Droppable {
				without := Shown(n.Without)
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

func count(ids func(yield func(string) bool)) (n int) {
	for range ids {
		n++
	}
	return n
}
