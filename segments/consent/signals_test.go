package consent

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// What a device says again and again on one day is kept twice, in whatever order rows come and whoever reads them, and
// from the last refusal on the device stands as if nothing had been thrown out.
func TestOfADayTheFirstAndLastSightingAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := densePolicy(5 * dayLength)
		p.MaxConsentAge = 10 * dayLength
		p.GPCDenies = []bool{Profile: true, fixed: false}
		type seen struct {
			at  int64
			gpc bool
		}
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) seen {
			hour := rapid.Int64Range(0, 5*24-1).Draw(t, "hour")
			return seen{hour * hourLength, rapid.Bool().Draw(t, "gpc")}
		}), 0, 60).Draw(t, "sightings")
		grants := rapid.SliceOfN(rapid.Int64Range(0, 5*24-1), 0, 3).Draw(t, "grants")

		f := Fill(p, identity.NewSubjects())
		readers := []*Signals{f.Signals(), f.Signals()}
		log := f.Loader()
		var whole []Event
		for i, s := range all {
			r := readers[i%2]
			d := r.Device([]byte("d1"))
			if s.gpc {
				r.GPC(d, s.at)
				whole = append(whole, Event{At: s.at, Action: SignalGPC, Pattern: Profile})
			} else {
				r.Browser(d, s.at) // denies nothing under this policy
			}
		}
		for _, hour := range grants {
			e := Event{At: hour * hourLength, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}
			log.Add(log.Subject(identity.Device, []byte("d1")), e)
			whole = append(whole, e)
		}
		kept := 0
		for _, r := range readers {
			r.thin()
			kept += len(r.found)
			r.File(nil)
		}
		if kept > 2*2*2*5 {
			t.Fatalf("%d sightings of two things on five days by two readers are kept", kept)
		}
		ledger, err := f.Seal(2)
		if err != nil {
			t.Fatal(err)
		}
		want := clone(NewMachine(p, nil).Fold(whole, Profile))
		var got Timeline
		if n, known := ledger.subjects.Find(identity.Device, "d1"); known {
			got = ledger.timeline(n, Profile)
		}
		last := func(t Timeline) []Span { return slices.Clone(t.Spans[max(0, len(t.Spans)-1):]) }
		w, g := last(want), last(got)
		if len(w) == 1 && len(g) == 1 && w[0].State == Denying { // a denial is told by its first day
			w[0].From, g[0].From = 0, 0
		}
		if diff := gocmp.Diff(w, g, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%v %v: %s", all, grants, diff)
		}
	})
}

// Who read which object makes no difference, also between the first and the last sighting of a day.
func TestItMakesNoDifferenceWhichReaderSawWhat(t *testing.T) {
	p := densePolicy(5 * dayLength)
	p.MaxConsentAge, p.GPCDenies = 10*dayLength, []bool{Profile: true, fixed: false}
	by := func(reader ...int) []Span {
		f := Fill(p, identity.NewSubjects())
		readers, log := []*Signals{f.Signals(), f.Signals()}, f.Loader()
		for i, hour := range []int64{9, 12, 20} {
			r := readers[reader[i]]
			r.GPC(r.Device([]byte("d1")), hour*hourLength)
		}
		for _, hour := range []int64{10, 22} {
			log.Add(log.Subject(identity.Device, []byte("d1")), Event{
				At: hour * hourLength, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true,
			})
		}
		readers[0].Take(readers[1])
		readers[0].File(nil)
		ledger, err := f.Seal(1)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := ledger.subjects.Find(identity.Device, "d1")
		return slices.Clone(ledger.timeline(n, Profile).Spans)
	}
	if diff := gocmp.Diff(by(0, 0, 0), by(0, 1, 0)); diff != "" {
		t.Fatal(diff)
	}
}

// From what a run keeps of the rows the next one knows where every device stands now as if all rows were there still:
// signals by their latest time, strings by the latest denial of each purpose.
func TestWhatIsKeptOfRowsSaysWhatTheRowsSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := densePolicy(5 * dayLength)
		p.MaxConsentAge, p.GPCDenies = 10*dayLength, []bool{Profile: true, fixed: false}
		p.BrowserDenies, p.TCF = []bool{Measure: true, fixed: false}, []Carrier{Profile: {Own: bitsOf(1)}, fixed: {}}
		type seen struct {
			at   int64
			what int
		}
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) seen {
			return seen{rapid.Int64Range(0, 5*24-1).Draw(t, "hour") * hourLength, rapid.IntRange(0, 2).Draw(t, "what")}
		}), 0, 30).Draw(t, "sightings")
		lost := rapid.IntRange(0, len(all)).Draw(t, "lost")
		grants := rapid.SliceOfN(rapid.Int64Range(0, 5*24-1), 0, 3).Draw(t, "grants")
		hears := func(s *Signals, all []seen) {
			d := s.Device([]byte("d1"))
			for _, g := range all {
				switch g.what {
				case 0:
					s.GPC(d, g.at)
				case 1:
					s.Browser(d, g.at)
				default:
					s.String(d, g.at, s.Number("no string, so it denies"), true)
				}
			}
		}
		stands := func(rows []seen, known []Refusal) (out []Now) {
			f := Fill(p, identity.NewSubjects())
			s, log := f.Signals(), f.Loader()
			hears(s, rows)
			for _, r := range known {
				s.Recall(s.Device([]byte("d1")), r)
			}
			for _, hour := range grants {
				for _, purpose := range []Pattern{Measure, Profile} {
					log.Add(log.Subject(identity.Device, []byte("d1")), Event{
						At: hour * hourLength, Action: Grant, Pattern: purpose, Notice: 2, Trusted: true,
					})
				}
			}
			s.File(nil)
			f.some = true
			ledger, err := f.Seal(1)
			if err != nil {
				t.Fatal(err)
			}
			for purpose := range p.Purposes.Len() {
				var h History
				if n, known := ledger.subjects.Find(identity.Device, "d1"); known {
					h.Timeline = ledger.timeline(n, purpose)
				}
				now := p.Stands(&h, purpose, false)
				if now.State == Denying { // since when it is told of all rows is told of the latest alone
					now.Since = 0
				}
				out = append(out, now)
			}
			return out
		}
		kept := func(rows []seen, known []Refusal) (out []Refusal) {
			s := Fill(p, identity.NewSubjects()).Signals()
			hears(s, rows)
			for _, r := range known {
				s.Recall(s.Device([]byte("d1")), r)
			}
			s.Latest(func(_ string, f Refusal) { out = append(out, f) })
			slices.SortFunc(out, func(a, b Refusal) int { return int(a.Action) - int(b.Action) })
			return out
		}
		known := kept(all, nil)
		if len(known) > 3 {
			t.Fatalf("of one device %d refusals are kept: %v", len(known), known)
		}
		if diff := gocmp.Diff(stands(all, nil), stands(all[lost:], known)); diff != "" {
			t.Fatalf("rows are lost: %s", diff)
		}
		if diff := gocmp.Diff(known, kept(all[lost:], known)); diff != "" {
			t.Fatalf("what is kept changed as rows were lost: %s", diff)
		}
	})
}

// A string that is on a row still is read anew, under the settings of now; what an earlier run made of it is gone.
func TestAStringThatIsStillThereSpeaksForItself(t *testing.T) {
	p := densePolicy(5 * dayLength) // strings are asked about nothing
	s := Fill(p, identity.NewSubjects()).Signals()
	d := s.Device([]byte("d1"))
	s.String(d, hourLength, s.Number("a string"), true)
	s.Recall(d, Refusal{At: hourLength, Action: TCDenial, Purpose: Profile, Reason: TCNoPurpose})
	s.Recall(d, Refusal{At: 2 * hourLength, Action: TCDenial, Purpose: Measure, Reason: TCNoVendor})
	var got []Refusal
	s.Latest(func(_ string, f Refusal) { got = append(got, f) })
	want := []Refusal{{At: 2 * hourLength, Action: TCDenial, Purpose: Measure, Reason: TCNoVendor}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Of two denials of one purpose at one instant the reason is that which stands first in the table, whichever string was
// met first.
func TestOfTwoStringsAtOneInstantTheFirstReasonIsKept(t *testing.T) {
	for _, order := range [][]string{{sound, "broken"}, {"broken", sound}} {
		p := stringPolicy(t)
		p.TCF = []Carrier{Profile: {Vendor: 4000, Purposes: bitsOf(1)}, fixed: {}}
		s := Fill(p, identity.NewSubjects()).Signals()
		d := s.Device([]byte("d1"))
		for _, text := range order {
			s.String(d, hourLength, s.Number(text), true)
		}
		var got []Refusal
		s.Latest(func(_ string, f Refusal) { got = append(got, f) })
		want := []Refusal{{At: hourLength, Action: TCDenial, Purpose: Profile, Reason: TCInvalid}}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%.10q: %s", order, diff)
		}
	}
}
