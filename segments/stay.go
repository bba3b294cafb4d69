package segments

import (
	"fmt"
	"iter"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Stay is a segment whose former qualifiers remain for a while, in one use (docs/language.md, Population steps).
// Whoever qualified at an earlier run is a record of its pick, at the time he qualified last: the gate admits it only
// under a consent that holds now and held then.
type Stay struct {
	Segment *rules.Segment
	Use     int
	Pick    int
}

// Stays are the plan's segments in which people stay, use by use.
func (p *Plan) Stays() (out []Stay) {
	for i := range p.segments {
		s := &p.segments[i]
		for k, leaf := range s.stay {
			out = append(out, Stay{s.Segment, s.uses[k], p.leaves[leaf].parts[0].pick})
		}
	}
	return out
}

// stay binds the records of a segment: those of one use are of no other.
func (b *builder) stay(s *planned) {
	if s.Stay == (value.Duration{}) {
		return
	}
	for _, use := range s.uses {
		pick := b.pick(rules.Pick{Record: fmt.Sprintf("%s %d %d", s.Name, use, s.world)}, s.Zone)
		s.stay = append(s.stay, len(b.leaves))
		b.leaves = append(b.leaves, leaf{
			condition: &rules.Condition{Verb: "stay"}, verb: stayVerb, uses: 1 << use, session: -1, parts: []part{
				{pick: pick, value: -1, record: true},
			},
		})
	}
}

// stayVerb is true for whoever has an admitted record.
var stayVerb = &fold.Verb{New: func(*rules.Condition, fold.Setting) fold.Fold { return kept{} }}

type kept struct{}

func (kept) Fold(rows fold.Rows, v fold.Verdicts) {
	for _, s := range rows.Subject {
		v.True.Set(s)
	}
}

// remain brings former qualifiers back to those who qualify today, after top.
func (r *settled) remain(seg *planned) {
	if seg.stay == nil {
		return
	}
	today := map[uint32]bool{}
	for i := range r.qualified {
		today[r.qualified[i].subject] = true
	}
	r.today = slices.Clone(r.qualified)
	back := map[uint32]bool{}
	for _, k := range r.stayers {
		if !today[k.subject] {
			r.qualified = append(r.qualified, k)
			back[k.subject] = true
		}
	}
	r.beyond = slices.DeleteFunc(r.beyond, func(k candidate) bool { return back[k.subject] })
	for kind := range r.undecided {
		r.undecided[kind] = slices.DeleteFunc(r.undecided[kind], func(subject uint32) bool { return back[subject] })
	}
}

// Today yields the ids, in byte order, of those who qualify by today's match alone, not because they stay: their stay
// begins anew.
func (a *Audience) Today() iter.Seq[string] { return slices.Values(a.today) }

// exclude gives whoever qualifies for several segments of a group, in one world and use, to the one with the smallest
// priority.
func (c *court) exclude() {
	groups := map[inWorld][]int{}
	for i := range c.plan.segments {
		if e := c.plan.segments[i].Exclusive; e != nil {
			g := inWorld{c.plan.segments[i].world, e.Group}
			groups[g] = append(groups[g], i)
		}
	}
	for _, of := range groups {
		slices.SortFunc(of, func(a, b int) int {
			return c.plan.segments[a].Exclusive.Priority - c.plan.segments[b].Exclusive.Priority
		})
		for use := range c.plan.uses {
			taken := map[uint32]bool{}
			for _, s := range of {
				r := c.results[[2]int{s, use}]
				if r == nil {
					continue
				}
				r.qualified = slices.DeleteFunc(r.qualified, func(k candidate) bool { return taken[k.subject] })
				for i := range r.qualified {
					taken[r.qualified[i].subject] = true
				}
			}
		}
	}
}
