package segments

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Tally gathers admitted rows and settles them into audiences.
type Tally struct {
	plan    *Plan
	lanes   []*Lane
	counted bool
	sample  *Sample
	traced  *uint32                            // subject whose conditions are kept; nil: nobody asked
	since   map[int]func(subject uint32) int64 // by use: from when on all rows of somebody may be seen; nil: nobody asked
	counts  []Counted
}

// Names says what numbers stand for; statistics need it.
func (t *Tally) Names(n Names) { t.plan.names = n }

// NewTally returns an empty tally for the plan.
func NewTally(p *Plan) *Tally { return &Tally{plan: p} }

// Lane returns a new lane, one for each door; lanes are made before the workers start.
func (t *Tally) Lane() *Lane {
	l := &Lane{plan: t.plan}
	t.lanes = append(t.lanes, l)
	return l
}

// candidate is somebody who qualified. There are millions: what orders him is known only where somebody asks.
type candidate struct {
	subject uint32
	hidden  bool // he rests on what consent hides
	*rank
}

// rank is what orders a candidate.
type rank struct {
	top, cap   fold.Int128
	hasTop     bool
	hasCap     bool
	name       string
	tie        uint64
	tieIsKnown bool
}

// ranked gives a candidate a rank, unless he has one.
func (k *candidate) ranked() *rank {
	if k.rank == nil {
		k.rank = &rank{}
	}
	return k.rank
}

// settled is what one segment came to for one use.
type settled struct {
	qualified []candidate
	beyond    []candidate // qualified, but beyond top
	stayers   []candidate // qualified at an earlier run and may stay
	today     []candidate // of a segment in which people stay: those who qualify without it
	undecided [3][]uint32 // by undecided kind: subjects
	absent    []absence
	breakdown *Breakdown
	trace     *Breakdown
}

// The kinds of undecided verdict.
const (
	waiting = iota
	unknowing
	valueless
)

// court holds the folded partitions while segments are decided in dependency order.
type court struct {
	plan     *Plan
	roll     consent.Roll
	subjects int
	workers  int
	kept     []*partition // by partition; only where some segment depends on another
	mu       sync.Mutex
	results  map[[2]int]*settled      // by segment and use
	refs     map[[3]int]fold.Verdicts // by partition, segment and use: what in_segment reads
	explain  []*explainer             // by segment; nil where nobody asked
	counted  bool
	traced   *uint32
	sample   *Sample
	since    map[int]func(subject uint32) int64
	unsure   map[[3]int]fold.Verdicts // as refs, with everything doubtful that is hidden
	counters [][][]*counter           // by folding worker, then leaf, then statistic
}

// Settle folds all lanes and decides every segment for each of its uses, with that many workers. The roll names the
// people; it must come from the gate whose batches the lanes hold. The audiences are in the order of the requests, uses
// ascending. The tally is spent afterwards.
func (t *Tally) Settle(workers int, roll consent.Roll) []Audience {
	c := &court{
		plan: t.plan, roll: roll, subjects: roll.Bound(), workers: max(1, workers), counted: t.counted, traced: t.traced,
		sample: t.sample, since: t.since, results: map[[2]int]*settled{}, refs: map[[3]int]fold.Verdicts{},
		unsure: map[[3]int]fold.Verdicts{},
	}
	dependent := slices.ContainsFunc(t.plan.segments, func(s planned) bool { return s.dependent })
	if dependent {
		c.kept = make([]*partition, parts)
	}
	c.explain = make([]*explainer, len(t.plan.segments))
	for i := range t.plan.segments {
		if t.counted || t.traced != nil || t.plan.segments[i].absent {
			c.explain[i] = newExplainer(&t.plan.segments[i])
		}
	}
	c.foldAll(t.lanes, dependent)
	t.counts = c.gather()
	for i := range t.plan.segments {
		if t.plan.segments[i].dependent {
			c.judgeDependent(i)
		}
	}
	for i := range t.plan.segments {
		c.finish(i)
	}
	c.exclude()
	var out []Audience
	var from []int // by audience: its segment in the plan
	for i := range t.plan.segments {
		s := &t.plan.segments[i]
		for _, u := range s.uses {
			out, from = append(out, Audience{segment: s.Segment, world: s.world, use: u}), append(from, i)
		}
	}
	c.each(len(out), func(i int) {
		a := &out[i]
		c.populate(a, from[i], c.results[[2]int{from[i], a.use}])
	})
	return out
}

// each runs f for 0..n-1 on the court's workers.
func (c *court) each(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(c.workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// foldAll folds every partition and at once decides the segments that depend on no other.
func (c *court) foldAll(lanes []*Lane, keep bool) {
	pool := sync.Pool{New: func() any { return c.partition(lanes) }}
	c.each(parts, func(i int) {
		var p *partition
		if keep {
			p = c.partition(lanes)
			c.kept[i] = p
		} else {
			p = pool.Get().(*partition)
			defer pool.Put(p)
		}
		p.fold(uint32(i), c.subjects)
		c.draw(p)
		for s := range c.plan.segments {
			if !c.plan.segments[s].dependent {
				c.judge(s, p, nil)
			}
		}
		if keep {
			p.rows, p.folds, p.ranker = nil, nil, nil
		}
	})
}

// partition makes what one worker folds with; its counters count whatever partitions it is used for.
func (c *court) partition(lanes []*Lane) *partition {
	p := newPartition(c.plan, lanes)
	c.mu.Lock()
	c.counters = append(c.counters, p.counter)
	c.mu.Unlock()
	return p
}

// judgeDependent decides a segment that others refer to or that refers to others; those it refers to are decided.
func (c *court) judgeDependent(s int) {
	c.each(parts, func(i int) {
		c.judge(s, c.kept[i], func(segment, use int) fold.Verdicts {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.refs[[3]int{i, segment, use}]
		})
	})
	seg := &c.plan.segments[s]
	for _, u := range seg.uses {
		r := c.results[[2]int{s, u}]
		if r == nil {
			r = &settled{}
			c.results[[2]int{s, u}] = r
		}
		c.top(seg, u, r)
		r.remain(seg)
		c.publish(s, u, r)
		c.unsureReferences(s, u)
	}
}

// finish takes the steps of a segment that others do not depend on, up to who stays.
func (c *court) finish(s int) {
	seg := &c.plan.segments[s]
	for _, u := range seg.uses {
		if r := c.results[[2]int{s, u}]; r != nil && !seg.dependent {
			c.top(seg, u, r)
			r.remain(seg)
		}
	}
}

// judge decides one segment for the people of one partition.
func (c *court) judge(s int, p *partition, references func(segment, use int) fold.Verdicts) {
	seg := &c.plan.segments[s]
	for at, u := range seg.uses {
		refs := func(segment int) fold.Verdicts { return references(segment, u) }
		var got settled
		x := c.explain[s]
		if c.counted {
			got.breakdown = x.breakdown()
		}
		if c.traced != nil {
			got.trace = x.trace(p, *c.traced, u, refs)
		}
		mask, d := p.masks[u], c.unsureOf(s, u, p, refs)
		for i := range mask {
			if mask[i] == 0 {
				continue
			}
			v := people{i, p.leaves, refs}
			if c.counted {
				x.count(got.breakdown, v, mask[i])
			}
			w, free := seg.verdict(i, p.leaves, refs)
			notIn, notFree := d.doubt(seg, i)
			if seg.stay != nil {
				for b := p.leaves[seg.stay[at]].True[i] & free & mask[i]; b != 0; b &= b - 1 {
					got.stayers = append(got.stayers, p.candidate(seg, uint32(i*64+bits.TrailingZeros64(b)), b&-b&notFree != 0))
				}
			}
			if seg.absent {
				got.absent = append(got.absent, x.absences(p.views.subject, v, mask[i]&^w.True)...)
			}
			for b := w.True & mask[i]; b != 0; b &= b - 1 {
				got.qualified = append(got.qualified, p.candidate(seg, uint32(i*64+bits.TrailingZeros64(b)), b&-b&notIn != 0))
			}
			for kind, undecided := range [3]uint64{w.Wait, w.Unknown, w.NoValue} {
				for b := undecided & mask[i]; b != 0; b &= b - 1 {
					got.undecided[kind] = append(got.undecided[kind], p.views.subject[i*64+bits.TrailingZeros64(b)])
				}
			}
		}
		if d != nil && seg.dependent {
			c.mu.Lock()
			c.unsure[[3]int{int(p.part), s, u}] = d.came
			c.mu.Unlock()
		}
		c.merge(s, u, &got)
	}
}

func (c *court) merge(s, u int, got *settled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.results[[2]int{s, u}]
	if r == nil {
		r = &settled{breakdown: got.breakdown}
		c.results[[2]int{s, u}] = r
	} else {
		if r.breakdown == nil {
			r.breakdown = got.breakdown
		} else if got.breakdown != nil {
			r.breakdown.add(got.breakdown)
		}
	}
	if got.trace != nil {
		r.trace = got.trace
	}
	r.qualified = append(r.qualified, got.qualified...)
	r.stayers = append(r.stayers, got.stayers...)
	r.absent = append(r.absent, got.absent...)
	for k := range r.undecided {
		r.undecided[k] = append(r.undecided[k], got.undecided[k]...)
	}
}

// mask is the set of views through which a use sees somebody.
func (p *partition) mask(use int) fold.Bits {
	m := fold.NewBits(len(p.views.subject))
	for v, uses := range p.views.uses {
		if uses&p.views.seen[v]>>use&1 != 0 {
			m.Set(uint32(v))
		}
	}
	return m
}

func (p *partition) candidate(seg *planned, view uint32, hidden bool) candidate {
	c := candidate{subject: p.views.subject[view], hidden: hidden}
	if seg.topBy >= 0 {
		c.ranked()
		c.top, c.hasTop = p.ranks[seg.topBy].Value[view], p.ranks[seg.topBy].Has.Has(view)
	}
	if seg.capBy >= 0 {
		c.ranked()
		c.cap, c.hasCap = p.ranks[seg.capBy].Value[view], p.ranks[seg.capBy].Has.Has(view)
	}
	return c
}

// publish makes the verdicts that in_segment reads: the qualified set after top, before holdout, cap and minimum size;
// what is undecided there is undecided here.
func (c *court) publish(s, use int, r *settled) {
	byPart := make([]fold.Verdicts, parts)
	for i := range byPart {
		byPart[i] = fold.NewVerdicts(len(c.kept[i].views.subject))
		c.refs[[3]int{i, s, use}] = byPart[i]
	}
	set := func(subject uint32, plane func(fold.Verdicts) fold.Bits) {
		part := subject & (parts - 1)
		if view, ok := c.kept[part].views.of(subject>>partBits, use); ok {
			plane(byPart[part]).Set(view)
		}
	}
	for i := range r.qualified {
		set(r.qualified[i].subject, func(v fold.Verdicts) fold.Bits { return v.True })
	}
	for kind, plane := range [3]func(fold.Verdicts) fold.Bits{
		func(v fold.Verdicts) fold.Bits { return v.Wait },
		func(v fold.Verdicts) fold.Bits { return v.Unknown },
		func(v fold.Verdicts) fold.Bits { return v.NoValue },
	} {
		for _, subject := range r.undecided[kind] {
			set(subject, plane)
		}
	}
}

// of returns the view through which a use sees a local subject.
func (v *views) of(local uint32, use int) (uint32, bool) {
	for view := v.first[local]; view < v.first[local+1]; view++ {
		if v.uses[view]>>use&1 != 0 {
			return view, true
		}
	}
	return 0, false
}
