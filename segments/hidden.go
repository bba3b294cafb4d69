package segments

import (
	"iter"
	"math/bits"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

// What somebody did before a use may see all of his rows is hidden, and a condition that holds for want of events holds
// over that time as well. To tell how many members rest on it, the conditions of a segment are decided a second time
// for whoever has such time in their windows, as if data were missing there. A member who is not in for certain then
// rests on what is hidden: rows that nobody may look at could throw him out.

// Since makes Settle count, for the segments whose requests ask for it, the members who rest on hidden time. of gives,
// by use, the instant from which on all rows of somebody may be seen.
func (t *Tally) Since(of func(use int) func(subject uint32) int64) {
	t.since = map[int]func(uint32) int64{}
	for i := range t.plan.segments {
		s := &t.plan.segments[i]
		for _, use := range s.uses {
			if s.hidden && t.since[use] == nil {
				t.since[use] = of(use)
			}
		}
	}
}

// unsure is a coverage in which every window lacks something.
type unsure struct{ Coverage }

func (unsure) Covers(*rules.Condition, int64, int64) bool { return false }

// unsureLeaf binds a leaf's condition a second time, as if its window lacked data.
func (b *builder) unsureLeaf(s *planned, leaf int, c *rules.Condition, mask uint32) error {
	if !s.hidden || c.Window == nil {
		return nil
	}
	twin, err := b.leaf(c, s.Zone, mask, false, unsure{b.cov})
	s.unsure = append(s.unsure, [2]int{leaf, twin})
	return err
}

// verdict is what a segment is for the people of a word, and who is free of its exclusion.
func (s *planned) verdict(i int, leaves []fold.Verdicts,
	refs func(segment int) fold.Verdicts,
) (w fold.Word, free uint64) {
	w, free = s.match.Verdict(i, leaves, refs), ^uint64(0)
	if s.exclude != nil {
		excluded := s.exclude.Verdict(i, leaves, refs)
		w, free = fold.And(w, fold.Not(excluded)), excluded.False()
	}
	return w, free
}

// unsureSegment is a segment in one partition and use with everything doubtful that is hidden.
type unsureSegment struct {
	leaves []fold.Verdicts
	refs   func(segment int) fold.Verdicts
	came   fold.Verdicts // what the segment comes to so
}

// unsureOf is how a segment looks so; nil where nobody asked.
func (c *court) unsureOf(s, use int, p *partition, refs func(segment int) fold.Verdicts) *unsureSegment {
	seg := &c.plan.segments[s]
	since := c.since[use]
	if !seg.hidden || since == nil {
		return nil
	}
	n := len(p.views.subject)
	d := &unsureSegment{leaves: slices.Clone(p.leaves), came: fold.NewVerdicts(n)}
	d.refs = func(segment int) fold.Verdicts {
		c.mu.Lock()
		v, ok := c.unsure[[3]int{int(p.part), segment, use}]
		c.mu.Unlock()
		if !ok {
			return refs(segment)
		}
		return v
	}
	open := make([]int64, n)
	for view := range p.seen(use) {
		open[view] = since(p.views.subject[view])
	}
	for _, twin := range seg.unsure {
		from, late := c.plan.leaves[twin[0]].setting.From, fold.NewBits(n)
		for view := range p.seen(use) {
			if open[view] > from {
				late.Set(view)
			}
		}
		d.leaves[twin[0]] = blend(p.leaves[twin[0]], p.leaves[twin[1]], late)
	}
	return d
}

// seen yields the views through which a use sees somebody.
func (p *partition) seen(use int) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, word := range p.masks[use] {
			for ; word != 0; word &= word - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// blend takes the second verdict of whoever is in the set and the first of all others.
func blend(first, second fold.Verdicts, in fold.Bits) fold.Verdicts {
	choose := func(a, b fold.Bits) fold.Bits {
		out := slices.Clone(a)
		for i := range out {
			out[i] = a[i]&^in[i] | b[i]&in[i]
		}
		return out
	}
	return fold.Verdicts{
		True: choose(first.True, second.True), Wait: choose(first.Wait, second.Wait),
		Unknown: choose(first.Unknown, second.Unknown), NoValue: choose(first.NoValue, second.NoValue),
	}
}

// doubt decides the people of a word once more: who of them is not in for certain, and who is not free of the exclusion
// for certain.
func (d *unsureSegment) doubt(seg *planned, i int) (in, free uint64) {
	if d == nil {
		return 0, 0
	}
	w, sure := seg.verdict(i, d.leaves, d.refs)
	d.came.True[i], d.came.Wait[i], d.came.Unknown[i], d.came.NoValue[i] = w.True, w.Wait, w.Unknown, w.NoValue
	return ^w.True, ^sure
}

// unsureReferences makes what others read of a segment doubtful for whoever is in or out of it by what is hidden.
func (c *court) unsureReferences(s, use int) {
	for i := range c.kept {
		at := [3]int{i, s, use}
		came, ok := c.unsure[at]
		if !ok {
			continue
		}
		told := c.refs[at]
		for k := range told.True {
			w, doubtful := told.Word(k), came.Word(k)
			moved := w.True&^doubtful.True | w.False()&^doubtful.False()
			came.True[k], came.Unknown[k] = w.True&^moved, w.Unknown|moved
			came.Wait[k], came.NoValue[k] = w.Wait, w.NoValue
		}
	}
}
