package consent

import (
	"math/bits"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// bitset is a set of subject numbers that grows.
type bitset []uint64

func (b *bitset) set(n uint32) {
	for int(n>>6) >= len(*b) {
		*b = append(*b, make([]uint64, max(64, len(*b)))...)
	}
	(*b)[n>>6] |= 1 << (n & 63)
}

func (b *bitset) union(o bitset) {
	for len(*b) < len(o) {
		*b = append(*b, 0)
	}
	for i, w := range o {
		(*b)[i] |= w
	}
}

func (b bitset) has(n uint32) bool { return int(n>>6) < len(b) && b[n>>6]>>(n&63)&1 != 0 }

// Tallies counts rows by use: admitted, and refused by the first reason that applied.
type Tallies struct {
	Admitted []int64
	Refused  [][]int64 // by use, then Reason
}

func newTallies(uses int) Tallies {
	t := Tallies{Admitted: make([]int64, uses), Refused: make([][]int64, uses)}
	for i := range t.Refused {
		t.Refused[i] = make([]int64, reasons)
	}
	return t
}

func (t *Tallies) add(o *Tallies) {
	for u := range t.Admitted {
		t.Admitted[u] += o.Admitted[u]
		for r := range t.Refused[u] {
			t.Refused[u][r] += o.Refused[u][r]
		}
	}
}

// Roll is the gate's receipt: what was admitted and refused, and the names of those who were admitted, use by use.
// Nothing else in the program turns a subject's number back into an id.
type Roll struct {
	Tallies  Tallies
	admitted []bitset
	pairs    []pair // who was judged together: a denial of one concerns the other
	subjects *identity.Subjects
}

// Name returns the id of a subject of whom the use was given a row.
func (r Roll) Name(subject uint32, use int) (string, bool) {
	if use >= len(r.admitted) || !r.admitted[use].has(subject) {
		return "", false
	}
	return r.subjects.Name(subject), true
}

// People is the number of subjects of whom the use was given a row.
func (r Roll) People(use int) int {
	n := 0
	for _, w := range r.admitted[use] {
		n += bits.OnesCount64(w)
	}
	return n
}

// Bound is one more than the largest subject number.
func (r Roll) Bound() int {
	if r.subjects == nil {
		return 0
	}
	return r.subjects.Bound()
}
