package consent

import (
	"cmp"
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// Signals collects what rows themselves say about consent: signals of browsers, and TC strings. One goroutine uses it.
//
// Of one thing that a device says again and again on one UTC day the first and the last time are kept. So the last
// refusal before a grant, and the first sight of a string, are exact to the row, and the collection does not grow with
// the rows.
type Signals struct {
	loader  *Loader
	devices map[uint64]Ref // by hash of the id
	found   []sighting
	compact int // how many were left when repetitions were last thrown out
	denies  [2][]Pattern
}

// sighting is that a device said something at an instant. What is a TC string's number, or one of the two constants.
type sighting struct {
	Ref
	what    uint32
	trusted bool
	at      int64
}

const (
	sawGPC     = math.MaxUint32
	sawBrowser = math.MaxUint32 - 1
)

// Signals returns a collector that files with a loader of its own; like loaders it is made before goroutines start.
func (f *Filling) Signals() *Signals {
	s := &Signals{loader: f.Loader(), devices: map[uint64]Ref{}}
	for i, denied := range [][]bool{f.policy.GPCDenies, f.policy.BrowserDenies} {
		for purpose, denies := range denied {
			if denies {
				s.denies[i] = append(s.denies[i], Pattern(purpose))
			}
		}
	}
	return s
}

// Device returns how the others name a device; the id is not kept.
func (s *Signals) Device(id []byte) Ref {
	hash := s.loader.subjects.Hash(identity.Device, id)
	r, known := s.devices[hash]
	if !known || s.loader.id(r) != string(id) {
		r = s.loader.Subject(identity.Device, id)
		s.devices[hash] = r
	}
	return r
}

// GPC and Browser take a signal on a row of a device, String a TC string and whether its source may grant. Times are
// microseconds UTC.
func (s *Signals) GPC(r Ref, at int64) { s.saw(sighting{Ref: r, what: sawGPC, at: at}) }

// Browser is GPC for a refusal of the browser or the operating system.
func (s *Signals) Browser(r Ref, at int64) { s.saw(sighting{Ref: r, what: sawBrowser, at: at}) }

// String takes a TC string of a row.
func (s *Signals) String(r Ref, at int64, number uint32, trusted bool) {
	s.saw(sighting{Ref: r, what: number, trusted: trusted, at: at})
}

// Number returns the number of a TC string.
func (s *Signals) Number(text string) uint32 { return s.loader.Number(text) }

func (s *Signals) saw(g sighting) {
	if s.found = append(s.found, g); len(s.found) > 2*s.compact+4096 {
		s.thin()
	}
}

// Take moves here what another collector saw, so that it makes no difference which of them saw what.
func (s *Signals) Take(o *Signals) {
	o.thin()
	var theirs, ours Ref
	for i, g := range o.found {
		if i == 0 || g.Ref != theirs {
			theirs, ours = g.Ref, s.Device([]byte(o.loader.id(g.Ref)))
		}
		g.Ref = ours
		s.saw(g)
	}
	o.found, o.devices = nil, nil
}

// File hands everything to the ledger that is being filled. heard, which may be nil, gets each event with the id of its
// device.
func (s *Signals) File(heard func(device string, e Event)) {
	s.thin()
	file := func(g sighting, e Event) {
		s.loader.Add(g.Ref, e)
		if heard != nil {
			heard(s.loader.id(g.Ref), e)
		}
	}
	for _, g := range s.found {
		switch g.what {
		case sawGPC, sawBrowser:
			action, i := SignalGPC, 0
			if g.what == sawBrowser {
				action, i = SignalBrowser, 1
			}
			for _, p := range s.denies[i] {
				file(g, Event{At: g.at, Action: action, Pattern: p})
			}
		default:
			file(g, Event{At: g.at, Action: TCString, Pattern: EveryPurpose, String: g.what, Trusted: g.trusted})
		}
	}
	s.found, s.devices = nil, nil
}

// thin throws out what lies between the first and the last sighting of a day.
func (s *Signals) thin() {
	slices.SortFunc(s.found, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.shard, b.shard), cmp.Compare(a.number, b.number), cmp.Compare(a.what, b.what),
			compareBool(a.trusted, b.trusted), cmp.Compare(a.at, b.at))
	})
	same := func(a, b sighting) bool {
		return a.Ref == b.Ref && a.what == b.what && a.trusted == b.trusted && a.at/dayLength == b.at/dayLength
	}
	n := 0
	for _, g := range s.found {
		switch {
		case n >= 1 && s.found[n-1] == g:
		case n >= 2 && same(s.found[n-1], g) && same(s.found[n-2], g):
			s.found[n-1] = g
		default:
			s.found[n] = g
			n++
		}
	}
	s.found, s.compact = s.found[:n], n
}
