package segments

import (
	"math"
	"math/bits"

	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// most is the most dimensions of a statistic.
const mostDimensions = 3

// Total stands in the place of all values of a cell that is of a whole period.
const Total = fold.Null + 1

var total = [mostDimensions]int64{Total, Total, Total}

// What the dimension newness says.
const (
	Returning = iota
	New
)

// cellKey says what is counted in a cell. Sessions, and whose they are, have cells of their own, whose period is
// as many higher as there are periods: they begin elsewhere than their rows lie.
type cellKey struct {
	period int64
	values [mostDimensions]int64
}

// cell is what was counted of one key so far. A device's rows come together, so who was counted last is enough to tell
// devices apart. There are many cells, and each row looks at one or two: what few statistics need lies elsewhere.
type cell struct {
	visits                int64
	devices               uint32
	alone                 uint32 // people who are known as devices only
	device, person, owner uint32 // who was counted last
}

// sittings are the sessions of a cell, and which was counted last.
type sittings struct{ sessions, last int64 }

// pair is a customer in a cell; it may be met on several devices.
type pair struct{ cell, owner uint32 }

// counter counts one statistic, partition by partition; a device's rows are in one. What several counters counted is
// added up.
type counter struct {
	*leaf
	counting *counting
	cells    table
	sittings []sittings // by cell, as far as sessions were counted
	steps    [][]int64  // by cell of a funnel: how long each device took for the step
	pairs    []pair
	last     int64 // the number of the last session
}

func newCounter(l *leaf, which int) *counter {
	c := &counter{leaf: l, counting: l.counting[which]}
	c.cells.near, c.cells.one = make([][]uint32, 2*len(c.counting.periods)), len(c.counting.By) == 1
	return c
}

// count takes the rows of a partition, device by device; subjects are the devices by their number in the rows.
func (c *counter) count(r *rows, subjects []uint32) {
	for from := 0; from < len(r.Subject); {
		to := from + 1
		for to < len(r.Subject) && r.Subject[to] == r.Subject[from] {
			to++
		}
		device := subjects[r.Subject[from]] + 1
		switch {
		case c.counting.plain():
			c.rows(r, device, from, to)
		case c.condition.Sequence != nil:
			c.funnel(r, device, from, to)
		default:
			c.device(r, device, from, to)
		}
		from = to
	}
	if n := len(r.Session); n > 0 {
		c.last += int64(r.Session[n-1]) + 1
	}
}

// rows counts the rows of one device where each says by itself where it is counted.
func (c *counter) rows(r *rows, device uint32, from, to int) {
	near := 0
	for i := from; i < to; i++ {
		if near = c.counting.period(&c.setting, r.Time[i], near); near < 0 {
			near = 0
			continue
		}
		k := cellKey{period: int64(near)}
		if dims := c.counting.dims; len(dims) > 0 {
			k.values = total
			c.visit(c.cells.of(k), device, uint32(r.owner[i]))
			for d, at := range dims {
				k.values[d] = r.dims[at][i]
			}
			clear(k.values[len(dims):])
		}
		c.visit(c.cells.of(k), device, uint32(r.owner[i]))
	}
}

// device counts the rows of one device.
func (c *counter) device(r *rows, device uint32, from, to int) {
	first := -1
	if c.counting.Since() {
		at := int64(math.MaxInt64)
		for i := from; i < to; i++ {
			if r.Time[i] >= c.setting.From && c.counts(r, i) {
				at = min(at, r.Time[i])
			}
		}
		first = c.counting.period(&c.setting, at, 0)
	}
	for lo := from; lo < to; {
		hi := to
		if len(r.Session) > 0 {
			for hi = lo + 1; hi < to && r.Session[hi] == r.Session[lo]; hi++ {
			}
		}
		c.sitting(r, device, lo, hi, first)
		lo = hi
	}
}

// counts reports whether a row is one that is counted, and not only one that makes a session what it is.
func (c *counter) counts(r *rows, i int) bool { return len(r.Parts) == 0 || r.Parts[i]>>counted&1 != 0 }

// sitting counts the rows of one session, or of one device where sessions are no matter.
func (c *counter) sitting(r *rows, device uint32, lo, hi, first int) {
	begin := 0
	for begin = lo; begin < hi && !c.counts(r, begin); begin++ {
	}
	if begin == hi {
		return
	}
	end := hi - 1
	for !c.counts(r, end) {
		end--
	}
	session, within := int64(-1), -1
	if len(r.Session) > 0 {
		session, within = c.last+int64(r.Session[lo])+1, c.counting.period(&c.setting, r.Time[lo], 0)
	}
	near := 0
	for i := begin; i <= end; {
		next := i + 1
		for next <= end && !c.counts(r, next) {
			next++
		}
		at := c.counting.period(&c.setting, r.Time[i], near)
		if at >= 0 {
			near = at
		}
		row := place{r: r, i: i, begin: begin, end: end, next: next, device: device, session: session, first: first}
		if at >= 0 {
			c.row(&row, at, true, at == within)
		}
		if within >= 0 && at != within {
			c.row(&row, within, false, true)
		}
		i = next
	}
}

// place is a row that is counted, and where it stands among the counted rows of its session.
type place struct {
	r                   *rows
	i, begin, end, next int
	device              uint32
	session             int64
	first               int // the period in which the device was seen first
}

// row counts a row, its session or both in a period: in the cell of its values, or those of all its topics, and in that
// of the period as a whole.
func (c *counter) row(w *place, period int, visit, session bool) {
	if len(c.counting.By) == 0 {
		c.add(w, cellKey{period: int64(period)}, visit, session)
		return
	}
	c.add(w, cellKey{int64(period), total}, visit, session)
	k := cellKey{int64(period), c.values(w, period)}
	if c.counting.topic < 0 {
		c.add(w, k, visit, session)
		return
	}
	for topics := w.r.Parts[w.i] >> c.counting.topics; topics != 0; topics &= topics - 1 {
		k.values[c.counting.topic] = int64(bits.TrailingZeros32(topics))
		c.add(w, k, visit, session)
	}
}

// values are what the row is counted by.
func (c *counter) values(w *place, at int) (out [mostDimensions]int64) {
	for d := range c.counting.By {
		var column []int64
		if at := c.counting.dims[d]; at >= 0 {
			column = w.r.dims[at]
		}
		switch c.counting.By[d].Kind {
		case "":
			out[d] = column[w.i]
		case "entry":
			out[d] = column[w.begin]
		case "exit":
			out[d] = column[w.end]
		case "next":
			if out[d] = fold.Null; w.next <= w.end {
				out[d] = column[w.next]
			}
		case "newness":
			if out[d] = Returning; at == w.first {
				out[d] = New
			}
		case "cohort":
			out[d] = int64(w.first)
		}
	}
	return out
}

// add counts a row, its session or both in one cell.
func (c *counter) add(w *place, k cellKey, visit, session bool) {
	if visit {
		c.visit(c.cells.of(k), w.device, uint32(w.r.owner[w.i]))
	}
	if session {
		k.period += int64(len(c.counting.periods))
		n := c.cells.of(k)
		c.visit(n, w.device, uint32(w.r.owner[w.i]))
		for int(n) >= len(c.sittings) {
			c.sittings = append(c.sittings, sittings{})
		}
		if s := &c.sittings[n]; s.last != w.session {
			s.last = w.session
			s.sessions++
		}
	}
}

// visit counts a row in a cell, and whose it is: the customer's where one is known, else the device's.
func (c *counter) visit(n, device, owner uint32) {
	e := &c.cells.cells[n]
	e.visits++
	if e.device != device {
		e.device = device
		e.devices++
	}
	switch {
	case owner == consent.NoOwner && e.person != device:
		e.person = device
		e.alone++
	case owner != consent.NoOwner && e.owner != owner:
		e.owner = owner
		c.pairs = append(c.pairs, pair{n, owner})
	}
}

// funnel follows the steps on one device: each as soon as it can be after the one before, anew for each period in which
// the first was done.
func (c *counter) funnel(r *rows, device uint32, from, to int) {
	steps := len(c.parts)
	var times, owners [32]int64
	for lo := from; lo < to; lo++ {
		if r.Parts[lo]&1 == 0 {
			continue
		}
		period := c.counting.period(&c.setting, r.Time[lo], 0)
		reached, i := 0, lo
		for reached < steps {
			for i < to && (r.Parts[i]>>reached&1 == 0 || reached > 0 && r.Time[i] <= times[reached-1]) {
				i++
			}
			if i == to {
				break
			}
			times[reached], owners[reached] = r.Time[i], c.ownerAt(r, i, to, reached)
			reached++
		}
		owner := int64(consent.NoOwner)
		for k := reached - 1; k >= 0; k-- {
			if owners[k] != consent.NoOwner {
				owner = owners[k]
			}
		}
		for k := range reached {
			n := c.cells.of(cellKey{int64(period), [mostDimensions]int64{int64(k)}})
			for int(n) >= len(c.steps) {
				c.steps = append(c.steps, nil)
			}
			took := int64(0)
			if k > 0 {
				took = times[k] - times[k-1]
			}
			c.steps[n] = append(c.steps[n], took)
			c.visit(n, device, uint32(owner))
		}
		for lo+1 < to && r.Time[lo+1] < c.counting.periods[period].Before { // one way a period
			lo++
		}
	}
}

// ownerAt is whose a step is that is done at the time of row i: nobody's where rows of that time disagree.
func (c *counter) ownerAt(r *rows, i, to, step int) int64 {
	owner := r.owner[i]
	for k := i + 1; k < to && r.Time[k] == r.Time[i]; k++ {
		if r.Parts[k]>>step&1 != 0 && r.owner[k] != owner {
			return consent.NoOwner
		}
	}
	return owner
}
