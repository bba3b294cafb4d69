package consent

import (
	"encoding/binary"
	"slices"
)

// timelines keeps the timelines of many subjects, for there are millions: without a pointer in them, and what is alike
// only once. Whoever answers a banner decides on all purposes at one instant, so a timeline with the spans of the one
// before shares them; and most people decide the same in the same order, so that but for the instants their timelines
// have one shape.
type timelines struct {
	purposes int
	shape    []uint32    // by subject
	from     []uint32    // by subject: where its spans begin
	shapes   []shapeLine // purpose after purpose
	spans    []Span

	known map[string]uint32
	one   []shapeLine // of the subject that is being kept
	key   []byte
}

// shapeLine is a timeline whose spans are from:to of those of its subject.
type shapeLine struct {
	from, to uint32
	expired  bool
	erased   bool
	void     Reason
}

func newTimelines(purposes, subjects int) timelines {
	return timelines{
		purposes: purposes, shape: make([]uint32, subjects), from: make([]uint32, subjects),
		shapes: make([]shapeLine, purposes), known: map[string]uint32{},
	}
}

// keep takes the timelines of a subject; shape 0 is that of one who said nothing.
func (ts *timelines) keep(subject int, fold func(purpose int) Timeline) {
	begin, last := len(ts.spans), shapeLine{}
	ts.one = ts.one[:0]
	for purpose := range ts.purposes {
		t := fold(purpose)
		line := shapeLine{last.from, last.to, t.Expired, t.Erased, t.Void}
		if !slices.Equal(t.Spans, ts.spans[begin+int(line.from):begin+int(line.to)]) {
			line.from = uint32(len(ts.spans) - begin)
			ts.spans = append(ts.spans, t.Spans...)
			line.to = uint32(len(ts.spans) - begin)
		}
		ts.one = append(ts.one, line)
		last = line
	}
	ts.shape[subject], ts.from[subject] = ts.number(), uint32(begin)
}

// number is that of the shape of one.
func (ts *timelines) number() uint32 {
	if newest := len(ts.shapes) - ts.purposes; slices.Equal(ts.one, ts.shapes[newest:]) {
		return uint32(newest / ts.purposes)
	}
	key := ts.keyOf(ts.one)
	n, known := ts.known[string(key)]
	if !known {
		n = uint32(len(ts.shapes) / ts.purposes)
		ts.known[string(key)] = n
		ts.shapes = append(ts.shapes, ts.one...)
	}
	return n
}

// keyOf is valid until the next call.
func (ts *timelines) keyOf(shape []shapeLine) []byte {
	ts.key = ts.key[:0]
	for i := range shape {
		for _, n := range shape[i].packed() {
			ts.key = binary.LittleEndian.AppendUint32(ts.key, n)
		}
	}
	return ts.key
}

// packed is a line as numbers.
func (s *shapeLine) packed() [lineLen]uint32 {
	flags := uint32(s.void)
	if s.expired {
		flags |= expiredFlag
	}
	if s.erased {
		flags |= erasedFlag
	}
	return [lineLen]uint32{s.from, s.to, flags}
}

func unpack(n []uint32) shapeLine {
	return shapeLine{n[0], n[1], n[2]&expiredFlag != 0, n[2]&erasedFlag != 0, Reason(n[2])}
}

const (
	lineLen     = 3 // numbers of a line
	expiredFlag = 1 << 8
	erasedFlag  = 1 << 9
)

// at returns a timeline of a subject; its spans are shared and read-only.
func (ts *timelines) at(subject, purpose int) Timeline {
	if subject >= len(ts.shape) {
		return Timeline{}
	}
	line := &ts.shapes[int(ts.shape[subject])*ts.purposes+purpose]
	spans := ts.spans[ts.from[subject]:]
	return Timeline{Spans: spans[line.from:line.to], Expired: line.expired, Void: line.void, Erased: line.erased}
}
