package identity

import "math/bits"

// Met says of hashes which were met more than once, as far as a few of their bits tell: never too few. What it leaves
// is few enough to sort. Its buffers are used again.
type Met struct{ once, twice []uint64 }

// Begin forgets everything and makes room for that many hashes, eight bits for each.
func (m *Met) Begin(hashes int) {
	words := 1 << max(0, bits.Len(uint(8*hashes))-6)
	m.once, m.twice = cleared(m.once, words), cleared(m.twice, words)
}

func cleared(words []uint64, n int) []uint64 {
	if cap(words) < n {
		return make([]uint64, n)
	}
	words = words[:n]
	clear(words)
	return words
}

// at is the place of a hash. Its highest bits, which the hashes of one shard have in common, tell nothing.
func (m *Met) at(hash uint64) (word, bit uint64) {
	return hash >> 6 & uint64(len(m.once)-1), 1 << (hash & 63)
}

// Meet notes a hash.
func (m *Met) Meet(hash uint64) {
	word, bit := m.at(hash)
	m.twice[word] |= m.once[word] & bit
	m.once[word] |= bit
}

// Once reports whether a hash may have been met.
func (m *Met) Once(hash uint64) bool {
	word, bit := m.at(hash)
	return m.once[word]&bit != 0
}

// Again reports whether a hash may have been met more than once.
func (m *Met) Again(hash uint64) bool {
	word, bit := m.at(hash)
	return m.twice[word]&bit != 0
}
