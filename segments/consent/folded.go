package consent

import (
	"iter"
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// Folded is a shard of a ledger with all that went into it, as columns: what an earlier run folded, so that a later one
// adds what is new and folds only whom that concerns. Subjects come in the order of their numbers, the events of each
// together. Times are microseconds UTC. Objects of the log have the numbers that the caller gave them.
type Folded struct {
	// Of subjects: hash and id, as identity.Subjects files them; shape and spans of their timelines; from which instant
	// on these may be others without another event; where their events end.
	Hashes []uint64
	Ends   []uint32
	IDs    []byte
	Shape  []uint32
	From   []uint32
	Until  []int64
	Said   []uint32
	// Of shapes, purpose after purpose: where a timeline's spans begin and end, and its flags.
	Lines []uint32
	// Of spans.
	Begins []int64
	States []uint16
	// Of events: when, what (word), and in which object.
	At    []int64
	Words []uint64
	Of    []uint32
	// Of rows of the log: the hash of their id and that of all they say, object after object: whose, and where its end.
	Seen     []uint64
	Contents []uint64
	SeenOf   []uint32
	SeenEnds []uint32
}

// Parts is how many parts a kept ledger has; each is so many shards one after the other.
const (
	Parts       = 16
	PartsShards = identity.Shards / Parts
)

// Gone is the number of an object that the log has no more.
const Gone = math.MaxUint32

// Earlier is what an earlier run folded under the same policy, of a moment that is not later.
type Earlier struct {
	Objects []uint32 // by number then: the number now, or Gone
	Part    func(part int) ([]Folded, error)
}

// now is the number that an object has now.
func (e *Earlier) now(of uint32) uint32 {
	if int(of) >= len(e.Objects) {
		return Gone
	}
	return e.Objects[of]
}

// always is the Until of a subject whose timelines were folded with more than is kept, or depend on the moment.
const always = math.MinInt64

// word packs what an event says beside its instant; it names no TC string.
func (e *Event) word() uint64 {
	w := uint64(e.Action) | uint64(uint16(e.Pattern))<<16 | uint64(uint32(e.Notice))<<32
	if e.Trusted {
		w |= 1 << 8
	}
	return w
}

func eventOf(at int64, word uint64) Event {
	return Event{
		At: at, Action: Action(word), Pattern: Pattern(int16(word >> 16)), Notice: int32(word >> 32),
		Trusted: word>>8&1 != 0,
	}
}

// Fits reports whether columns that were kept fit together, for that many purposes: only then are they Folded.
func (f *Folded) Fits(purposes int) bool {
	n, shapes := len(f.Hashes), len(f.Lines)/lineLen/purposes
	if len(f.Ends) != n || len(f.Shape) != n || len(f.From) != n || len(f.Until) != n || len(f.Said) != n ||
		len(f.Lines) != shapes*purposes*lineLen || len(f.Begins) != len(f.States) ||
		len(f.At) != len(f.Words) || len(f.At) != len(f.Of) || !ends(f.Ends, len(f.IDs)) || !ends(f.Said, len(f.At)) ||
		len(f.Seen) != len(f.Contents) || len(f.SeenOf) != len(f.SeenEnds) || !ends(f.SeenEnds, len(f.Seen)) {
		return false
	}
	last := make([]uint32, shapes)
	for i := 0; i < len(f.Lines); i += lineLen {
		shape := i / lineLen / purposes
		if last[shape] = max(last[shape], f.Lines[i+1]); f.Lines[i] > f.Lines[i+1] {
			return false
		}
	}
	for i, shape := range f.Shape {
		if int(shape) >= shapes || int(f.From[i])+int(last[shape]) > len(f.Begins) {
			return false
		}
	}
	return true
}

func ends(of []uint32, n int) bool {
	return slices.IsSorted(of) && (len(of) == 0 && n == 0 || len(of) > 0 && int(of[len(of)-1]) == n)
}

// timelines are those that were folded, with room for more subjects.
func (f *Folded) timelines(purposes, subjects int) timelines {
	ts := newTimelines(purposes, 0)
	ts.shape, ts.from = grown(f.Shape, subjects), grown(f.From, subjects)
	if len(f.Lines) > 0 {
		ts.shapes = ts.shapes[:0]
	}
	for i := 0; i < len(f.Lines); i += lineLen {
		ts.shapes = append(ts.shapes, unpack(f.Lines[i:]))
	}
	for shape := 0; shape < len(ts.shapes); shape += purposes {
		key := ts.keyOf(ts.shapes[shape : shape+purposes])
		ts.known[string(key)] = uint32(shape / purposes)
	}
	ts.spans = make([]Span, len(f.Begins), len(f.Begins)+subjects/16)
	for i, from := range f.Begins {
		ts.spans[i] = Span{From: from, State: State(f.States[i]), Reason: Reason(f.States[i] >> 8)}
	}
	return ts
}

func grown(of []uint32, n int) []uint32 {
	if len(of) == n {
		return of
	}
	return append(slices.Grow(of, n-len(of)), make([]uint32, n-len(of))...)
}

// take takes over the timelines of a subject as they are.
func (f *Folded) take(ts *timelines, subject int) {
	shape := ts.shapes[int(ts.shape[subject])*ts.purposes:][:ts.purposes]
	length := uint32(0)
	for i := range shape {
		length = max(length, shape[i].to)
	}
	f.Shape, f.From = append(f.Shape, ts.shape[subject]), append(f.From, uint32(len(f.Begins)))
	for _, s := range ts.spans[ts.from[subject]:][:length] {
		f.Begins, f.States = append(f.Begins, s.From), append(f.States, uint16(s.State)|uint16(s.Reason)<<8)
	}
}

// shapes takes over the shapes that timelines have.
func (f *Folded) shapes(ts *timelines) {
	for i := range ts.shapes {
		line := ts.shapes[i].packed()
		f.Lines = append(f.Lines, line[:]...)
	}
}

// seen takes over what was seen of an object.
func (f *Folded) seen(of uint32, ids, contents []uint64) {
	f.Seen, f.Contents = append(f.Seen, ids...), append(f.Contents, contents...)
	if n := len(f.SeenOf); n > 0 && f.SeenOf[n-1] == of {
		f.SeenEnds[n-1] = uint32(len(f.Seen))
		return
	}
	f.SeenOf, f.SeenEnds = append(f.SeenOf, of), append(f.SeenEnds, uint32(len(f.Seen)))
}

// eachSeen hands out what was seen of the objects that are not gone, with their number now.
func (f *Folded) eachSeen(e *Earlier, visit func(of uint32, ids, contents []uint64)) {
	from := uint32(0)
	for i, to := range f.SeenEnds {
		if of := e.now(f.SeenOf[i]); of != Gone {
			visit(of, f.Seen[from:to], f.Contents[from:to])
		}
		from = to
	}
}

// said are the events of a subject.
func (f *Folded) said(subject int) iter.Seq[uint32] {
	return func(yield func(e uint32) bool) {
		if subject >= len(f.Said) {
			return
		}
		from := uint32(0)
		if subject > 0 {
			from = f.Said[subject-1]
		}
		for e := from; e < f.Said[subject] && yield(e); e++ {
		}
	}
}

// Columns are pointers to all columns, in an order of their own.
func (f *Folded) Columns() []any {
	return []any{
		&f.Hashes, &f.Ends, &f.IDs, &f.Shape, &f.From, &f.Until, &f.Said, &f.Lines, &f.Begins, &f.States,
		&f.At, &f.Words, &f.Of, &f.Seen, &f.Contents, &f.SeenOf, &f.SeenEnds,
	}
}

// reset empties all columns; their room is used again.
func (f *Folded) reset() {
	for _, c := range f.Columns() {
		switch c := c.(type) {
		case *[]byte:
			*c = (*c)[:0]
		case *[]uint16:
			*c = (*c)[:0]
		case *[]uint32:
			*c = (*c)[:0]
		case *[]uint64:
			*c = (*c)[:0]
		case *[]int64:
			*c = (*c)[:0]
		}
	}
}
