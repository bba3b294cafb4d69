package segments

import (
	"math/bits"

	"github.com/malgrupp/malgrupp/rules/fold"
)

// Study is how a segment came to its size in one use: what an analyst asks of a rule before she delivers it.
type Study struct {
	Seen     int         // people of whom the use was given a row
	Matched  int         // of them those whose match is true
	Excluded int         // of the matched those who are not free of the exclusion
	Nodes    []NodeCount // of match, then of exclude, from the outside in
}

// NodeCount is what a condition is for the people seen. They add up to Study.Seen.
type NodeCount struct {
	Path                                string
	Depth                               int
	True, False, Unknown, Wait, NoValue int
	// Without is how many would qualify if this condition were not written; Droppable says that it could be left out.
	Without   int
	Droppable bool
}

// Study makes Settle count, for every segment, what each of its conditions is for how many people.
func (t *Tally) Study() { t.studied = true }

// Study is how the audience came to be; nil unless the tally was asked for it.
func (a *Audience) Study() *Study { return a.study }

// studied is a segment while its conditions are counted.
type studied struct {
	nodes   []*fold.Tree // in the order of the counts
	match   []*fold.Tree // by node: the match without it, nil where it cannot be left out
	exclude []*fold.Tree
}

// newStudied lists the nodes of a segment and the trees without each of them.
func newStudied(s *planned) (*studied, Study) {
	t := &studied{}
	var out Study
	for _, root := range []*fold.Tree{s.match, s.exclude} {
		if root == nil {
			continue
		}
		of := root == s.exclude
		t.walk(root, 0, func(n *fold.Tree, depth int) {
			match, exclude, free := s.match, s.exclude, false
			switch {
			case n == root && of:
				exclude, free = nil, true
			case n == root:
				match = nil
			case of:
				exclude = without(root, n)
			default:
				match = without(root, n)
			}
			t.nodes, t.match, t.exclude = append(t.nodes, n), append(t.match, match), append(t.exclude, exclude)
			droppable := match != nil && (exclude != nil || s.exclude == nil || free)
			out.Nodes = append(out.Nodes, NodeCount{Path: n.Path, Depth: depth, Droppable: droppable})
		})
	}
	return t, out
}

func (t *studied) walk(n *fold.Tree, depth int, visit func(n *fold.Tree, depth int)) {
	visit(n, depth)
	for _, c := range n.Children {
		t.walk(c, depth+1, visit)
	}
}

// without is a tree that lacks one of its nodes, nil if nothing sensible is left: the only child of its parent, or one that
// a `not` stands before.
func without(root, gone *fold.Tree) *fold.Tree {
	if root == gone {
		return nil
	}
	out := *root
	out.Children = nil
	for _, c := range root.Children {
		switch k := without(c, gone); {
		case c == gone && root.Verb == "not":
			return nil
		case c == gone:
		case k == nil:
			return nil
		default:
			out.Children = append(out.Children, k)
		}
	}
	if len(root.Children) > 0 && len(out.Children) == 0 {
		return nil
	}
	out.Count = min(out.Count, len(out.Children))
	return &out
}

// count adds the people of one word of a partition.
func (t *studied) count(into *Study, seg *planned, i int, mask uint64, leaves []fold.Verdicts, refs func(segment int) fold.Verdicts) {
	of := func(n *fold.Tree) fold.Word { return n.Verdict(i, leaves, refs) }
	among := func(bitset uint64) int { return bits.OnesCount64(bitset & mask) }
	qualified := func(match, exclude *fold.Tree) fold.Word {
		w := of(match)
		if exclude != nil {
			w = fold.And(w, fold.Not(of(exclude)))
		}
		return w
	}
	matched := of(seg.match).True
	into.Seen += among(^uint64(0))
	into.Matched += among(matched)
	into.Excluded += among(matched &^ qualified(seg.match, seg.exclude).True)
	for k, n := range t.nodes {
		w, at := of(n), &into.Nodes[k]
		at.True += among(w.True)
		at.False += among(w.False())
		at.Unknown += among(w.Unknown)
		at.Wait += among(w.Wait)
		at.NoValue += among(w.NoValue)
		if at.Droppable {
			at.Without += among(qualified(t.match[k], t.exclude[k]).True)
		}
	}
}

// add adds the counts of another partition.
func (s *Study) add(o *Study) {
	s.Seen += o.Seen
	s.Matched += o.Matched
	s.Excluded += o.Excluded
	for i := range s.Nodes {
		a, b := &s.Nodes[i], &o.Nodes[i]
		a.True += b.True
		a.False += b.False
		a.Unknown += b.Unknown
		a.Wait += b.Wait
		a.NoValue += b.NoValue
		a.Without += b.Without
	}
}
