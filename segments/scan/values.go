package scan

import (
	"encoding/binary"
	"math"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// most is how many distinct values a worker remembers per column before it starts afresh, so that a column of unique
// texts cannot grow without bound.
const most = 1 << 20

// textClasses remembers the class of every text value a worker has met in one column, across row groups.
type textClasses struct {
	seen  map[string]uint32
	codes []uint32 // by dictionary code of the current row group
	need  []bool
}

// of returns the class of every dictionary code that a selected row shows.
func (t *textClasses) of(w *Worker, c int, dict *array.String, codes []int32, sel []uint32) []uint32 {
	if t.seen == nil || len(t.seen) > most {
		t.seen = map[string]uint32{}
	}
	n := dict.Len()
	t.codes, t.need = grow(t.codes, n), grow(t.need, n)
	clear(t.need)
	for _, r := range sel {
		t.need[codes[r]] = true
	}
	for i := range n {
		switch {
		case !t.need[i]:
		case dict.IsNull(i):
			t.codes[i] = w.null(c)
		default:
			t.codes[i] = t.class(w, c, dict.Value(i))
		}
	}
	return t.codes
}

// all returns the next state of every dictionary code for rows in the start state.
func (t *textClasses) all(w *Worker, c int, dict *array.String) []uint32 {
	if t.seen == nil || len(t.seen) > most {
		t.seen = map[string]uint32{}
	}
	t.codes = grow(t.codes, dict.Len())
	for i := range t.codes {
		if dict.IsNull(i) {
			t.codes[i] = w.st.next(c, w.st.start, w.null(c))
		} else {
			t.codes[i] = w.st.next(c, w.st.start, t.class(w, c, dict.Value(i)))
		}
	}
	return t.codes
}

// null is the class of a missing value.
func (w *Worker) null(c int) uint32 {
	return w.st.class(c, func(x int) value.Truth { return w.s.program.tests[x].kernel.Null() })
}

func (t *textClasses) class(w *Worker, c int, text string) uint32 {
	if class, ok := t.seen[text]; ok {
		return class
	}
	class := w.st.class(c, func(x int) value.Truth { return w.s.program.tests[x].kernel.Text(text) })
	t.seen[string([]byte(text))] = class // the dictionary's memory is reused, the key must not be
	return class
}

// Names gives texts numbers that hold for a whole run, so that distinct values can be told apart after the scan.
type Names struct {
	mu     sync.Mutex
	number map[string]int64
	texts  []string // by number, as far as somebody asked
}

// NewNames returns an empty set of names.
func NewNames() *Names { return &Names{number: map[string]int64{}} }

// Text is the text behind a number.
func (n *Names) Text(number int64) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.texts) < len(n.number) {
		n.texts = make([]string, len(n.number))
		for text, x := range n.number {
			n.texts[x] = text
		}
	}
	return n.texts[number]
}

func (n *Names) of(text string) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	x, ok := n.number[text]
	if !ok {
		x = int64(len(n.number))
		n.number[string([]byte(text))] = x
	}
	return x
}

// metricColumn turns the values of one column into int64s.
type metricColumn struct {
	rules.Reading
	names *Names
	seen  map[string]int64
	codes []int64
	step  float64 // of floats that are counted in steps: how many there are in 1
	unit  int64   // what one step is worth in the places of the step
	limit float64 // more steps than this do not fit an int64
}

func newMetricColumn(v rules.Reading, names *Names) metricColumn {
	m := metricColumn{Reading: v, names: names, seen: map[string]int64{}}
	if v.Quantise != nil {
		m.unit = v.Quantise.Int
		m.step = math.Pow10(v.Quantise.Scale) / float64(m.unit)
		m.limit = float64(math.MaxInt64 / m.unit)
	}
	return m
}

// metric fills the value columns of the block for the rows whose class needs them.
func (w *Worker) metric(g RowGroup) error {
	for v := range w.metrics {
		w.block.Values[v] = grow(w.block.Values[v], len(w.sel))
		out := w.block.Values[v]
		needed := false
		for i, class := range w.state {
			out[i] = evidence.Null
			needed = needed || w.needs[v][class]
		}
		name := w.s.column(w.metrics[v].Reading)
		_, ok := w.s.schema.Column(name)
		if !needed || !ok {
			continue
		}
		a, err := g.Column(name)
		if err != nil {
			return err
		}
		get := w.metrics[v].reader(a)
		for i, r := range w.sel {
			if w.needs[v][w.state[i]] {
				out[i] = get(r)
			}
		}
	}
	return nil
}

func (w *Worker) reads(class uint32, v int) bool {
	picks, _ := w.classes.Of(class)
	for i, p := range picks {
		if p&w.s.reads[v][i] != 0 {
			return true
		}
	}
	return false
}

// reader returns the function that encodes one row of the array.
func (m *metricColumn) reader(a arrow.Array) func(row uint32) int64 {
	orNull := func(get func(uint32) int64) func(uint32) int64 {
		if a.NullN() == 0 {
			return get
		}
		return func(r uint32) int64 {
			if a.IsNull(int(r)) {
				return evidence.Null
			}
			return get(r)
		}
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return m.text(a)
	case *array.Int64:
		v := a.Int64Values()
		return orNull(func(r uint32) int64 { return v[r] })
	case *array.Timestamp:
		v := a.TimestampValues()
		return orNull(func(r uint32) int64 { return int64(v[r]) })
	case *array.Date32:
		v := a.Date32Values()
		return orNull(func(r uint32) int64 { return int64(v[r]) })
	case *array.Float64:
		v := a.Float64Values()
		return orNull(func(r uint32) int64 { return m.float(v[r]) })
	case *array.Boolean:
		return orNull(func(r uint32) int64 {
			if a.Value(int(r)) {
				return 1
			}
			return 0
		})
	}
	return func(uint32) int64 { return evidence.Null }
}

// float rounds to whole steps where the schema declares them, because sums of floats hang on their order
// (docs/language.md, Numbers and text); else it keeps the order of the floats. What has too many steps to be counted
// reads as null.
func (m *metricColumn) float(f float64) int64 {
	switch {
	case f != f:
		return evidence.Null
	case m.step != 0:
		// float64() forbids a fused multiply-add, so that every machine rounds alike.
		steps := math.Floor(float64(f*m.step) + 0.5)
		if math.Abs(steps) >= m.limit {
			return evidence.Null
		}
		return int64(steps) * m.unit
	}
	return value.OrderedFloat(f)
}

func (m *metricColumn) text(d *array.Dictionary) func(row uint32) int64 {
	codes, dict := d.Indices().(*array.Int32).Int32Values(), d.Dictionary().(*array.String)
	if len(m.seen) > most {
		clear(m.seen)
	}
	m.codes = grow(m.codes, dict.Len())
	for i := range m.codes {
		m.codes[i] = -1
	}
	return func(r uint32) int64 {
		c := codes[r]
		if m.codes[c] == -1 {
			m.codes[c] = m.number(dict, int(c))
		}
		return m.codes[c]
	}
}

func (m *metricColumn) number(dict *array.String, i int) int64 {
	if dict.IsNull(i) {
		return evidence.Null
	}
	text := dict.Value(i)
	if m.Function != nil {
		v, ok := m.Function.Apply(value.Value{Kind: value.Text, Text: text}, m.Key)
		if !ok {
			return evidence.Null
		}
		text = v.Text
	}
	if m.Prefix > 0 {
		return eightBytes(text, 8*(m.Prefix-1))
	}
	x, ok := m.seen[text]
	if !ok {
		x = m.names.of(text)
		m.seen[string([]byte(text))] = x
	}
	return x
}

// eightBytes are the bytes of a text from one on, as a number that orders as they do; a text that ends before is padded
// with zero bytes.
func eightBytes(text string, from int) int64 {
	var b [8]byte
	if from < len(text) {
		copy(b[:], text[from:])
	}
	return int64(binary.BigEndian.Uint64(b[:]) ^ 1<<63)
}
