package fold

// Bits is a set of subject numbers.
type Bits []uint64

// NewBits returns an empty set for numbers below n.
func NewBits(n int) Bits { return make(Bits, (n+63)/64) }

// Set adds i.
func (b Bits) Set(i uint32) { b[i>>6] |= 1 << (i & 63) }

// Clear takes i out.
func (b Bits) Clear(i uint32) { b[i>>6] &^= 1 << (i & 63) }

// Has reports whether i is in the set.
func (b Bits) Has(i uint32) bool { return b[i>>6]>>(i&63)&1 != 0 }

// Reset empties the set.
func (b Bits) Reset() { clear(b) }
