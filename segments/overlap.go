package segments

import (
	"math/bits"
	"slices"
)

// crowd is who is in an audience by numbers, which are those of the run alone: a bit for each subject there is, or, of
// few, their numbers in order.
type crowd struct {
	all []uint64
	few []uint32
}

// crowdOf takes whichever is smaller.
func crowdOf(members []candidate, bound int) (c crowd) {
	words := (bound + 63) / 64
	if 2*words <= len(members) {
		c.all = make([]uint64, words)
		for i := range members {
			c.all[members[i].subject>>6] |= 1 << (members[i].subject & 63)
		}
		return c
	}
	c.few = make([]uint32, 0, len(members))
	for i := range members {
		c.few = append(c.few, members[i].subject)
	}
	slices.Sort(c.few)
	return c
}

// words are the bits, made for a crowd of few.
func (c *crowd) words() []uint64 {
	if len(c.few) == 0 {
		return c.all
	}
	out := make([]uint64, c.few[len(c.few)-1]>>6+1)
	for _, n := range c.few {
		out[n>>6] |= 1 << (n & 63)
	}
	return out
}

// has reports whether a subject is in the crowd.
func (c *crowd) has(subject uint32) bool {
	if len(c.few) == 0 {
		return word(c.all, int(subject>>6))>>(subject&63)&1 == 1
	}
	_, in := slices.BinarySearch(c.few, subject)
	return in
}

// Common is how many people are members of both audiences, which are of one decision.
func (a *Audience) Common(b *Audience) (n int) {
	x, y := &a.crowd, &b.crowd
	if len(x.few) == 0 || len(y.few) > 0 && len(y.few) < len(x.few) {
		x, y = y, x
	}
	if len(x.few) == 0 {
		for i := range min(len(x.all), len(y.all)) {
			n += bits.OnesCount64(x.all[i] & y.all[i])
		}
	}
	for _, subject := range x.few {
		if y.has(subject) {
			n++
		}
	}
	return n
}

// Union is how many people are members of at least one of some audiences of one decision.
func Union(of []*Audience) (n int) {
	var all []uint64
	for _, a := range of {
		words := a.crowd.words()
		all = append(all, make([]uint64, max(0, len(words)-len(all)))...)
		for i, w := range words {
			all[i] |= w
		}
	}
	for _, w := range all {
		n += bits.OnesCount64(w)
	}
	return n
}

// Regions counts the members of up to 64 audiences of one decision by which of them they are in: bit i stands for the
// i-th. Nobody is counted twice.
func Regions(of []*Audience) map[uint64]int {
	out, most := map[uint64]int{}, 0
	sets := make([][]uint64, len(of))
	for i, a := range of {
		sets[i] = a.crowd.words()
		most = max(most, len(sets[i]))
	}
	for w := range most {
		left := uint64(0)
		for _, set := range sets {
			left |= word(set, w)
		}
		for ; left != 0; left &= left - 1 {
			in, bit := uint64(0), bits.TrailingZeros64(left)
			for i, set := range sets {
				in |= word(set, w) >> bit & 1 << i
			}
			out[in]++
		}
	}
	return out
}

// word is 64 subjects' places in a set, none beyond its end.
func word(set []uint64, i int) uint64 {
	if i < len(set) {
		return set[i]
	}
	return 0
}
