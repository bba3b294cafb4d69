package segments

import (
	"github.com/malgrupp/malgrupp/rules/fold"
)

// partition folds the rows of one partition: views, then the rows of every condition, then verdicts.
type partition struct {
	plan    *Plan
	part    uint32 // its number
	lanes   []*Lane
	orders  bool
	ordered ordered
	views   views
	rows    []rows          // by leaf
	leaves  []fold.Verdicts // by leaf
	ranks   []fold.Ranks
	masks   []fold.Bits // by use: the views through which it sees somebody
	folds   []fold.Fold
	ranker  []fold.Ranker
	counter [][]*counter // of statistics
}

func newPartition(p *Plan, lanes []*Lane) *partition {
	n := len(p.leaves)
	t := &partition{
		plan: p, lanes: lanes, orders: p.orders(),
		rows: make([]rows, n), leaves: make([]fold.Verdicts, n), ranks: make([]fold.Ranks, n),
	}
	t.folds, t.ranker, t.counter = make([]fold.Fold, n), make([]fold.Ranker, n), make([][]*counter, n)
	for i := range p.leaves {
		l := &p.leaves[i]
		t.rows[i].leaf, t.rows[i].values = l, p.fixedWords()-1
		if l.counting != nil {
			for k := range l.counting {
				t.counter[i] = append(t.counter[i], newCounter(l, k))
			}
		} else if l.rank {
			t.ranker[i] = l.verb.Rank(l.condition, l.setting)
		} else {
			t.folds[i] = l.verb.New(l.condition, l.setting)
		}
	}
	return t
}

// fold leaves the verdicts of every condition in t.leaves; subjects is the bound of the run's subject numbers.
func (t *partition) fold(part uint32, subjects int) {
	t.part = part
	locals := (subjects + parts - 1) >> partBits
	all := uint32(1)<<t.plan.uses - 1
	t.views.number(locals, part, all, t.splits(part, all))
	for i := range t.rows {
		t.rows[i].reset(len(t.views.subject))
	}
	t.deal(part, locals)
	for i := range t.plan.leaves {
		t.judge(i)
	}
	t.masks = t.masks[:0]
	for use := range t.plan.uses {
		t.masks = append(t.masks, t.mask(use))
	}
}

// splits finds the people whom uses see differently: some use was refused a row that another was given.
func (t *partition) splits(part, all uint32) split {
	s := split{}
	for _, l := range t.lanes {
		partial := false
		for _, k := range l.kinds {
			partial = partial || k.uses != k.asked
		}
		if !partial {
			continue
		}
		for word := range l.words(part) {
			subject, k := unpack(word)
			if kind := &l.kinds[k]; kind.uses != kind.asked {
				s.part(subject>>partBits, kind.asked&^kind.uses, all)
			}
		}
	}
	return s
}

// words yields the first word of every record.
func (l *Lane) words(part uint32) func(yield func(int64) bool) {
	stride := l.plan.stride()
	return func(yield func(int64) bool) {
		for c := range l.narrow[part].chunks {
			for _, w := range c {
				if !yield(w) {
					return
				}
			}
		}
		for c := range l.wide[part].chunks {
			for ; len(c) > 0; c = c[stride:] {
				if !yield(c[0]) {
					return
				}
			}
		}
	}
}

// deal gives the rows to the conditions that want them, once per view that sees them.
func (t *partition) deal(part uint32, locals int) {
	stride := t.plan.stride()
	for _, l := range t.lanes {
		for c := range l.narrow[part].chunks {
			for _, w := range c {
				t.hand(l, w, nil)
			}
		}
		for c := range l.wide[part].chunks {
			for ; len(c) > 0 && !t.orders; c = c[stride:] {
				t.hand(l, c[0], c[1:stride])
			}
		}
	}
	if t.orders {
		t.ordered.each(t.lanes, part, locals, stride, func(r *wideRecord) { t.hand(r.lane, r.words[0], r.words[1:]) })
	}
}

// hand gives one row to its conditions. record holds time, device and values where the row carries them.
func (t *partition) hand(l *Lane, word int64, record []int64) {
	subject, k := unpack(word)
	kind := &l.kinds[k]
	local := subject >> partBits
	for view := t.views.first[local]; view < t.views.first[local+1]; view++ {
		if t.views.uses[view]&kind.uses == 0 {
			continue
		}
		t.views.seen[view] |= kind.uses & t.views.uses[view]
		for _, g := range kind.goals {
			if t.plan.leaves[g.leaf].uses&kind.uses&t.views.uses[view] != 0 {
				t.rows[g.leaf].add(view, g.parts, record)
			}
		}
	}
}

func (t *partition) judge(i int) {
	n := len(t.views.subject)
	if t.counter[i] != nil {
		t.rows[i].ready()
		for _, c := range t.counter[i] {
			c.count(&t.rows[i], t.views.subject)
		}
		return
	}
	if t.ranker[i] != nil {
		r := &t.ranks[i]
		if len(r.Value) < n {
			r.Value, r.Has = make([]fold.Int128, n), fold.NewBits(n)
		}
		r.Has.Reset()
		t.ranker[i].Rank(t.rows[i].ready(), *r)
		return
	}
	if len(t.leaves[i].True) != (n+63)/64 {
		t.leaves[i] = fold.NewVerdicts(n)
	}
	t.leaves[i].Reset()
	t.folds[i].Fold(t.rows[i].ready(), t.leaves[i])
}
