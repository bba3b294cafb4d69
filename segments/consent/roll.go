package consent

import (
	"math/bits"
	"slices"

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

// crowds count the people behind a tally's refusals, by use, then Reason.
type crowds [][reasons]identity.Crowd

func (c crowds) add(o crowds) {
	for u := range o {
		for r := range o[u] {
			c[u][r].Union(&o[u][r])
		}
	}
}

// Roll is the gate's receipt: what was admitted and refused, and the names of those who were admitted, use by use.
// Nothing else in the program turns a subject's number back into an id, but for Gate.Standing.
type Roll struct {
	Tallies  Tallies
	refused  crowds
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

// Refused are the devices of which rows were refused to a use for a reason.
func (r Roll) Refused(use int, reason Reason) *identity.Crowd { return &r.refused[use][reason] }

// Bound is one more than the largest subject number.
func (r Roll) Bound() int {
	if r.subjects == nil {
		return 0
	}
	return r.subjects.Bound()
}

// Denial is a denying event, or an entry of a list, that was found after the ledger was sealed.
type Denial struct {
	Kind    identity.Kind
	ID      string
	Pattern Pattern
	Reason  Reason // Suppressed: it stands on a list
	At      int64  // of an event; microseconds UTC
}

// Beside is the roll with more company: devices and customers with whom they were logged in at another time.
func (r Roll) Beside(met Met) Roll {
	r.pairs = slices.Clone(r.pairs)
	for device, customer := range met {
		r.pairs = append(r.pairs, pair{device, customer})
	}
	return r
}

// met yields the pairs.
func (r Roll) met(yield func(device, customer identity.Number) bool) {
	for _, p := range r.pairs {
		if !yield(p.device, p.customer) {
			return
		}
	}
}

// Lost returns, by use and in byte order, the admitted people whom late denials concern: the subject itself, and
// whoever was judged together with it, a device with its customer or a customer with his devices. When in doubt they
// are lost.
func (r Roll) Lost(uses []Use, late []Denial) [][]string {
	lost := make([][]string, len(uses))
	for u := range uses {
		for n := range r.gone(&uses[u], late) {
			if id, ok := r.Name(n, u); ok {
				lost[u] = append(lost[u], id)
			}
		}
		slices.Sort(lost[u])
	}
	return lost
}

// gone are the people of a use whom late denials concern.
func (r Roll) gone(use *Use, late []Denial) map[identity.Number]bool {
	gone := map[identity.Number]bool{}
	for _, d := range late {
		n, ok := r.subjects.Find(d.Kind, d.ID)
		if ok && slices.ContainsFunc(use.asked(true), d.Pattern.covers) {
			gone[n] = true
		}
	}
	r.spread(gone)
	return gone
}

// spread adds the people who were judged together with somebody in the set.
func (r Roll) spread(gone map[identity.Number]bool) {
	if len(gone) == 0 {
		return
	}
	var more []identity.Number
	for _, p := range r.pairs {
		switch {
		case gone[p.device] && !gone[p.customer]:
			more = append(more, p.customer)
		case gone[p.customer] && !gone[p.device]:
			more = append(more, p.device)
		}
	}
	for _, n := range more {
		gone[n] = true
	}
}
