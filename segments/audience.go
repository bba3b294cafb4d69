package segments

import (
	"iter"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Audience is the people of one segment for one use. Its contents are unexported: only Settle makes one, so whoever
// holds an Audience holds people whom the gate admitted.
type Audience struct {
	Qualified int // after top, stay and exclusive; before holdout, cap and minimum size
	Hidden    int // members who rest on time that consent hides, if the request asked for them

	segment          *rules.Segment
	world            int
	use              int
	members          []string
	crowd            crowd // the members by their numbers
	control          []string
	today            []string // of a segment in which people stay
	capped           []string
	absent           []absence
	paths            []string
	waiting, unknown []uint32
	breakdown        *Breakdown
	trace            *Breakdown
	roll             consent.Roll
}

// Segment is the rule.
func (a *Audience) Segment() *rules.Segment { return a.segment }

// World is the world of the request that asked for it.
func (a *Audience) World() int { return a.world }

// Use is the number of the use the audience was made for.
func (a *Audience) Use() int { return a.use }

// Len is the number of members.
func (a *Audience) Len() int { return len(a.members) }

// Members yields the ids in byte order.
func (a *Audience) Members() iter.Seq[string] { return slices.Values(a.members) }

// Has reports whether an id is a member.
func (a *Audience) Has(id string) bool { _, ok := slices.BinarySearch(a.members, id); return ok }

// Control yields the ids kept out by the holdout, in byte order. They are never delivered.
func (a *Audience) Control() iter.Seq[string] { return slices.Values(a.control) }

// Capped yields the ids of those who qualify but lie beyond top or cap, in no order that matters. They are never
// delivered.
func (a *Audience) Capped() iter.Seq[string] { return slices.Values(a.capped) }

// Withheld reports whether the audience is too small to be delivered where the floor is this; the segment's own
// min_size counts as well.
func (a *Audience) Withheld(floor int) bool { return len(a.members) < max(floor, a.segment.MinSize) }

// Outcome is what became of one person in one segment, each exactly one.
type Outcome string

// The outcomes. Only In is a member.
const (
	In        Outcome = "in"
	Out       Outcome = "out"
	Wait      Outcome = "wait"
	Undecided Outcome = "unknown"
	Capped    Outcome = "capped"
	Control   Outcome = "control"
	Withheld  Outcome = "withheld"
)

// Outcomes returns what became of everybody who is not simply out, by id, with the given floor. It is made for tests of
// rules and for `why`, where the people are few.
func (a *Audience) Outcomes(floor int) map[string]Outcome {
	out := map[string]Outcome{}
	for _, id := range a.capped {
		out[id] = Capped
	}
	for _, id := range a.control {
		out[id] = Control
	}
	in := In
	if a.Withheld(floor) {
		in = Withheld
	}
	for _, id := range a.members {
		out[id] = in
	}
	for _, undecided := range []struct {
		of   []uint32
		what Outcome
	}{{a.waiting, Wait}, {a.unknown, Undecided}} {
		for _, subject := range undecided.of {
			if id, ok := a.roll.Name(subject, a.use); ok {
				out[id] = undecided.what
			}
		}
	}
	return out
}

// Undecided yields the ids of those whose verdict is open, in no order that matters.
func (a *Audience) Undecided() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, subject := range slices.Concat(a.waiting, a.unknown) {
			if id, ok := a.roll.Name(subject, a.use); ok && !yield(id) {
				return
			}
		}
	}
}

// Count is how many people had an undecided verdict.
func (a *Audience) Count() (waiting, unknown int) { return len(a.waiting), len(a.unknown) }
