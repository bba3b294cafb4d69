package consent

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// Seal numbers the subjects and folds every timeline that no earlier run folded, with that many workers. It fails with
// ErrConflict, with a FeedError if too many TC strings are broken, or with what reading or keeping a part failed with.
func (f *Filling) Seal(workers int) (*Ledger, error) {
	if err := f.strings.check(); err != nil && !f.some {
		return nil, err
	}
	l := &Ledger{policy: f.policy, subjects: f.subjects}
	var next atomic.Int64
	var g errgroup.Group
	for range max(1, workers) {
		g.Go(func() error {
			s := sealer{Filling: f, ledger: l, machine: NewMachine(f.policy, f.strings)}
			for part := int(next.Add(1)) - 1; part < Parts; part = int(next.Add(1)) - 1 {
				if err := s.part(part); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	f.loaders = nil
	if err != nil {
		return nil, err
	}
	return l, nil
}

// sealer folds shards one after the other; its buffers are used again.
type sealer struct {
	*Filling
	ledger  *Ledger
	machine *Machine
	met     identity.Met
	few     []fingerprint
	sorted  []Event  // of a shard, by subject
	of      []uint32 // by sorted event: its object
	events  []Event  // of one subject
	kept    [PartsShards]Folded
}

func (s *sealer) part(part int) error {
	was := make([]Folded, PartsShards)
	if s.earlier.Part != nil {
		var err error
		if was, err = s.earlier.Part(part); err != nil {
			return err
		}
	}
	for i := range was {
		shard := part*PartsShards + i
		if s.contradictions(shard, &was[i]) {
			return ErrConflict
		}
		s.kept[i].reset()
		s.shard(shard, &was[i], &s.kept[i])
		was[i] = Folded{}
	}
	if s.keep == nil {
		return nil
	}
	return s.keep(part, s.kept[:])
}

// contradictions reports whether events of one id have different contents.
func (s *sealer) contradictions(shard int, was *Folded) bool {
	total := 0
	for _, l := range s.loaders {
		total += l.seen[shard].len()
	}
	s.met.Begin(total)
	for _, l := range s.loaders {
		l.seen[shard].each(func(e *fingerprint) { s.met.Meet(e.id) })
	}
	s.few = s.few[:0]
	was.eachSeen(&s.earlier, func(_ uint32, ids, contents []uint64) {
		for i, id := range ids {
			if s.met.Once(id) {
				s.met.Meet(id)
				s.few = append(s.few, fingerprint{id, contents[i]})
			}
		}
	})
	for _, l := range s.loaders {
		l.seen[shard].each(func(e *fingerprint) {
			if s.met.Again(e.id) {
				s.few = append(s.few, *e)
			}
		})
	}
	slices.SortFunc(s.few, func(a, b fingerprint) int { return cmp.Compare(a.id, b.id) })
	for i := 1; i < len(s.few); i++ {
		if s.few[i].id == s.few[i-1].id && s.few[i].content != s.few[i-1].content {
			return true
		}
	}
	return false
}

// shard folds the timelines of a shard, but for those of subjects of whom nothing is new since an earlier run; kept
// becomes what a later run may go on from.
func (s *sealer) shard(shard int, was, kept *Folded) {
	sh := s.subjects.Shard(shard)
	if len(was.Hashes) > 0 {
		sh.Adopt(was.Hashes, was.Ends, was.IDs)
	}
	ends := s.gather(sh, shard)
	ts := was.timelines(s.policy.Purposes.Len(), sh.Len())
	for i := range sh.Len() {
		fresh := s.sorted[ends[i]:ends[i+1]]
		var until int64
		if len(fresh) == 0 && i < len(was.Until) && was.Until[i] > s.policy.Now && !s.lost(was, i) {
			until = was.Until[i]
		} else {
			s.before(was, i)
			s.events = append(s.events, fresh...)
			until = s.fold(&ts, i)
		}
		if s.keep != nil {
			s.retain(sh, &ts, i, ends, until, was, kept)
		}
	}
	l := &s.ledger.shards[shard]
	l.timelines = ts
	if s.keep != nil {
		kept.shapes(&ts)
		s.retainSeen(shard, was, kept)
	}
	for _, ld := range s.loaders {
		ld.entries[shard], ld.refs[shard], ld.seen[shard] = chunks[entry]{}, chunks[subjectRef]{}, chunks[fingerprint]{}
	}
}

// gather sorts the events of a shard by subject (a counting sort), and its entries of lists.
func (s *sealer) gather(sh *identity.Shard, shard int) (ends []uint32) {
	local := make([][]uint32, len(s.loaders))
	total := 0
	for i, ld := range s.loaders {
		local[i] = make([]uint32, 0, ld.refs[shard].len())
		ld.refs[shard].each(func(r *subjectRef) {
			local[i] = append(local[i], sh.File(r.hash, ld.arena[r.from:r.to]))
		})
		total += ld.entries[shard].len()
	}
	ends = make([]uint32, sh.Len()+1)
	for i, ld := range s.loaders {
		ld.entries[shard].each(func(e *entry) { ends[local[i][e.subject]+1]++ })
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	l := &s.ledger.shards[shard]
	for i, ld := range s.loaders {
		for _, e := range ld.suppressed {
			if e.shard == shard {
				l.listed = append(l.listed, listed{identity.NumberOf(shard, local[i][e.number]), e.pattern})
			}
		}
	}
	slices.SortFunc(l.listed, func(a, b listed) int { return cmp.Compare(a.subject, b.subject) })
	s.sorted = slices.Grow(s.sorted[:0], total)[:total]
	if s.keep != nil {
		s.of = slices.Grow(s.of[:0], total)[:total]
	}
	at := slices.Clone(ends)
	for i, ld := range s.loaders {
		object := ld.objects(func(m *mark) uint32 { return m.entries[shard] })
		ld.entries[shard].each(func(e *entry) {
			place := &at[local[i][e.subject]]
			s.sorted[*place] = e.Event
			if s.keep != nil {
				s.of[*place] = object()
			}
			*place++
		})
	}
	return ends
}

// before makes events those that an earlier run read of a subject and the log still has.
func (s *sealer) before(was *Folded, subject int) {
	s.events = s.events[:0]
	for e := range was.said(subject) {
		if s.earlier.now(was.Of[e]) != Gone {
			s.events = append(s.events, eventOf(was.At[e], was.Words[e]))
		}
	}
}

// lost reports whether the log has no more of a subject all that an earlier run read.
func (s *sealer) lost(was *Folded, subject int) bool {
	if s.gone {
		for e := range was.said(subject) {
			if s.earlier.now(was.Of[e]) == Gone {
				return true
			}
		}
	}
	return false
}

// fold folds the events of a subject, and tells from which instant on it would come to something else by itself.
func (s *sealer) fold(ts *timelines, subject int) (until int64) {
	if len(s.events) == 0 {
		ts.shape[subject], ts.from[subject] = 0, 0
		return math.MaxInt64
	}
	until = math.MaxInt64
	ts.keep(subject, func(purpose int) Timeline {
		t := s.machine.Fold(s.events, purpose)
		until = min(until, s.machine.until())
		return t
	})
	for i := range s.events {
		if s.events[i].At > s.policy.Now { // a denial dated ahead acts at the moment of the run
			return always
		}
	}
	return until
}

// retain keeps a subject with what lasting objects say of it.
func (s *sealer) retain(sh *identity.Shard, ts *timelines, subject int, ends []uint32, until int64, was, kept *Folded) {
	before := len(kept.At)
	for e := range was.said(subject) {
		if of := s.earlier.now(was.Of[e]); of != Gone {
			kept.At, kept.Words, kept.Of = append(kept.At, was.At[e]), append(kept.Words, was.Words[e]), append(kept.Of, of)
		}
	}
	for e := ends[subject]; e < ends[subject+1]; e++ {
		of := s.of[e]
		if !s.lasts(of) {
			until = always
			continue
		}
		kept.At, kept.Words = append(kept.At, s.sorted[e].At), append(kept.Words, s.sorted[e].word())
		kept.Of = append(kept.Of, of)
	}
	if len(kept.At) == before {
		return // nobody whom the log names
	}
	hash, id := sh.At(uint32(subject))
	kept.Hashes, kept.IDs = append(kept.Hashes, hash), append(kept.IDs, id...)
	kept.Ends, kept.Said = append(kept.Ends, uint32(len(kept.IDs))), append(kept.Said, uint32(len(kept.At)))
	kept.Until = append(kept.Until, until)
	if until == always {
		kept.Shape, kept.From = append(kept.Shape, 0), append(kept.From, uint32(len(kept.Begins)))
		return
	}
	kept.take(ts, subject)
}

// lasts reports whether a later run may go on from what was read of an object.
func (s *sealer) lasts(object uint32) bool { return object != Gone && s.lasting[object] }

// retainSeen keeps what was seen of the rows of lasting objects.
func (s *sealer) retainSeen(shard int, was, kept *Folded) {
	was.eachSeen(&s.earlier, kept.seen)
	for _, ld := range s.loaders {
		object := ld.objects(func(m *mark) uint32 { return m.seen[shard] })
		ld.seen[shard].each(func(e *fingerprint) {
			if of := object(); s.lasts(of) {
				kept.seen(of, []uint64{e.id}, []uint64{e.content})
			}
		})
	}
}
