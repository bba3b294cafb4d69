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

// sighting is that a device said something at an instant. What is a TC string's number, or one of the constants.
type sighting struct {
	Ref
	what    uint32
	trusted bool
	at      int64
}

const (
	sawGPC     = math.MaxUint32
	sawBrowser = math.MaxUint32 - 1
	sawDenial  = 1 << 31 // and above: purpose and reason, of a TC string that an earlier run read
	perPurpose = 1 << 8
)

// Refusal is that a device refused on a row: by a signal whatever that denies, or one purpose by a TC string, without
// its text.
type Refusal struct {
	At      int64  // microseconds UTC
	Action  Action // SignalGPC, SignalBrowser or TCDenial
	Purpose int    // of a TCDenial, and why
	Reason  Reason
}

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

// Recall takes what an earlier run found on a row, which need not be there any more.
func (s *Signals) Recall(r Ref, f Refusal) {
	what := uint32(sawDenial + f.Purpose*perPurpose + int(f.Reason))
	switch f.Action {
	case SignalGPC:
		what = sawGPC
	case SignalBrowser:
		what = sawBrowser
	}
	s.saw(sighting{Ref: r, what: what, at: f.At})
}

// Latest hands out the latest refusal of each sort by each device: no earlier one decides about a row of later.
func (s *Signals) Latest(visit func(device string, f Refusal)) {
	s.thin()
	s.answer()
	for from, to := 0, 0; from < len(s.found); from = to {
		var latest []Refusal
		keep := func(f Refusal) {
			i := slices.IndexFunc(latest, func(o Refusal) bool { return o.Action == f.Action && o.Purpose == f.Purpose })
			switch {
			case i < 0:
				latest = append(latest, f)
			case latest[i].At < f.At || latest[i].At == f.At && f.Reason < latest[i].Reason:
				latest[i] = f
			}
		}
		for to = from; to < len(s.found) && s.found[to].Ref == s.found[from].Ref; to++ {
			s.found[to].refusals(s.loader.Strings, keep)
		}
		for _, f := range latest {
			visit(s.loader.id(s.found[from].Ref), f)
		}
	}
}

// refusals are what a sighting denies.
func (g *sighting) refusals(strings *Strings, visit func(Refusal)) {
	switch {
	case g.what == sawGPC:
		visit(Refusal{At: g.at, Action: SignalGPC})
	case g.what == sawBrowser:
		visit(Refusal{At: g.at, Action: SignalBrowser})
	case g.what >= sawDenial:
		purpose, reason := int(g.what-sawDenial)/perPurpose, Reason(g.what%perPurpose)
		visit(Refusal{At: g.at, Action: TCDenial, Purpose: purpose, Reason: reason})
	default:
		for purpose := range strings.p.Purposes.Len() {
			if r := strings.says(g.what, purpose); r > GrantedTC && r != silent {
				visit(Refusal{At: g.at, Action: TCDenial, Purpose: purpose, Reason: r})
			}
		}
	}
}

// answer throws out what earlier runs noted of strings that are still on a row: these speak for themselves, under the
// settings of now. What was found is in order.
func (s *Signals) answer() {
	first := 0 // of the device
	n := 0
	for i, g := range s.found {
		if g.Ref != s.found[first].Ref {
			first = n
		}
		if g.what >= sawDenial && g.what < sawBrowser && slices.ContainsFunc(s.found[first:n], func(o sighting) bool {
			return o.what < sawDenial && o.at == g.at
		}) {
			continue
		}
		s.found[n] = s.found[i]
		n++
	}
	s.found = s.found[:n]
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
	s.answer()
	file := func(g sighting, e Event) {
		s.loader.Add(g.Ref, e)
		if heard != nil {
			heard(s.loader.id(g.Ref), e)
		}
	}
	for _, g := range s.found {
		switch {
		case g.what >= sawBrowser:
			action, i := SignalGPC, 0
			if g.what == sawBrowser {
				action, i = SignalBrowser, 1
			}
			for _, p := range s.denies[i] {
				file(g, Event{At: g.at, Action: action, Pattern: p})
			}
		case g.what >= sawDenial:
			g.refusals(nil, func(f Refusal) {
				file(g, Event{At: f.At, Action: TCDenial, Pattern: Pattern(f.Purpose), reason: f.Reason})
			})
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
