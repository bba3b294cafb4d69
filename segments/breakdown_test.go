package segments_test

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// breakdown counts verdicts one person and one condition after the other.
func (p *plain) breakdown(s *rules.Segment, use int) *segments.Breakdown {
	people := p.people(use)
	out := &segments.Breakdown{Seen: len(people)}
	qualifies := func(match, exclude *rules.Condition, who string) bool {
		v := p.verdict(match, use, who)
		if exclude != nil {
			v = joined(byAnd, []verdict{v, opposite(p.verdict(exclude, use, who))})
		}
		return v == yes
	}
	for _, who := range people {
		if p.verdict(s.Match, use, who) == yes {
			out.Matched++
			if !qualifies(s.Match, s.Exclude, who) {
				out.Excluded++
			}
		}
	}
	var visit func(c *rules.Condition, depth int, match, exclude func() (*rules.Condition, bool))
	visit = func(c *rules.Condition, depth int, match, exclude func() (*rules.Condition, bool)) {
		n := segments.Node{Path: c.Path, Depth: depth}
		m, okMatch := match()
		e, okExclude := exclude()
		n.Droppable = okMatch && okExclude
		for _, who := range people {
			switch p.verdict(c, use, who) {
			case yes:
				n.True++
			case no:
				n.False++
			case unknown:
				n.Unknown++
			case none:
				n.NoValue++
			}
			if n.Droppable && qualifies(m, e, who) {
				n.Without++
			}
		}
		out.Nodes = append(out.Nodes, n)
		for i, child := range c.Children {
			less := func(whole func() (*rules.Condition, bool), of *rules.Condition) func() (*rules.Condition, bool) {
				if _, mine := pathTo(of, c); !mine {
					return whole
				}
				return func() (*rules.Condition, bool) { return lacking(of, c, i) }
			}
			keep := func(of *rules.Condition) func() (*rules.Condition, bool) {
				return func() (*rules.Condition, bool) { return of, true }
			}
			visit(child, depth+1, less(keep(s.Match), s.Match), less(keep(s.Exclude), s.Exclude))
		}
	}
	never := func() (*rules.Condition, bool) { return nil, false }
	whole := func(c *rules.Condition) func() (*rules.Condition, bool) {
		return func() (*rules.Condition, bool) { return c, true }
	}
	visit(s.Match, 0, never, whole(s.Exclude))
	if s.Exclude != nil {
		visit(s.Exclude, 0, whole(s.Match), whole(nil))
	}
	return out
}

// pathTo reports whether a condition stands in a tree.
func pathTo(root, c *rules.Condition) (int, bool) {
	if root == nil {
		return 0, false
	}
	if root == c {
		return 0, true
	}
	for i, child := range root.Children {
		if _, ok := pathTo(child, c); ok {
			return i, true
		}
	}
	return 0, false
}

// lacking is a tree in which one condition has lost its child i; false if that would leave it empty.
func lacking(root, parent *rules.Condition, i int) (*rules.Condition, bool) {
	if len(parent.Children) == 1 {
		return nil, false
	}
	out := *root
	out.Children = nil
	for k, child := range root.Children {
		switch _, inside := pathTo(child, parent); {
		case root == parent && k == i:
		case inside:
			less, _ := lacking(child, parent, i)
			out.Children = append(out.Children, less)
		default:
			out.Children = append(out.Children, child)
		}
	}
	out.Count = min(out.Count, len(out.Children))
	return &out, true
}
