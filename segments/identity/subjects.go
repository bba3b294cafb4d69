package identity

import (
	"hash/maphash"
	"sync"
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
	seed   maphash.Seed
	shards [Shards]Shard
}

// NewSubjects returns an empty number space.
func NewSubjects() *Subjects { return &Subjects{seed: maphash.MakeSeed()} }

// Hash is the key under which an id is filed; equal ids of one kind have equal hashes within a run.
func (s *Subjects) Hash(kind Kind, id []byte) uint64 {
	// The kind is mixed in afterwards: hashing it with the id would need a copy.
	return maphash.Bytes(s.seed, id) ^ uint64(kind)*0x9e3779b97f4a7c15
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

// Late returns the number of an id, filing it if it is new; safe for concurrent use with Lookup and itself.
func (s *Subjects) Late(hash uint64, id []byte) Number {
	i := ShardOf(hash)
	sh := &s.shards[i]
	if local, ok := sh.find(hash, id); ok {
		return NumberOf(i, local)
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	local, ok := sh.late[lateKey{hash, string(id)}]
	if !ok {
		if sh.late == nil {
			sh.late = map[lateKey]uint32{}
		}
		local = uint32(len(sh.hashes) + len(sh.lateIDs))
		sh.late[lateKey{hash, string(id)}] = local
		sh.lateIDs = append(sh.lateIDs, string(id))
	}
	return NumberOf(i, local)
}

// lateKey needs no kind: the hashes of a device and a customer with one id differ.
type lateKey struct {
	hash uint64
	id   string
}

// Bound is one more than the largest number in use.
func (s *Subjects) Bound() int {
	most := 0
	for i := range s.shards {
		most = max(most, len(s.shards[i].hashes)+len(s.shards[i].lateIDs))
	}
	return most << shardBits
}

// Name returns the id behind a number.
func (s *Subjects) Name(n Number) string {
	sh := &s.shards[n&(Shards-1)]
	local := int(n >> shardBits)
	if local < len(sh.hashes) {
		return string(sh.id(uint32(local)))
	}
	return sh.lateIDs[local-len(sh.hashes)]
}

// Shard is one independent part of the number space: an open-addressing table over an arena of ids.
type Shard struct {
	slots   []uint32 // local number + 1, 0 free; len is a power of two
	hashes  []uint64 // by local number
	ends    []uint32 // end of each id in ids, by local number
	ids     []byte
	mu      sync.Mutex
	late    map[lateKey]uint32
	lateIDs []string
}

// File returns the local number of an id, filing it if it is new. Only the goroutine that fills the shard may call it.
func (s *Shard) File(hash uint64, id []byte) uint32 {
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
	s.place(hash, local)
	return local
}

// Len is the number of ids filed.
func (s *Shard) Len() int { return len(s.hashes) }

func (s *Shard) find(hash uint64, id []byte) (uint32, bool) {
	if len(s.slots) == 0 {
		return 0, false
	}
	mask := uint64(len(s.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		slot := s.slots[at]
		if slot == 0 {
			return 0, false
		}
		if local := slot - 1; s.hashes[local] == hash && string(s.id(local)) == string(id) {
			return local, true
		}
	}
}

func (s *Shard) id(local uint32) []byte {
	from := uint32(0)
	if local > 0 {
		from = s.ends[local-1]
	}
	return s.ids[from:s.ends[local]]
}

func (s *Shard) place(hash uint64, local uint32) {
	mask := uint64(len(s.slots) - 1)
	at := hash & mask
	for s.slots[at] != 0 {
		at = (at + 1) & mask
	}
	s.slots[at] = local + 1
}

func (s *Shard) grow() {
	s.slots = make([]uint32, max(64, 2*len(s.slots)))
	for local, hash := range s.hashes {
		s.place(hash, uint32(local))
	}
}
