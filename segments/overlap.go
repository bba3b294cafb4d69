package segments

import "math/bits"

// Common is how many people are members of both audiences, which are of one decision.
func (a *Audience) Common(b *Audience) (n int) {
	for i := range min(len(a.set), len(b.set)) {
		n += bits.OnesCount64(a.set[i] & b.set[i])
	}
	return n
}

// Union is how many people are members of at least one of some audiences of one decision.
func Union(of []*Audience) (n int) {
	words := 0
	for _, a := range of {
		words = max(words, len(a.set))
	}
	for w := range words {
		in := uint64(0)
		for _, a := range of {
			in |= a.word(w)
		}
		n += bits.OnesCount64(in)
	}
	return n
}

// Regions counts the members of up to 64 audiences of one decision by which of them they are in: bit i stands for the
// i-th. Nobody is counted twice.
func Regions(of []*Audience) map[uint64]int {
	out, words := map[uint64]int{}, 0
	for _, a := range of {
		words = max(words, len(a.set))
	}
	for w := range words {
		left := uint64(0)
		for _, a := range of {
			left |= a.word(w)
		}
		for ; left != 0; left &= left - 1 {
			in, bit := uint64(0), bits.TrailingZeros64(left)
			for i, a := range of {
				in |= a.word(w) >> bit & 1 << i
			}
			out[in]++
		}
	}
	return out
}

// word is 64 subjects' places among the members.
func (a *Audience) word(i int) uint64 {
	if i < len(a.set) {
		return a.set[i]
	}
	return 0
}

// mark notes who the members are by their numbers, which are those of the run alone.
func (a *Audience) mark(members []candidate, bound int) {
	a.set = make([]uint64, (bound+63)/64)
	for i := range members {
		a.set[members[i].subject>>6] |= 1 << (members[i].subject & 63)
	}
}
