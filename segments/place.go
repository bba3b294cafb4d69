package segments

import (
	"iter"
	"math/bits"

	"github.com/malgrupp/malgrupp/rules/fold"
)

// absence is somebody who is seen and not in, and the condition that keeps him out.
type absence struct {
	subject uint32
	node    uint16 // of the paths of his segment
}

// Absent yields, in no order that matters, the ids of those who were seen and do not match or are not free of the exclusion,
// with the path of the condition that keeps them out: the innermost one that decides alone. It is the whole `all` where several
// of its terms do not hold. Only segments whose request asks for it know.
func (a *Audience) Absent() iter.Seq2[string, string] {
	return func(yield func(id, path string) bool) {
		for _, k := range a.absent {
			if id, ok := a.roll.Name(k.subject, a.use); ok && !yield(id, a.paths[k.node]) {
				return
			}
		}
	}
}

// blame says of people of one word which condition keeps them out.
type blame struct {
	word   int
	leaves []fold.Verdicts
	refs   func(segment int) fold.Verdicts
	paths  map[string]uint16
	found  []uint64 // by path: of whom
}

// absences finds whom what keeps out among the people of a word who are not in.
func (p *partition) absences(seg *planned, word int, out uint64, refs func(segment int) fold.Verdicts) (all []absence) {
	if !seg.placed || out == 0 {
		return nil
	}
	b := &blame{word: word, leaves: p.leaves, refs: refs, paths: seg.pathOf, found: make([]uint64, len(seg.paths))}
	matches := seg.match.Verdict(word, p.leaves, refs).True
	b.lacks(seg.match, out&^matches, "all", func(w fold.Word) uint64 { return w.True })
	if seg.exclude != nil {
		b.lacks(seg.exclude, out&matches, "any", fold.Word.False)
	}
	for node, who := range b.found {
		for ; who != 0; who &= who - 1 {
			all = append(all, absence{p.views.subject[word*64+bits.TrailingZeros64(who)], uint16(node)})
		}
	}
	return all
}

// lacks goes down from a condition that does not hold as it should for some people, as long as it is one of its terms alone that
// does not: of an `all` that must be true, or an `any` that must be false.
func (b *blame) lacks(n *fold.Tree, of uint64, joint string, holds func(fold.Word) uint64) {
	if n.Verb == joint && n.Leaf < 0 && n.Segment < 0 {
		one, more := uint64(0), uint64(0)
		for _, c := range n.Children {
			not := ^holds(c.Verdict(b.word, b.leaves, b.refs))
			one, more = one|not, more|one&not
		}
		for _, c := range n.Children {
			b.lacks(c, of&one&^more&^holds(c.Verdict(b.word, b.leaves, b.refs)), joint, holds)
		}
		of &= more
	}
	b.found[b.paths[n.Path]] |= of
}

// place gives the conditions of a segment the numbers that absences name them by.
func (s *planned) place() {
	s.pathOf = map[string]uint16{}
	var walk func(n *fold.Tree)
	walk = func(n *fold.Tree) {
		if n == nil {
			return
		}
		s.pathOf[n.Path] = uint16(len(s.paths))
		s.paths = append(s.paths, n.Path)
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(s.match)
	walk(s.exclude)
}
