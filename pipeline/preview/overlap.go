package preview

import (
	"cmp"
	"context"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/segments"
)

// Overlap is how many people two audiences share. Share is their common members in per cent of all of both; it is
// missing where it would say how few they are.
type Overlap struct {
	Use     string       `json:"use"`
	Segment string       `json:"segment"`
	Other   string       `json:"other"`
	Common  shown.People `json:"common"`
	Share   *int         `json:"share_percent,omitempty"`
	// Apart says that the rules exclude each other, so that nobody is ever in both.
	Apart bool `json:"apart,omitempty"`
}

// overlapOf compares two audiences of one use.
func overlapOf(d *decide.Decision, a, b *segments.Audience, sample *segments.Sample) (o Overlap, order [2]int) {
	common := a.Common(b)
	either := a.Len() + b.Len() - common
	o = Overlap{
		Use: d.Uses[a.Use()].Name, Segment: a.Segment().Name, Other: b.Segment().Name, Common: shown.People{
			N: common, Sample: sample,
		},
	}
	if common >= shown.Floor && either-common >= shown.Floor {
		share := 100 * coarse(common) / coarse(either)
		o.Share = &share
	}
	return o, [2]int{common, either}
}

// overlaps compares an audience with others of its use that are delivered, the most alike first; with nil, all
// delivered audiences with each other.
func overlaps(d *decide.Decision, of *segments.Audience, sample *segments.Sample) []Overlap {
	type pair struct {
		Overlap
		order [2]int
	}
	var pairs []pair
	for i := range d.Audiences {
		a := &d.Audiences[i]
		if of != nil {
			a = of
		}
		for k := range d.Audiences {
			b := &d.Audiences[k]
			switch {
			case a.Use() != b.Use() || a.Segment() == b.Segment() || len(b.Segment().Deliver) == 0:
			case of == nil && (len(a.Segment().Deliver) == 0 || a.Segment().Name > b.Segment().Name):
			default:
				o, order := overlapOf(d, a, b, sample)
				pairs = append(pairs, pair{o, order})
			}
		}
		if of != nil {
			break
		}
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or(cmp.Compare(y.order[0]*x.order[1], x.order[0]*y.order[1]), cmp.Compare(x.Use, y.Use),
			cmp.Compare(x.Segment, y.Segment), cmp.Compare(x.Other, y.Other))
	})
	out := []Overlap{}
	for _, p := range pairs {
		out = append(out, p.Overlap)
	}
	return out
}

// shownOverlaps is how many other audiences a preview names.
const shownOverlaps = 5

// overlap decides the segment once more, beside all that may have the same people, and adds who has them. Its own
// numbers are told, so that those stay what they are without it.
func (p *Preview) overlap(ctx context.Context, alone *decide.Decision, s *rules.Segment) error {
	beside := decide.Closure(alone.Segments, rivals(alone.Segments, s))
	d, err := decide.Decide(ctx, alone.Inputs, decide.Ask(beside), decide.Options{Sample: alone.Sample})
	if err != nil {
		return err
	}
	for i := range p.Uses {
		u := &p.Uses[i]
		for k := range d.Audiences {
			a := &d.Audiences[k]
			if a.Segment() != s || d.Uses[a.Use()].Name != u.Use {
				continue
			}
			all := overlaps(d, a, u.Members.Sample)
			u.Overlaps = all[:min(shownOverlaps, len(all))]
			for n := range u.Overlaps {
				u.Overlaps[n].Common.N = u.apart.Tell(u.Overlaps[n].Common.N)
			}
		}
	}
	return nil
}

// rivals are a segment and the others that may be delivered under its consent: those of its kind of people.
func rivals(all []*rules.Segment, s *rules.Segment) map[string]bool {
	out := map[string]bool{s.Name: true}
	for _, o := range all {
		if o.Level == s.Level && len(o.Deliver) > 0 {
			out[o.Name] = true
		}
	}
	return out
}

// Overlaps decides all segments and compares the delivered ones with each other, use by use, the most alike first.
// Nothing is written.
func Overlaps(ctx context.Context, in decide.Inputs) ([]Overlap, error) {
	d, err := decide.Selected(ctx, in, nil, decide.Options{})
	if err != nil {
		return nil, err
	}
	out, scope := overlaps(d, nil, nil), d.Scope(0)
	rule := map[string]*rules.Segment{}
	for _, s := range d.Segments {
		rule[s.Name] = s
	}
	for i, o := range out {
		out[i].Apart = lint.Apart(scope, rule[o.Segment], rule[o.Other])
	}
	return out, nil
}
