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
