package segments

import (
	"iter"
	"math/bits"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

// Breakdown is how a segment came to what it is in one use: what each condition is, for everybody who was seen or for
// one person. The conditions are those of match, then of exclude, from the outside in.
type Breakdown struct {
	Seen     int // people of whom the use was given a row
	Matched  int // of them those whose match is true
	Excluded int // of the matched those who are not free of the exclusion
	Nodes    []Node
}

// Node is what one condition is for the people of a breakdown; the five verdicts add up to Breakdown.Seen.
type Node struct {
	Path, Verb                          string
	Logic                               rules.Logic // 0: it is about rows, or a reference
	Depth                               int
	Leaf                                int // of the plan, see Plan.Wanted; -1 for logic and references
	True, False, Unknown, Wait, NoValue int
	// Without is how many would qualify if this condition were not written; Droppable says that it could be left out.
	Without   int
	Droppable bool
	// Decides says, in the breakdown of one person, of a condition about rows or a reference, that Qualifies would be the
	// opposite if it alone were.
	Decides bool
}

// Verdict is what a condition is for a person.
type Verdict string

// The verdicts (docs/language.md, Verdicts).
const (
	IsTrue    Verdict = "true"
	IsFalse   Verdict = "false"
	IsUnknown Verdict = "unknown"
	IsWait    Verdict = "wait"
	HasNone   Verdict = "no_value"
)

// Verdict is what the condition is in the breakdown of one person.
func (n *Node) Verdict() Verdict {
	switch {
	case n.True > 0:
		return IsTrue
	case n.Unknown > 0:
		return IsUnknown
	case n.Wait > 0:
		return IsWait
	case n.NoValue > 0:
		return HasNone
	}
	return IsFalse
}

// Qualifies reports, in the breakdown of one person, whether match is true and exclude false; what comes after them may
// still decide otherwise.
func (s *Breakdown) Qualifies() bool { return s.Matched > s.Excluded }

// Breakdown makes Settle count, for every segment, what each of its conditions is for how many people.
func (t *Tally) Breakdown() { t.counted = true }

// Breakdown is how the audience came to be; nil unless the tally was asked for it.
func (a *Audience) Breakdown() *Breakdown { return a.breakdown }

// Trace makes Settle keep, for every segment, what its conditions are for one subject.
func (t *Tally) Trace(subject uint32) { t.traced = &subject }

// Trace is the breakdown of the traced subject; nil where the use was given no row of it, or nobody asked.
func (a *Audience) Trace() *Breakdown { return a.trace }

// explainer says what the conditions of a segment are for people, and which of them decides.
type explainer struct {
	seg   *planned
	nodes []explained
	at    map[*fold.Tree]int // their numbers
}

// explained is a condition with the trees that would be left without it.
type explained struct {
	*fold.Tree
	depth          int
	match, exclude *fold.Tree
	droppable      bool
}

// people is a word of people, and what the leaves and references of a partition are for them.
type people struct {
	word   int
	leaves []fold.Verdicts
	refs   func(segment int) fold.Verdicts
}

func (v people) of(n *fold.Tree) fold.Word { return n.Verdict(v.word, v.leaves, v.refs) }

func newExplainer(seg *planned) *explainer {
	x := &explainer{seg: seg, at: map[*fold.Tree]int{}}
	for _, root := range []*fold.Tree{seg.match, seg.exclude} {
		if root != nil {
			x.walk(root, root, 0)
		}
	}
	return x
}

func (x *explainer) walk(root, n *fold.Tree, depth int) {
	e := explained{Tree: n, depth: depth, match: x.seg.match, exclude: x.seg.exclude}
	if root == x.seg.exclude {
		e.exclude = without(root, n)
		e.droppable = n == root || e.exclude != nil
	} else {
		e.match = without(root, n)
		e.droppable = e.match != nil
	}
	x.at[n] = len(x.nodes)
	x.nodes = append(x.nodes, e)
	for _, c := range n.Children {
		x.walk(root, c, depth+1)
	}
}

// without is a tree that lacks one of its nodes, nil if nothing sensible is left: the only child of its parent, or one
// that a `not` stands before.
func without(root, gone *fold.Tree) *fold.Tree {
	if root == gone {
		return nil
	}
	out := *root
	out.Children = nil
	for _, c := range root.Children {
		switch k := without(c, gone); {
		case c == gone && root.Logic == rules.LogicNot:
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

// breakdown is a breakdown of nobody yet.
func (x *explainer) breakdown() *Breakdown {
	out := &Breakdown{Nodes: make([]Node, len(x.nodes))}
	for i, n := range x.nodes {
		out.Nodes[i] = Node{Path: n.Path, Verb: n.Verb, Logic: n.Logic, Depth: n.depth, Leaf: n.Leaf, Droppable: n.droppable}
	}
	return out
}

// count adds the people of a mask.
func (x *explainer) count(into *Breakdown, v people, mask uint64) {
	among := func(people uint64) int { return bits.OnesCount64(people & mask) }
	matched := v.of(x.seg.match).True
	into.Seen += among(^uint64(0))
	into.Matched += among(matched)
	into.Excluded += among(matched &^ qualified(v, x.seg.match, x.seg.exclude))
	for k, n := range x.nodes {
		w, at := v.of(n.Tree), &into.Nodes[k]
		at.True += among(w.True)
		at.False += among(w.False())
		at.Unknown += among(w.Unknown)
		at.Wait += among(w.Wait)
		at.NoValue += among(w.NoValue)
		if at.Droppable {
			at.Without += among(qualified(v, n.match, n.exclude))
		}
	}
}

// qualified are the people for whom match is true and exclude false.
func qualified(v people, match, exclude *fold.Tree) uint64 {
	w := v.of(match)
	if exclude != nil {
		w = fold.And(w, fold.Not(v.of(exclude)))
	}
	return w.True
}

// add adds the counts of another partition.
func (s *Breakdown) add(o *Breakdown) {
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

// trace is the breakdown of one subject as a use sees it; nil if it has no row in this partition.
func (x *explainer) trace(p *partition, subject uint32, use int, refs func(segment int) fold.Verdicts) *Breakdown {
	local := subject >> partBits
	if int(local)+1 >= len(p.views.first) {
		return nil
	}
	at, ok := p.views.of(local, use)
	if !ok || p.views.subject[at] != subject || !p.masks[use].Has(at) {
		return nil
	}
	v, bit := people{int(at / 64), p.leaves, refs}, uint64(1)<<(at%64)
	out := x.breakdown()
	x.count(out, v, bit)
	for k, n := range x.nodes {
		if n.Leaf >= 0 || n.Segment >= 0 {
			turned := v.against(n.Tree, bit, out.Nodes[k].True > 0)
			out.Nodes[k].Decides = out.Qualifies() != (qualified(turned, x.seg.match, x.seg.exclude)&bit != 0)
		}
	}
	return out
}

// against is the same person with one condition turned round: not true where it was true, true where it was not.
func (v people) against(n *fold.Tree, bit uint64, was bool) people {
	turned := fold.NewVerdicts(64 * (v.word + 1))
	if !was {
		turned.True[v.word] = bit
	}
	if n.Leaf >= 0 {
		v.leaves = slices.Clone(v.leaves)
		v.leaves[n.Leaf] = turned
		return v
	}
	refs := v.refs
	v.refs = func(segment int) fold.Verdicts {
		if segment == n.Segment {
			return turned
		}
		return refs(segment)
	}
	return v
}

// absence is somebody who is seen and not in, and the number of the condition that keeps him out.
type absence struct {
	subject uint32
	node    uint16
}

// Absent yields, in no order that matters, the ids of those who were seen and do not match or are not free of the
// exclusion, with the path of the condition that keeps them out: the innermost one that decides alone. It is the whole
// `all` where several of its terms do not hold. Only segments whose request asks for it know.
func (a *Audience) Absent() iter.Seq2[string, string] {
	return func(yield func(id, path string) bool) {
		for _, k := range a.absent {
			if id, ok := a.roll.Name(k.subject, a.use); ok && !yield(id, a.paths[k.node]) {
				return
			}
		}
	}
}

// paths are those of the conditions, by their numbers.
func (x *explainer) paths() (out []string) {
	for _, n := range x.nodes {
		out = append(out, n.Path)
	}
	return out
}

// absences finds whom what keeps out among the people of a word who are not in.
func (x *explainer) absences(subjects []uint32, v people, out uint64) (all []absence) {
	if out == 0 {
		return nil
	}
	found := make([]uint64, len(x.nodes)) // by condition: of whom
	matches := v.of(x.seg.match).True
	x.lacks(found, v, x.seg.match, out&^matches, rules.LogicAll, func(w fold.Word) uint64 { return w.True })
	if x.seg.exclude != nil {
		x.lacks(found, v, x.seg.exclude, out&matches, rules.LogicAny, fold.Word.False)
	}
	for node, who := range found {
		for ; who != 0; who &= who - 1 {
			all = append(all, absence{subjects[v.word*64+bits.TrailingZeros64(who)], uint16(node)})
		}
	}
	return all
}

// lacks goes down from a condition that does not hold as it should for some people, as long as it is one of its terms
// alone that does not: of an `all` that must be true, or an `any` that must be false.
func (x *explainer) lacks(found []uint64, v people, n *fold.Tree, of uint64, joint rules.Logic,
	holds func(fold.Word) uint64,
) {
	if n.Logic == joint {
		one, more := uint64(0), uint64(0)
		for _, c := range n.Children {
			not := ^holds(v.of(c))
			one, more = one|not, more|one&not
		}
		for _, c := range n.Children {
			x.lacks(found, v, c, of&one&^more&^holds(v.of(c)), joint, holds)
		}
		of &= more
	}
	found[x.at[n]] |= of
}
