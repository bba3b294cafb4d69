package identity

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"
)

// Kind tells devices from customers; they share one number space.
type Kind uint8

// The two kinds of subject.
const (
	Device Kind = iota
	Customer
)

const (
	shardBits = 6
	// Shards is the number of independent parts of the number space: number mod Shards is the shard.
	Shards = 1 << shardBits
)

// Number stands for a subject during one run. Numbers differ from run to run: nothing that is written may depend on
// their order.
type Number = uint32

// Subjects numbers the subjects of one run. Filling is done shard by shard (Shard, one goroutine each), then lookups
// need no lock; Late adds subjects that only rows name.
type Subjects struct {
	seed    uint64
	shards  [Shards]Shard
	anyLate atomic.Bool
	warmed  atomic.Uint32
}

// NewSubjects returns an empty number space, with a seed that nobody can guess: whoever makes up ids makes up no
// collisions.
func NewSubjects() *Subjects { return SubjectsOf(rand.Uint64()) }

// SubjectsOf returns an empty number space in which ids are hashed as in another one.
func SubjectsOf(seed uint64) *Subjects { return &Subjects{seed: seed} }

// Seed is that of the hashes; it is a secret.
func (s *Subjects) Seed() uint64 { return s.seed }

// Hash is the key under which an id is filed; equal ids of one kind have equal hashes under one seed.
func (s *Subjects) Hash(kind Kind, id []byte) uint64 {
	// The kind is mixed in afterwards: hashing it with the id would need a copy.
	return xxh3.HashSeed(id, s.seed) ^ uint64(kind)*0x9e3779b97f4a7c15
}

// Spread is a hash of an id that is the same in every run, for drawing and counting people: whoever knows the ids can
// make two that are equal, so nobody is told apart by it where that matters.
func Spread(id []byte) uint64 {
	h := uint64(len(id))
	for len(id) >= 8 {
		h, id = fold(h^binary.LittleEndian.Uint64(id)), id[8:]
	}
	var rest [8]byte
	copy(rest[:], id)
	return fold(fold(h^binary.LittleEndian.Uint64(rest[:])) ^ 0x9e3779b97f4a7c15)
}

func fold(x uint64) uint64 {
	hi, lo := bits.Mul64(x^0xe7037ed1a0b428db, 0xa0761d6478bd642f)
	return hi ^ lo
}

// ShardOf is the shard in which a hash is filed.
func ShardOf(hash uint64) int { return int(hash >> (64 - shardBits)) }

// NumberOf is the number of a shard's local number.
func NumberOf(shard int, local uint32) Number { return local<<shardBits | uint32(shard) }

// Shard returns one shard for filling.
func (s *Subjects) Shard(i int) *Shard { return &s.shards[i] }

// Lookup returns the number of an id that was filed before the run's rows are read.
func (s *Subjects) Lookup(hash uint64, id []byte) (Number, bool) {
	i := ShardOf(hash)
	local, ok := s.shards[i].find(hash, id)
	return NumberOf(i, local), ok
}

// Find returns the number of an id, whether a consent event named it or only a row; safe for concurrent use with Late.
func (s *Subjects) Find(kind Kind, id string) (Number, bool) {
	hash := s.Hash(kind, []byte(id))
	if n, ok := s.Lookup(hash, []byte(id)); ok {
		return n, true
	}
	return s.LookupLate(hash, []byte(id))
}

// Missing is what LookupAll answers for an id that was not filed.
const Missing = ^Number(0)

// stretch is how many look-ups go together, step by step, so that the processor waits for memory once and not once for
// each.
const stretch = 64

// LookupAll is Lookup for many ids: numbers[i] becomes the number of the id behind hashes[i], or Missing.
func (s *Subjects) LookupAll(hashes []uint64, id func(i int) []byte, numbers []Number) {
	var first byte // keeps the compiler from dropping the loads that only warm the cache
	for from := 0; from < len(hashes); from += stretch {
		to := min(from+stretch, len(hashes))
		for i := from; i < to; i++ {
			numbers[i] = Missing
			if local, ok := s.shards[ShardOf(hashes[i])].candidate(hashes[i]); ok {
				numbers[i] = local
			}
		}
		for i := from; i < to; i++ {
			if numbers[i] != Missing {
				if known := s.shards[ShardOf(hashes[i])].id(numbers[i]); len(known) > 0 {
					first ^= known[0]
				}
			}
		}
		for i := from; i < to; i++ {
			if numbers[i] != Missing {
				numbers[i] = s.confirm(hashes[i], id(i), numbers[i])
			}
		}
	}
	s.warmed.Store(uint32(first))
}

// confirm compares the ids themselves: local is only the first whose hash looks the same.
func (s *Subjects) confirm(hash uint64, id []byte, local uint32) Number {
	shard := ShardOf(hash)
	sh := &s.shards[shard]
	if string(sh.id(local)) != string(id) {
		var ok bool
		if local, ok = sh.find(hash, id); !ok {
			return Missing
		}
	}
	return NumberOf(shard, local)
}

// LookupLate returns the number of an id that Late filed; safe for concurrent use with Late.
func (s *Subjects) LookupLate(hash uint64, id []byte) (Number, bool) {
	if !s.anyLate.Load() {
		return 0, false
	}
	i := ShardOf(hash)
	sh := &s.shards[i]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	local, ok := sh.late.find(hash, id)
	return NumberOf(i, uint32(sh.Len())+local), ok
}

// Late returns the number of an id, filing it if it is new; safe for concurrent use with Lookup and itself.
func (s *Subjects) Late(hash uint64, id []byte) Number {
	i := ShardOf(hash)
	sh := &s.shards[i]
	if local, ok := sh.find(hash, id); ok {
		return NumberOf(i, local)
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	local := sh.late.File(hash, id)
	s.anyLate.Store(true)
	return NumberOf(i, uint32(sh.Len())+local)
}

// Bound is one more than the largest number in use.
func (s *Subjects) Bound() int {
	most := 0
	for i := range s.shards {
		most = max(most, s.shards[i].Len()+s.shards[i].late.Len())
	}
	return most << shardBits
}

// Name returns the id behind a number.
func (s *Subjects) Name(n Number) string {
	sh := &s.shards[n&(Shards-1)]
	local := n >> shardBits
	if filed := uint32(sh.Len()); local >= filed {
		return string(sh.late.id(local - filed))
	}
	return string(sh.id(local))
}

// Names yields the ids of all subjects, whatever their kind, in no order that matters. Nobody files meanwhile.
func (s *Subjects) Names(yield func(id string) bool) {
	for i := range s.shards {
		sh := &s.shards[i]
		for _, t := range []*table{&sh.table, &sh.late} {
			for local := range t.hashes {
				if !yield(string(t.id(uint32(local)))) {
					return
				}
			}
		}
	}
}

// Filed yields the subjects of a kind that were filed before the run's rows are read, in no order that matters.
func (s *Subjects) Filed(kind Kind) iter.Seq2[Number, string] {
	return func(yield func(n Number, id string) bool) {
		for i := range s.shards {
			sh := &s.shards[i]
			for local, hash := range sh.hashes {
				id := sh.id(uint32(local))
				if hash == s.Hash(kind, id) && !yield(NumberOf(i, uint32(local)), string(id)) {
					return
				}
			}
		}
	}
}

// Shard is one independent part of the number space. Numbers of ids that only rows name follow on those of the others.
type Shard struct {
	table
	mu   sync.Mutex
	late table
}

// table is an open-addressing table over an arena of ids. A slot holds the upper half of the hash, so that a look-up
// leaves the table only for the id it finds. No kind is kept: the hashes of a device and a customer with one id differ.
type table struct {
	slots  []uint64 // upper half of the hash, then local number + 1; 0 is free; len is a power of two
	hashes []uint64 // by local number
	ends   []uint32 // end of each id in ids, by local number
	ids    []byte
}

// File returns the local number of an id, filing it if it is new. Only one goroutine may call it at a time, and nobody
// looks up meanwhile.
func (s *table) File(hash uint64, id []byte) uint32 {
	if local, ok := s.find(hash, id); ok {
		return local
	}
	if 4*(len(s.hashes)+1) > 3*len(s.slots) {
		s.grow()
	}
	local := uint32(len(s.hashes))
	s.hashes = append(s.hashes, hash)
	s.ids = append(s.ids, id...)
	s.ends = append(s.ends, uint32(len(s.ids)))
	s.insert(hash, local)
	return local
}

// Adopt takes over the ids of a shard that was filled under the same seed, in the order of their local numbers: their
// hashes, and where each ends.
func (s *table) Adopt(hashes []uint64, ends []uint32, ids []byte) {
	s.hashes, s.ends, s.ids = hashes, ends, ids
	slots := 64
	for 4*(len(hashes)+1) > 3*slots {
		slots *= 2
	}
	s.slots = make([]uint64, slots)
	for local, hash := range hashes {
		s.insert(hash, uint32(local))
	}
}

// At is what was filed under a local number; the id is not to be changed.
func (s *table) At(local uint32) (hash uint64, id []byte) { return s.hashes[local], s.id(local) }

// Len is the number of ids filed.
func (s *table) Len() int { return len(s.hashes) }

func (s *table) find(hash uint64, id []byte) (uint32, bool) {
	for at, left := hash, len(s.slots); left > 0; at, left = at+1, left-1 {
		slot := s.slots[at&uint64(len(s.slots)-1)]
		if slot == 0 {
			return 0, false
		}
		if local := uint32(slot) - 1; slot>>32 == hash>>32 && string(s.id(local)) == string(id) {
			return local, true
		}
	}
	return 0, false
}

// candidate returns the first local number whose hash looks the same.
func (s *table) candidate(hash uint64) (uint32, bool) {
	for at, left := hash, len(s.slots); left > 0; at, left = at+1, left-1 {
		slot := s.slots[at&uint64(len(s.slots)-1)]
		if slot == 0 {
			return 0, false
		}
		if slot>>32 == hash>>32 {
			return uint32(slot) - 1, true
		}
	}
	return 0, false
}

func (s *table) id(local uint32) []byte {
	from := uint32(0)
	if local > 0 {
		from = s.ends[local-1]
	}
	return s.ids[from:s.ends[local]]
}

func (s *table) insert(hash uint64, local uint32) {
	mask := uint64(len(s.slots) - 1)
	at := hash & mask
	for s.slots[at] != 0 {
		at = (at + 1) & mask
	}
	s.slots[at] = hash>>32<<32 | uint64(local+1)
}

func (s *table) grow() {
	s.slots = make([]uint64, max(64, 2*len(s.slots)))
	for local, hash := range s.hashes {
		s.insert(hash, uint32(local))
	}
}
