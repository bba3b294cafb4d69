package scan

import (
	"encoding/binary"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// unset is a truth that no column has given yet.
const unset = 0xff

// dead is the state of a row that no pick can want any more.
const dead = 0

// pending marks a table entry that has not been computed yet.
const pending = ^uint32(0)

// states interns the value classes and row states of one worker. All tables fill lazily and only grow; their size
// depends on the picks and the distinct values, never on the rows.
type states struct {
	p       *program
	live    [][]uint64 // by state: picks alive
	truths  [][]byte   // by state: shared truths, unset where a column is still to come
	byKey   map[string]uint32
	classes []classTable // by column
	start   uint32
}

// classTable holds the classes of one column's values and the transitions they cause.
type classTable struct {
	byKey  map[string]uint32
	keep   [][]uint64 // picks a class keeps
	truths [][]byte   // shared truths it adds
	next   [][]uint32 // by state, then class
	scratch
}

type scratch struct {
	truth []value.Truth // by program test
	key   []byte
}

func newStates(p *program) *states {
	s := &states{p: p, byKey: map[string]uint32{}, classes: make([]classTable, len(p.columns))}
	for i := range s.classes {
		s.classes[i] = classTable{byKey: map[string]uint32{}}
		s.classes[i].truth = make([]value.Truth, len(p.tests))
	}
	s.intern(make([]uint64, p.words), nil)
	all := make([]uint64, p.words)
	for i := range p.picks {
		all[i/64] |= 1 << (i % 64)
	}
	open := make([]byte, p.shared)
	for i := range open {
		open[i] = unset
	}
	s.start = s.intern(all, open)
	return s
}

// intern returns the state with these picks and truths; a state without picks that somebody could want is dead.
func (s *states) intern(live []uint64, truths []byte) uint32 {
	alive := uint64(0)
	for i, w := range live {
		for _, m := range s.p.marks {
			if i == m.pick/64 {
				w &^= 1 << (m.pick % 64)
			}
		}
		alive |= w
	}
	if alive == 0 && len(s.live) > 0 {
		return dead
	}
	key := make([]byte, 0, 8*len(live)+len(truths))
	for _, w := range live {
		key = binary.LittleEndian.AppendUint64(key, w)
	}
	key = append(key, truths...)
	id, ok := s.byKey[string(key)]
	if !ok {
		id = uint32(len(s.live))
		s.byKey[string(key)] = id
		s.live = append(s.live, append([]uint64(nil), live...))
		s.truths = append(s.truths, append([]byte(nil), truths...))
	}
	return id
}

// marked is what the rows of a state carry.
func (s *states) marked(state uint32) (all evidence.Mark) {
	for _, m := range s.p.marks {
		if s.live[state][m.pick/64]>>(m.pick%64)&1 != 0 {
			all |= m.is
		}
	}
	return all
}

// class returns the class of a value of column c whose tests have the truths that truth gives.
func (s *states) class(c int, truth func(test int) value.Truth) uint32 {
	col, t := &s.p.columns[c], &s.classes[c]
	keep := make([]uint64, s.p.words)
	for i := range keep {
		keep[i] = ^uint64(0)
	}
	for _, i := range col.tests {
		t.truth[i] = truth(i)
	}
	for i := range col.single {
		f := &col.single[i]
		if f.eval(func(i int) value.Truth { return t.truth[i] }) != value.True {
			keep[f.pick/64] &^= 1 << (f.pick % 64)
		}
	}
	adds := make([]byte, s.p.shared)
	for i := range adds {
		adds[i] = unset
	}
	for _, i := range col.tests {
		if at := s.p.tests[i].shared; at >= 0 {
			adds[at] = byte(t.truth[i])
		}
	}
	t.key = t.key[:0]
	for _, w := range keep {
		t.key = binary.LittleEndian.AppendUint64(t.key, w)
	}
	t.key = append(t.key, adds...)
	id, ok := t.byKey[string(t.key)]
	if !ok {
		id = uint32(len(t.keep))
		t.byKey[string(t.key)] = id
		t.keep, t.truths = append(t.keep, keep), append(t.truths, adds)
	}
	return id
}

// next returns the state after a row in the given state shows a value of the given class in column c.
func (s *states) next(c int, state, class uint32) uint32 {
	t := &s.classes[c]
	for int(state) >= len(t.next) {
		t.next = append(t.next, nil)
	}
	for int(class) >= len(t.next[state]) {
		t.next[state] = append(t.next[state], pending)
	}
	if n := t.next[state][class]; n != pending {
		return n
	}
	n := s.step(c, state, class)
	t.next[state][class] = n
	return n
}

func (s *states) step(c int, state, class uint32) uint32 {
	if state == dead {
		return dead
	}
	col, t := &s.p.columns[c], &s.classes[c]
	live := append([]uint64(nil), s.live[state]...)
	truths := append([]byte(nil), s.truths[state]...)
	for i := range live {
		live[i] &= t.keep[class][i]
	}
	for i, v := range t.truths[class] {
		if v != unset {
			truths[i] = v
		}
	}
	known := func(i int) value.Truth { return value.Truth(truths[s.p.tests[i].shared]) }
	for i := range col.closing {
		f := &col.closing[i]
		if live[f.pick/64]>>(f.pick%64)&1 != 0 && f.eval(known) != value.True {
			live[f.pick/64] &^= 1 << (f.pick % 64)
		}
	}
	// Truths that nobody will ask for again are forgotten, so that states which behave alike are one state.
	kept := make([]byte, len(truths))
	for i := range kept {
		kept[i] = unset
	}
	for _, i := range col.open {
		kept[i] = truths[i]
	}
	return s.intern(live, kept)
}
