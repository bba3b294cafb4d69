package scan

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// unwanted marks a (state, slot) in which no condition is open.
const unwanted = pending - 1

// Worker scans row groups one after another with buffers of its own.
type Worker struct {
	s       *Scanner
	st      *states
	values  []textClasses // by program column: classes of text values seen so far
	sel     []uint32      // rows still alive
	state   []uint32      // their states, later their classes
	truths  [][]value.Truth
	classes evidence.Classes
	classOf [][]uint32 // by state, then slot
	block   evidence.Block
	devices numberer
	custs   numberer
	metrics []metricColumn
	needs   [][]bool // by value, then class: some condition reads the value
	counts  Counts
	keep    *keeping // nil: nothing is kept

	oversizedIn []string
}

// Worker returns a worker for one goroutine.
func (s *Scanner) Worker() *Worker {
	w := &Worker{s: s, st: newStates(s.program), values: make([]textClasses, len(s.program.columns))}
	w.truths = make([][]value.Truth, len(s.program.tests))
	w.classes.Words = (len(s.plan.Picks) + 63) / 64
	w.block = evidence.Block{Classes: &w.classes, Partner: s.partner, Values: make([][]int64, len(s.plan.Values))}
	w.devices = numberer{subjects: s.subjects, blocked: s.plan.Blocked}
	w.custs = w.devices
	w.custs.customer, w.custs.file = true, s.plan.Customers
	w.metrics, w.needs = make([]metricColumn, len(s.plan.Values)), make([][]bool, len(s.plan.Values))
	for i, v := range s.plan.Values {
		w.metrics[i] = newMetricColumn(v, s.names)
	}
	return w
}

// Counts returns what the worker has counted so far.
func (w *Worker) Counts() Counts {
	c := w.counts
	c.UnwritableDevice, c.UnwritableCustomer = w.devices.unwritten, w.custs.unwritten
	return c
}

// Row is the row of the row group behind row i of the last block.
func (w *Worker) Row(i int) uint32 { return w.sel[i] }

// OversizedIn returns the names, sorted, of the columns that held the oversized values.
func (w *Worker) OversizedIn() []string { return w.oversizedIn }

// Scan returns the evidence of a row group; copies are the rows (ascending) that are copies of earlier ones. The block
// is valid until the next call and may be empty.
func (w *Worker) Scan(g RowGroup, copies []uint32) (*evidence.Block, error) {
	w.block.Class = w.block.Class[:0]
	w.counts.Rows += int64(g.Rows())
	if w.keep != nil {
		w.keep.begin()
	}
	skip, err := w.bounds(g)
	if skip || err != nil {
		return &w.block, err
	}
	if err := w.sieve(g, copies); err != nil {
		return &w.block, err
	}
	if w.keep != nil {
		w.keep.clean = w.keep.clean && len(g.Oversized()) == 0
	}
	return &w.block, w.countOversized(g)
}

// sieve fills the block with the rows that some condition wants.
func (w *Worker) sieve(g RowGroup, copies []uint32) error {
	if err := w.match(g); err != nil || len(w.sel) == 0 {
		return err
	}
	return w.judge(g, func() error {
		if len(copies) > 0 {
			w.uncopy(func(row uint32) bool { _, copied := slices.BinarySearch(copies, row); return copied })
		}
		return nil
	})
}

// judge fills the block with the matched rows that lie in a window and count.
func (w *Worker) judge(g RowGroup, uncopy func() error) error {
	if err := w.when(g); err != nil || len(w.sel) == 0 {
		return err
	}
	if err := w.arrived(g); err != nil {
		return err
	}
	if err := uncopy(); err != nil || len(w.sel) == 0 {
		return err
	}
	if err := w.who(g); err != nil {
		return err
	}
	if err := w.metric(g); err != nil {
		return err
	}
	w.drop(g.Oversized())
	w.block.Class = append(w.block.Class, w.state...)
	w.counts.Wanted += int64(len(w.sel))
	return nil
}

// match runs the picks' tests column by column, the most deciding first, and keeps the rows that are still alive.
func (w *Worker) match(g RowGroup) error {
	done, err := w.first(g)
	if err != nil {
		return err
	}
	for c := range w.s.program.columns[done:] {
		c += done
		if len(w.sel) == 0 {
			return nil
		}
		col := &w.s.program.columns[c]
		switch _, ok := w.s.schema.Column(col.name); {
		case !ok:
			w.absent(c)
		case col.text:
			err = w.matchText(g, c)
		default:
			err = w.matchNumbers(g, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// first selects the rows of a row group: all of them, or, where the first column is text (it nearly always is), those
// that its values keep. There every row is in the same state, so the next state depends on the value alone. It returns
// how many columns are dealt with.
func (w *Worker) first(g RowGroup) (done int, err error) {
	n := g.Rows()
	w.sel, w.state = grow(w.sel, n), grow(w.state, n)
	columns := w.s.program.columns
	if len(columns) == 0 || !columns[0].text {
		w.all()
		return 0, nil
	}
	if _, ok := w.s.schema.Column(columns[0].name); !ok {
		w.all()
		return 0, nil
	}
	a, err := g.Column(columns[0].name)
	if err != nil {
		return 0, err
	}
	d := a.(*array.Dictionary)
	next := w.values[0].all(w, 0, d.Dictionary().(*array.String))
	kept := 0
	for i, code := range d.Indices().(*array.Int32).Int32Values() {
		s := next[code]
		w.sel[kept], w.state[kept] = uint32(i), s
		if s != dead {
			kept++
		}
	}
	w.sel, w.state = w.sel[:kept], w.state[:kept]
	return 1, nil
}

// all selects every row.
func (w *Worker) all() {
	for i := range w.sel {
		w.sel[i], w.state[i] = uint32(i), w.st.start
	}
}

// absent treats a column that the source's schema lacks: null in every row (docs/language.md, Missing values).
func (w *Worker) absent(c int) {
	null := w.null(c)
	w.advance(c, func(int, uint32) uint32 { return null })
}

// advance moves every selected row to its next state and drops the dead.
func (w *Worker) advance(c int, class func(i int, row uint32) uint32) {
	n := 0
	for i, r := range w.sel {
		s := w.st.next(c, w.state[i], class(i, r))
		w.sel[n], w.state[n] = r, s
		if s != dead {
			n++
		}
	}
	w.sel, w.state = w.sel[:n], w.state[:n]
}

func (w *Worker) matchText(g RowGroup, c int) error {
	a, err := g.Column(w.s.program.columns[c].name)
	if err != nil {
		return err
	}
	d := a.(*array.Dictionary)
	codes := d.Indices().(*array.Int32).Int32Values()
	classes := w.values[c].of(w, c, d.Dictionary().(*array.String), codes, w.sel)
	next := w.st.classes[c].next
	n := 0
	for i, r := range w.sel {
		class, state := classes[codes[r]], w.state[i]
		s := pending
		if int(state) < len(next) && int(class) < len(next[state]) {
			s = next[state][class]
		}
		if s == pending {
			s = w.st.next(c, state, class)
			next = w.st.classes[c].next
		}
		w.sel[n], w.state[n] = r, s
		if s != dead {
			n++
		}
	}
	w.sel, w.state = w.sel[:n], w.state[:n]
	return nil
}

// matchNumbers tests every selected row; equal combinations of truths in neighbouring rows share the look-up.
func (w *Worker) matchNumbers(g RowGroup, c int) error {
	col := &w.s.program.columns[c]
	a, err := g.Column(col.name)
	if err != nil {
		return err
	}
	for _, t := range col.tests {
		w.truths[t] = grow(w.truths[t], len(w.sel))
		if err := w.s.program.tests[t].kernel.Rows(a, w.sel, w.truths[t]); err != nil {
			return err
		}
	}
	last, class := -1, uint32(0)
	w.advance(c, func(i int, _ uint32) uint32 {
		if last < 0 || !w.same(col.tests, last, i) {
			class = w.st.class(c, func(t int) value.Truth { return w.truths[t][i] })
		}
		last = i
		return class
	})
	return nil
}

func (w *Worker) same(tests []int, i, j int) bool {
	for _, t := range tests {
		if w.truths[t][i] != w.truths[t][j] {
			return false
		}
	}
	return true
}

// when reads the time of the selected rows and turns (state, window slot) into classes.
func (w *Worker) when(g RowGroup) error {
	a, err := g.Column(w.s.roles[rules.RoleEventTime])
	if err != nil {
		return err
	}
	times := a.(*array.Timestamp)
	v := times.TimestampValues()
	w.block.Time = grow(w.block.Time, len(w.sel))
	n := 0
	for i, r := range w.sel {
		t := int64(v[r])
		if t < earliest || times.NullN() > 0 && times.IsNull(int(r)) {
			continue
		}
		slot := w.slot(t)
		if w.keep != nil {
			w.keep.note(w, r, w.state[i], slot)
		}
		class := w.class(w.state[i], slot)
		w.sel[n], w.state[n], w.block.Time[n] = r, class, t
		if class != unwanted {
			n++
		}
	}
	w.cut(n)
	return nil
}

// slot is the window slot of a time.
func (w *Worker) slot(t int64) (slot int) {
	for _, e := range w.s.plan.Edges {
		if t < e {
			break
		}
		slot++
	}
	return slot
}

// class returns the evidence class of a state in a slot, or unwanted.
func (w *Worker) class(state uint32, slot int) uint32 {
	if int(state) < len(w.classOf) && w.classOf[state] != nil {
		if c := w.classOf[state][slot]; c != pending {
			return c
		}
	}
	return w.newClass(state, slot)
}

func (w *Worker) newClass(state uint32, slot int) uint32 {
	for int(state) >= len(w.classOf) {
		w.classOf = append(w.classOf, nil)
	}
	if w.classOf[state] == nil {
		w.classOf[state] = slices.Repeat([]uint32{pending}, len(w.s.plan.Edges)+1)
	}
	class, alive := uint32(w.classes.Len()), uint64(0)
	for i, live := range w.st.live[state] {
		alive |= live & w.s.wanted[slot][i]
	}
	if alive == 0 {
		class = unwanted
	} else {
		for i, live := range w.st.live[state][:w.classes.Words] {
			w.classes.Picks = append(w.classes.Picks, live&w.s.wanted[slot][i])
		}
		w.classes.Slot = append(w.classes.Slot, uint16(slot))
		w.mark(state)
		for v := range w.needs {
			w.needs[v] = append(w.needs[v], w.reads(class, v))
		}
	}
	w.classOf[state][slot] = class
	return class
}

// mark notes for the newest class what its rows, of this state, carry.
func (w *Worker) mark(state uint32) {
	if w.s.program.marks != nil {
		w.classes.Marked = append(w.classes.Marked, w.st.marked(state))
	}
}

// arrived hides rows received at or after known_by and quarantines rows whose clock ran ahead.
func (w *Worker) arrived(g RowGroup) error {
	name := w.s.roles[rules.RoleReceivedAt]
	if name == "" {
		return nil
	}
	a, err := g.Column(name)
	if err != nil {
		return err
	}
	received := a.(*array.Timestamp)
	v := received.TimestampValues()
	n := 0
	for i, r := range w.sel {
		at := int64(v[r])
		switch {
		case received.NullN() > 0 && received.IsNull(int(r)) || at >= w.s.plan.KnownBy:
			w.counts.Hidden++
			continue
		case w.block.Time[i]-at > w.s.plan.MaxSkew:
			w.counts.Skewed++
			continue
		}
		w.sel[n], w.state[n], w.block.Time[n] = r, w.state[i], w.block.Time[i]
		n++
	}
	w.cut(n)
	return nil
}

// uncopy drops rows that are copies of an earlier one.
func (w *Worker) uncopy(copied func(row uint32) bool) {
	n := 0
	for i, r := range w.sel {
		if copied(r) {
			w.counts.Copies++
			continue
		}
		w.sel[n], w.state[n], w.block.Time[n] = r, w.state[i], w.block.Time[i]
		n++
	}
	w.cut(n)
}

// drop takes rows out of the evidence after it is complete.
func (w *Worker) drop(rows []int32) {
	if len(rows) == 0 {
		return
	}
	n := 0
	for i, r := range w.sel {
		if _, gone := slices.BinarySearch(rows, int32(r)); gone {
			continue
		}
		w.sel[n], w.state[n], w.block.Time[n] = r, w.state[i], w.block.Time[i]
		w.block.Device[n], w.block.Customer[n] = w.block.Device[i], w.block.Customer[i]
		w.block.Who[n] = w.block.Who[i]
		for v := range w.block.Values {
			w.block.Values[v][n] = w.block.Values[v][i]
		}
		n++
	}
	w.cut(n)
	w.block.Device, w.block.Customer = w.block.Device[:n], w.block.Customer[:n]
}

// cut keeps the first n of the selected rows.
func (w *Worker) cut(n int) {
	w.sel, w.state, w.block.Time = w.sel[:n], w.state[:n], w.block.Time[:n]
}

// grow returns a slice of length n, reusing s where it is large enough; contents are arbitrary.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
