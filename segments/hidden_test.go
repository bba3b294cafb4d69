package segments_test

import (
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// since is from when on a use may see all rows of somebody, from the facts: each way in which a row of his may come,
// for itself and with everybody he shares a wanted row with, must be open.
func (p *plain) since(use int, who string) int64 {
	u := &p.world.uses[use]
	latest := int64(math.MinInt64)
	if !u.Customer {
		latest = p.openSince(u.Purposes, who)
	}
	for _, r := range p.rows {
		if r.customer != "" && r.subject(u) == who && p.wanted(r, use) {
			latest = max(latest, p.openSince(u.Purposes, r.device, r.customer))
		}
	}
	return latest
}

// openSince is since when some of them grant each purpose.
func (p *plain) openSince(purposes []int, who ...string) int64 {
	latest := int64(math.MinInt64)
	for _, purpose := range purposes {
		first := int64(math.MaxInt64)
		for _, w := range who {
			if at, ok := p.granted[w][purpose]; ok {
				first = min(first, at)
			}
		}
		latest = max(latest, first)
	}
	return latest
}

// wanted reports whether some segment of a use asks for a row.
func (p *plain) wanted(r worldRow, use int) bool {
	for i, q := range p.requests {
		if slices.Contains(p.uses[i], use) &&
			slices.ContainsFunc(leaves(q.Segment), func(c *rules.Condition) bool { return p.wants(c, r) }) {
			return true
		}
	}
	return false
}

// examined reports whether hidden time is asked for of a segment, or of one that refers to it.
func (p *plain) examined(s int) bool {
	if p.requests[s].Hidden {
		return true
	}
	for i, r := range p.requests {
		if slices.Contains(segments.References(r.Segment), p.requests[s].Segment.Name) && p.examined(i) {
			return true
		}
	}
	return false
}

// dimmed is somebody's verdict on a segment where time that consent hides from him is time without data.
func (p *plain) dimmed(s *rules.Segment, use int, who string) verdict {
	dark := *p
	dark.dim = true
	v := dark.verdict(s.Match, use, who)
	if s.Exclude != nil {
		v = joined(byAnd, []verdict{v, opposite(dark.verdict(s.Exclude, use, who))})
	}
	return v
}

// resting counts the members of a segment who would not be in for certain if what consent hides were missing data.
func (p *plain) resting(s, use int) (n int) {
	if !p.examined(s) {
		return 0
	}
	for who, o := range p.settled(s, use).outcomes {
		if o == segments.In && p.dimmed(p.requests[s].Segment, use, who) != yes {
			n++
		}
	}
	return n
}
