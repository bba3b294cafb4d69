package segments

import (
	"math/bits"
	"slices"

	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// table finds cells by their keys: open addressing, at most half full. Cells of a whole period, and by one value of a
// small number, are found by that.
type table struct {
	keys  []cellKey
	cells []cell
	slots []uint32   // number of a cell, plus one
	near  [][]uint32 // by period: the same by value, those without and the whole period before them
	one   bool       // there is one dimension
}

// nearest is how many numbers of values are found without a look at keys.
const nearest = 1 << 13

// of is the number of a key's cell, a new one if it has none.
func (t *table) of(k cellKey) uint32 {
	at := -1
	switch v := k.values[0]; {
	case v == Total:
		at = 0
	case !t.one:
	case v == fold.Null:
		at = 1
	case v >= 0 && v < nearest:
		at = int(v) + 2
	}
	if at < 0 {
		return t.far(k)
	}
	near := t.near[k.period]
	if near == nil {
		near = make([]uint32, nearest+2)
		t.near[k.period] = near
	}
	if near[at] == 0 {
		t.keys, t.cells = append(t.keys, k), append(t.cells, cell{owner: consent.NoOwner})
		near[at] = uint32(len(t.keys))
	}
	return near[at] - 1
}

// far finds a cell by its key.
func (t *table) far(k cellKey) uint32 {
	if 2*len(t.keys) >= len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	for i := k.hash() & mask; ; i = (i + 1) & mask {
		switch n := t.slots[i]; {
		case n == 0:
			t.keys, t.cells = append(t.keys, k), append(t.cells, cell{owner: consent.NoOwner})
			t.slots[i] = uint32(len(t.keys))
			return uint32(len(t.keys) - 1)
		case t.keys[n-1] == k:
			return n - 1
		}
	}
}

func (t *table) grow() {
	size := 64
	for size < 4*len(t.keys) {
		size *= 2
	}
	t.slots = make([]uint32, size)
	mask := uint64(size - 1)
	for n, k := range t.keys {
		if k.values[0] == Total { // no harm if others that are near stand there
			continue
		}
		i := k.hash() & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(n) + 1
	}
}

func (k *cellKey) hash() uint64 {
	h := uint64(k.period)
	for _, v := range k.values {
		hi, lo := bits.Mul64(h^uint64(v)^0x9e3779b97f4a7c15, 0xe7037ed1a0b428db)
		h = hi ^ lo
	}
	return h
}

// Counted is what one statistic came to. Cells are exact: they must not leave the program as they are.
type Counted struct {
	Periods []Period
	Cells   []Cell // by period, that of the whole period first; only those with a row
}

// Cell is what was counted of one period and combination of values.
type Cell struct {
	Period int
	// Values are one for each dimension, as Reading says, fold.Null for none; all Total in the cell of a whole period of a
	// statistic with dimensions. Topics have their place among the dimension's, a cohort its period, newness New or
	// Returning; in a funnel the one value is the step.
	Values                              []int64
	Visits, Sessions, Devices, Visitors int64
	Seated                              int64 // whose the sessions are: devices or people, whichever are fewer
	Median                              int64 // of a funnel: microseconds from the step before, the lower one of two
}

// Counted returns what the statistics came to, in the order of the plan, once the tally is settled.
func (t *Tally) Counted() []Counted { return t.counts }

// gather adds up what the counters of all workers counted.
func (c *court) gather() []Counted {
	out := make([]Counted, len(c.plan.counts))
	c.each(len(out), func(i int) {
		leaf, which := c.plan.counts[i][0], c.plan.counts[i][1]
		sum := newCounter(&c.plan.leaves[leaf], which)
		for _, p := range c.counters {
			sum.join(p[leaf][which])
		}
		out[i] = sum.counted()
	})
	return out
}

// join takes over what another counter counted, of other devices.
func (c *counter) join(o *counter) {
	number := make([]uint32, len(o.cells.keys))
	for n, k := range o.cells.keys {
		number[n] = c.cells.of(k)
		e, from := &c.cells.cells[number[n]], &o.cells.cells[n]
		e.visits += from.visits
		e.devices += from.devices
		e.alone += from.alone
	}
	for n := range o.sittings {
		for int(number[n]) >= len(c.sittings) {
			c.sittings = append(c.sittings, sittings{})
		}
		c.sittings[number[n]].sessions += o.sittings[n].sessions
	}
	for n := range o.steps {
		for int(number[n]) >= len(c.steps) {
			c.steps = append(c.steps, nil)
		}
		c.steps[number[n]] = append(c.steps[number[n]], o.steps[n]...)
	}
	for _, p := range o.pairs {
		c.pairs = append(c.pairs, pair{number[p.cell], p.owner})
	}
}

// counted are the cells in order, with customers counted once.
func (c *counter) counted() Counted {
	slices.SortFunc(c.pairs, func(a, b pair) int {
		if a.cell != b.cell {
			return int(a.cell) - int(b.cell)
		}
		return int(a.owner) - int(b.owner)
	})
	for _, p := range slices.Compact(c.pairs) {
		c.cells.cells[p.cell].alone++
	}
	n := len(c.counting.By)
	if c.condition.Sequence != nil {
		n = 1
	}
	out := Counted{Periods: c.counting.periods}
	at := map[cellKey]int{} // where a cell stands, if sessions are counted
	for i, k := range c.cells.keys {
		e := &c.cells.cells[i]
		sessions := k.period >= int64(len(out.Periods))
		if sessions {
			k.period -= int64(len(out.Periods))
		}
		to, there := at[k]
		if !there {
			to = len(out.Cells)
			out.Cells = append(out.Cells, Cell{Period: int(k.period), Values: slices.Clone(k.values[:n])})
			if len(c.sittings) > 0 {
				at[k] = to
			}
		}
		x := &out.Cells[to]
		if sessions {
			x.Sessions, x.Seated = c.sittings[i].sessions, min(int64(e.devices), int64(e.alone))
			continue
		}
		x.Visits, x.Devices, x.Visitors = e.visits, int64(e.devices), int64(e.alone)
		if i < len(c.steps) {
			took := c.steps[i]
			slices.Sort(took)
			x.Median = took[(len(took)-1)/2]
		}
	}
	return out
}
