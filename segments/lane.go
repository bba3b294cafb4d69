package segments

import "github.com/malgrupp/malgrupp/segments/consent"

// partBits fixes the number of partitions. Rows are dealt by the low bits of the subject number, not by range:
// neighbouring numbers can be the busiest devices, which the log of consent named first.
const (
	partBits = 8
	parts    = 1 << partBits
)

// chunk is how many words a stream takes at a time.
const chunk = 1024

// stream is an append-only list of words in chunks, so that growing never copies.
type stream struct {
	full [][]int64
	last []int64
}

func (s *stream) add(words ...int64) {
	if len(s.last)+len(words) > cap(s.last) {
		if len(s.last) > 0 {
			s.full = append(s.full, s.last)
		}
		s.last = make([]int64, 0, chunk)
	}
	s.last = append(s.last, words...)
}

// chunks yields the words in order.
func (s *stream) chunks(yield func([]int64) bool) {
	for _, c := range s.full {
		if !yield(c) {
			return
		}
	}
	yield(s.last)
}

// kind is what the rows of one class and one set of admitting uses have in common.
type kind struct {
	goals []goal // the conditions they go to
	uses  uint32 // the uses that admit them
	asked uint32 // the uses that wanted them
	wide  bool   // some condition needs more than the subject
}

// Lane collects what one door admits. It is used by one goroutine and shares nothing with other lanes.
type Lane struct {
	plan    *Plan
	kinds   []kind
	byClass [][]uint32    // by class of the lane's batches: kinds made of it so far
	narrow  [parts]stream // one word a row: subject and kind
	// plan.stride() words a row: subject and kind, time, the device where sessions are asked for, the owner where people
	// are counted, values
	wide   [parts]stream
	record []int64
}

// fixedWords is how many words of a wide record stand before its values.
func (p *Plan) fixedWords() int {
	words := 2
	if p.sessions {
		words++
	}
	if p.owners {
		words++
	}
	return words
}

// stride is how many words a wide record has.
func (p *Plan) stride() int { return p.fixedWords() + len(p.Values) }

// pack puts a subject and a kind into one word.
func pack(subject, kind uint32) int64 { return int64(uint64(subject)<<32 | uint64(kind)) }

func unpack(w int64) (subject, kind uint32) { return uint32(uint64(w) >> 32), uint32(w) }

// Add takes the rows of a batch; the batch may be reused afterwards. All batches of a lane come from one door.
func (l *Lane) Add(b consent.Batch) {
	values := len(l.plan.Values)
	for i := range b.Len() {
		r := b.Row(i)
		k := l.kind(b, r)
		word := pack(r.Subject, k)
		part := r.Subject & (parts - 1)
		if !l.kinds[k].wide {
			l.narrow[part].add(word)
			continue
		}
		l.record = append(l.record[:0], word, r.Time)
		if l.plan.sessions {
			l.record = append(l.record, int64(b.Device(i)))
		}
		if l.plan.owners {
			l.record = append(l.record, int64(b.Owner(i)))
		}
		for v := range values {
			l.record = append(l.record, b.Value(i, v))
		}
		l.wide[part].add(l.record...)
	}
}

// kind returns the number of the row's kind.
func (l *Lane) kind(b consent.Batch, r consent.Row) uint32 {
	for int(r.Class) >= len(l.byClass) {
		l.byClass = append(l.byClass, nil)
	}
	for _, k := range l.byClass[r.Class] {
		if l.kinds[k].uses == r.Uses {
			return k
		}
	}
	picks, slot := b.Class(r.Class)
	k := kind{uses: r.Uses, asked: b.Level(r.Uses)}
	asked := uint32(0)
	for _, g := range l.plan.wanting(picks, slot) {
		leaf := &l.plan.leaves[g.leaf]
		asked |= leaf.uses
		if leaf.uses&r.Uses != 0 {
			k.goals = append(k.goals, g)
			k.wide = k.wide || leaf.wide()
		}
	}
	k.asked &= asked
	id := uint32(len(l.kinds))
	l.kinds = append(l.kinds, k)
	l.byClass[r.Class] = append(l.byClass[r.Class], id)
	return id
}
