package scan

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// Evidence can be kept between runs: the rows that some pick wants, whatever their owners said, with what the gate and
// the conditions ask of them. What is kept knows neither windows nor consent, so tomorrow's run applies both anew; only
// picks that nobody had asked for before make it read the log again.

// The columns that kept rows have beside those of their source.
const (
	KeptRow   = "kept_row"   // row group and row of the object they came from, PackRow
	KeptClass = "kept_class" // what they were kept for, a number of a table that lies beside
)

// PackRow is a row of a row group as KeptRow has it.
func PackRow(group int, row uint32) int64 { return int64(group)<<32 | int64(row) }

// Keepsake is what a scanner would have kept of the rows of an object, and what it asks of kept rows.
type Keepsake struct {
	Picks   []KeptPick
	Columns []string // of the source, sorted
	Marks   string   // what rows may carry, and how it is seen
}

// KeptPick is a pick by its normal form: rows that happened from an instant on are kept for it, those to come included.
type KeptPick struct {
	Key  string
	From int64 // microseconds UTC
}

// KeptFor is what the rows of one class are kept for: picks, by their place in a Keepsake, and what they carry.
type KeptFor struct {
	Picks []int
	Marks evidence.Mark
}

// Keepsake says what is kept for the scanner's plan; ok is false where a column of the source has the name of one of
// what is kept.
func (s *Scanner) Keepsake() (k Keepsake, ok bool) {
	k.Picks = make([]KeptPick, len(s.plan.Picks))
	for i := range k.Picks {
		k.Picks[i] = KeptPick{Key: s.plan.Picks[i].Key(), From: s.keptFrom(i)}
	}
	for _, r := range []rules.Role{
		rules.RoleEventTime, rules.RoleDevice, rules.RoleCustomer, rules.RoleReceivedAt,
	} {
		k.Columns = append(k.Columns, s.roles[r])
	}
	for _, v := range s.plan.Values {
		k.Columns = append(k.Columns, s.column(v))
	}
	k.Columns = slices.DeleteFunc(k.Columns, func(n string) bool { _, there := s.schema.Column(n); return !there })
	slices.Sort(k.Columns)
	k.Columns = slices.Compact(k.Columns)
	seen := marksOf(s.schema, s.plan.Labels)
	for _, is := range evidence.Marks {
		if e := seen[is]; e != nil {
			k.Marks += fmt.Sprintf("%d %s\n", is, rules.Key(e))
		}
	}
	_, row := s.schema.Column(KeptRow)
	_, class := s.schema.Column(KeptClass)
	return k, !row && !class
}

// keptFrom is the instant from which rows of a pick are kept: the first that some condition wants.
func (s *Scanner) keptFrom(pick int) int64 {
	from := int64(never)
	for _, w := range s.plan.Wants {
		if w.Pick == pick {
			from = min(from, w.From)
		}
	}
	return from
}

// never is when rows begin to be kept for a pick that nobody wants.
const never = 1<<63 - 1

// keeping notes the rows of a row group that are worth keeping.
type keeping struct {
	rows, states []uint32
	worth        [][]bool // by state, then slot
	clean        bool     // later runs count none of the row group's rows otherwise than this one
}

// Keep makes the worker note, in every scan from now on, which rows are worth keeping.
func (w *Worker) Keep() { w.keep = &keeping{} }

// Kept are the rows of the last scan that are worth keeping, ascending, and their classes. ok is false where the row
// group cannot be kept: it has times that cannot be true, or values too large, which are counted in every run anew.
func (w *Worker) Kept() (rows, classes []uint32, ok bool) {
	return w.keep.rows, w.keep.states, w.keep.clean
}

// KeptFor is what the rows of a class of Kept are kept for.
func (w *Worker) KeptFor(class uint32) (f KeptFor) {
	for pick := range w.s.plan.Picks {
		if w.st.live[class][pick/64]>>(pick%64)&1 != 0 {
			f.Picks = append(f.Picks, pick)
		}
	}
	f.Marks = w.st.marked(class)
	return f
}

func (k *keeping) begin() { k.rows, k.states, k.clean = k.rows[:0], k.states[:0], true }

// note takes a row of a state, in a window slot, if some condition wants such rows now or will.
func (k *keeping) note(w *Worker, row, state uint32, slot int) {
	for int(state) >= len(k.worth) {
		k.worth = append(k.worth, nil)
	}
	if k.worth[state] == nil {
		k.worth[state] = w.worth(state)
	}
	if k.worth[state][slot] {
		k.rows, k.states = append(k.rows, row), append(k.states, state)
	}
}

// worth says of each slot whether some condition's window begins before it and wants one of the state's picks.
func (w *Worker) worth(state uint32) []bool {
	out := make([]bool, len(w.s.plan.Edges)+1)
	for _, want := range w.s.plan.Wants {
		if w.st.live[state][want.Pick/64]>>(want.Pick%64)&1 == 0 {
			continue
		}
		for slot := 1; slot < len(out); slot++ {
			out[slot] = out[slot] || w.s.plan.Edges[slot-1] >= want.From
		}
	}
	return out
}

// States are the states of rows that were kept for picks of another plan, by class: number says which pick of this plan
// has the place of one there, -1 for none.
func (w *Worker) States(classes []KeptFor, number []int) []uint32 {
	out := make([]uint32, len(classes))
	truths := make([]byte, w.s.program.shared)
	for i := range truths {
		truths[i] = unset
	}
	for i, of := range classes {
		live := make([]uint64, w.s.program.words)
		set := func(pick int) { live[pick/64] |= 1 << (pick % 64) }
		for _, place := range of.Picks {
			if pick := number[place]; pick >= 0 {
				set(pick)
			}
		}
		for _, m := range w.s.program.marks {
			if of.Marks&m.is != 0 {
				set(m.pick)
			}
		}
		out[i] = w.st.intern(live, truths)
	}
	return out
}

// Resume is Scan of rows that were kept: states are those of their classes, copies of the rows that are copies in a row
// group of the object that they came from.
func (w *Worker) Resume(g RowGroup, states []uint32, copies func(group int) []uint32) (*evidence.Block, error) {
	w.block.Class = w.block.Class[:0]
	if w.keep != nil {
		w.keep.begin()
	}
	a, err := g.Column(KeptClass)
	if err != nil {
		return &w.block, err
	}
	w.sel, w.state = w.sel[:0], w.state[:0]
	for i, class := range a.(*array.Int32).Int32Values() {
		if class < 0 || int(class) >= len(states) {
			return &w.block, fmt.Errorf("a kept row is of class %d, and there are %d", class, len(states))
		}
		if s := states[class]; s != dead {
			w.sel, w.state = append(w.sel, uint32(i)), append(w.state, s)
		}
	}
	if len(w.sel) == 0 {
		return &w.block, nil
	}
	return &w.block, w.judge(g, func() error { return w.uncopyKept(g, copies) })
}

// uncopyKept drops kept rows that are copies of an earlier one.
func (w *Worker) uncopyKept(g RowGroup, copies func(group int) []uint32) error {
	a, err := g.Column(KeptRow)
	if err != nil {
		return err
	}
	from := a.(*array.Int64).Int64Values()
	w.uncopy(func(row uint32) bool {
		_, copied := slices.BinarySearch(copies(int(from[row]>>32)), uint32(from[row]))
		return copied
	})
	return nil
}
