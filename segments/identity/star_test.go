package identity

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// The worlds of these tests are small: 5 devices, 7 customers, and times that often lie exactly at the ends of windows.
const (
	worldDevices   = 5
	worldCustomers = 7
	worldBound     = worldDevices + worldCustomers
	worldNow       = int64(20_000*day + day/3)
)

// tight limits make every branch frequent.
func tight() Limits { return Limits{Attach: 2 * day, Shared: 90 * day, Kiosk: 3, MaxDevices: 2} }

func drawAt(t *rapid.T, name string) int64 {
	days := rapid.SampledFrom([]int64{0, 1, 2, 3, 88, 89, 90, 91, 92, 180, 181, 394, 395, 396}).Draw(t, name)
	return worldNow - days*day + rapid.SampledFrom([]int64{0, 0, 1, -1, day / 4, -day / 4, day / 2}).Draw(t, name+" hours")
}

func drawLogins(t *rapid.T) []Login {
	login := rapid.Custom(func(t *rapid.T) Login {
		return Login{
			Device:   Number(rapid.IntRange(0, worldDevices-1).Draw(t, "device")),
			Customer: Number(worldDevices + rapid.IntRange(0, worldCustomers-1).Draw(t, "customer")),
			At:       drawAt(t, "login"),
		}
	})
	return rapid.SliceOfN(login, 0, 25).Draw(t, "logins")
}

// question is a row that asks for its owner.
type question struct {
	device, customer Number
	at               int64
}

func drawQuestion(t *rapid.T) question {
	q := question{
		Number(rapid.IntRange(0, worldDevices-1).Draw(t, "device of the row")), none, min(drawAt(t, "row"), worldNow),
	}
	if rapid.IntRange(0, 2).Draw(t, "logged in") == 0 {
		q.customer = Number(worldDevices + rapid.IntRange(0, worldCustomers-1).Draw(t, "customer of the row"))
	}
	return q
}

func ask(s *Star, q question, link bool) Owned {
	return s.Owner(q.device, q.customer, none, q.at, func(Number) bool { return link })
}

// plain is docs/identity.md read aloud: every answer is looked up in all logins.
type plain struct {
	logins []Login
	limits Limits
}

func newPlain(logins []Login, l Limits) plain {
	kept := slices.DeleteFunc(slices.Clone(logins), func(e Login) bool {
		return e.At > worldNow || e.At < worldNow-395*day
	})
	return plain{kept, l}
}

func (p plain) near(device Number, at int64) map[Number]bool {
	out := map[Number]bool{}
	for _, e := range p.logins {
		if e.Device == device && e.At >= at-p.limits.Shared && e.At <= at+p.limits.Shared {
			out[e.Customer] = true
		}
	}
	return out
}

func (p plain) class(device Number, at int64) Class {
	switch n := len(p.near(device, at)); {
	case n >= p.limits.Kiosk:
		return Kiosk
	case n > 1:
		return Shared
	case n == 1:
		return Exclusive
	}
	return Unclaimed
}

func (p plain) setAside(customer Number) bool {
	n := 0
	for d := range Number(worldDevices) {
		if p.near(d, worldNow)[customer] && p.class(d, worldNow) != Kiosk {
			n++
		}
	}
	return n > p.limits.MaxDevices
}

func (p plain) star(customer Number) []Number {
	var out []Number
	for d := range Number(worldDevices) {
		if p.class(d, worldNow) == Exclusive && p.near(d, worldNow)[customer] && !p.setAside(customer) {
			out = append(out, d)
		}
	}
	return out
}

func (p plain) owner(q question, link bool) Owned {
	class := p.class(q.device, q.at)
	if class == Kiosk {
		return Owned{How: InKiosk}
	}
	if q.customer != none {
		if p.setAside(q.customer) {
			return Owned{How: CustomerSetAside}
		}
		return Owned{OwnLogin, q.customer}
	}
	switch class {
	case Shared:
		return Owned{How: OnSharedDevice}
	case Unclaimed:
		return Owned{How: WithoutLogin}
	}
	var only Number
	for c := range p.near(q.device, q.at) {
		only = c
	}
	later := slices.ContainsFunc(p.logins, func(e Login) bool {
		return e.Device == q.device && e.Customer == only && e.At >= q.at && e.At <= q.at+p.limits.Attach
	})
	switch {
	case !later:
		return Owned{How: WithoutLaterLogin}
	case p.setAside(only):
		return Owned{How: OwnerSetAside}
	case !link:
		return Owned{How: WithoutLink}
	}
	return Owned{ByAttachment, only}
}

func TestTheStarSaysWhatThePaperSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := rapid.SampledFrom([]Limits{
			tight(), DefaultLimits(), {Attach: day, Shared: 90 * day, Kiosk: 2, MaxDevices: 1},
		}).Draw(t, "limits")
		if err := limits.Check(); err != nil {
			t.Fatal(err)
		}
		logins := drawLogins(t)
		want, got := newPlain(logins, limits), NewStar(slices.Clone(logins), worldBound, worldNow, limits)
		for d := range Number(worldDevices) {
			if got.Class(d) != want.class(d, worldNow) {
				t.Fatalf("class of device %d is %d, want %d", d, got.Class(d), want.class(d, worldNow))
			}
		}
		for c := Number(worldDevices); c < worldBound; c++ {
			devices := slices.Sorted(slices.Values(got.Devices(c)))
			if diff := cmp.Diff(want.star(c), devices, cmpopts.EquateEmpty()); diff != "" ||
				got.SetAside(c) != want.setAside(c) {
				t.Fatalf("star of %d (set aside %t, want %t): %s", c, got.SetAside(c), want.setAside(c), diff)
			}
		}
		for range 20 {
			q, link := drawQuestion(t), rapid.Bool().Draw(t, "link")
			if a, b := ask(got, q, link), want.owner(q, link); a != b {
				t.Fatalf("%+v is owned %+v, want %+v", q, a, b)
			}
		}
	})
}

func TestOrderAndRepetitionOfLoginsChangeNoOwner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logins := drawLogins(t)
		s := NewStar(slices.Clone(logins), worldBound, worldNow, tight())
		shuffled := rapid.Permutation(slices.Concat(logins, logins)).Draw(t, "order")
		other := NewStar(shuffled, worldBound, worldNow, tight())
		for range 10 {
			if q := drawQuestion(t); ask(s, q, true) != ask(other, q, true) {
				t.Fatalf("%+v is owned %+v and %+v", q, ask(s, q, true), ask(other, q, true))
			}
		}
	})
}

func TestOwnersDoNotDependOnHowSubjectsAreNumbered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logins := drawLogins(t)
		number := rapid.Permutation(slices.Collect(numbersTo(worldBound))).Draw(t, "numbers")
		renamed := slices.Clone(logins)
		for i, e := range renamed {
			renamed[i] = Login{number[e.Device], number[e.Customer], e.At}
		}
		s := NewStar(slices.Clone(logins), worldBound, worldNow, tight())
		other := NewStar(renamed, worldBound, worldNow, tight())
		for range 10 {
			q := drawQuestion(t)
			r := question{number[q.device], none, q.at}
			if q.customer != none {
				r.customer = number[q.customer]
			}
			want := ask(s, q, true)
			if want.How == OwnLogin || want.How == ByAttachment {
				want.Customer = number[want.Customer]
			}
			if got := ask(other, r, true); got != want {
				t.Fatalf("%+v is owned %+v, renumbered %+v", q, want, got)
			}
		}
		for c := range Number(worldBound) { // devices, too: no customer has their numbers
			var want []Number
			for _, d := range s.Devices(c) {
				want = append(want, number[d])
			}
			slices.Sort(want)
			if got := slices.Sorted(slices.Values(other.Devices(number[c]))); !slices.Equal(got, want) ||
				s.SetAside(c) != other.SetAside(number[c]) {
				t.Fatalf("%d has the devices %v, renumbered %v", c, want, got)
			}
		}
		want, met := map[[2]Number]bool{}, map[[2]Number]bool{}
		for _, e := range newPlain(logins, tight()).logins {
			want[[2]Number{e.Device, e.Customer}] = true
		}
		for d, c := range s.Met() {
			met[[2]Number{d, c}] = true
		}
		if !maps.Equal(met, want) {
			t.Fatalf("met are %v, want %v", met, want)
		}
	})
}

func numbersTo(n Number) func(yield func(Number) bool) {
	return func(yield func(Number) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestCompactingAnyPartsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logins := drawLogins(t)
		cut := rapid.IntRange(0, len(logins)).Draw(t, "cut")
		parts := slices.Concat(Compact(slices.Clone(logins[:cut])), Compact(slices.Clone(logins[cut:])))
		want, got := Compact(slices.Clone(logins)), Compact(parts)
		if !slices.Equal(want, got) || !slices.Equal(got, Compact(slices.Clone(got))) {
			t.Fatalf("in parts %v, a second time %v, want %v", got, Compact(slices.Clone(got)), want)
		}
		a, b := NewStar(slices.Clone(logins), worldBound, worldNow, tight()), NewStar(got, worldBound, worldNow, tight())
		for range 10 {
			if q := drawQuestion(t); ask(a, q, true) != ask(b, q, true) {
				t.Fatalf("%+v is owned %+v, compacted %+v", q, ask(a, q, true), ask(b, q, true))
			}
		}
	})
}

func TestWithoutLinkRowsOnlyMoveFromTheCustomerToTheDevice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, q := NewStar(drawLogins(t), worldBound, worldNow, tight()), drawQuestion(t)
		with, without := ask(s, q, true), ask(s, q, false)
		if with != without && (with.How != ByAttachment || without.How != WithoutLink) {
			t.Fatalf("%+v moved from %+v to %+v", q, with, without)
		}
	})
}

func TestALoginGivesRowsToNobodyButItsOwnCustomerAndDevice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logins, q := drawLogins(t), drawQuestion(t)
		more := Login{
			Number(rapid.IntRange(0, worldDevices-1).Draw(t, "new device")),
			Number(worldDevices + rapid.IntRange(0, worldCustomers-1).Draw(t, "new customer")), drawAt(t, "new"),
		}
		before := ask(NewStar(slices.Clone(logins), worldBound, worldNow, DefaultLimits()), q, true)
		after := ask(NewStar(append(logins, more), worldBound, worldNow, DefaultLimits()), q, true)
		attached := after.How == ByAttachment && before != after
		if attached && (after.Customer != more.Customer || q.device != more.Device) {
			t.Fatalf("%+v gave %+v to %+v, before %+v", more, q, after, before)
		}
	})
}

func TestNoRowIsAttachedToACustomerWhoNeverLoggedInOnItsDevice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logins, q := drawLogins(t), drawQuestion(t)
		o := ask(NewStar(slices.Clone(logins), worldBound, worldNow, tight()), q, true)
		if o.How == ByAttachment &&
			!slices.ContainsFunc(logins, func(e Login) bool { return e.Device == q.device && e.Customer == o.Customer }) {
			t.Fatalf("%+v was attached to %d", q, o.Customer)
		}
	})
}

func TestADeviceThatIsNewToTheStarHasNoLogins(t *testing.T) {
	s := NewStar([]Login{{0, 1, worldNow}}, 2, worldNow, DefaultLimits())
	for _, device := range []Number{2, 1000, none - 1} {
		if o := ask(s, question{device, none, worldNow}, true); o.How != WithoutLogin || s.Class(device) != Unclaimed {
			t.Errorf("device %d: %+v, class %d", device, o, s.Class(device))
		}
	}
	if s.SetAside(2) || s.Devices(2) != nil || s.SetAside(1000) || s.Devices(1000) != nil {
		t.Error("a customer who is new to the star has a place in it")
	}
}

func TestLimitsMayBeStricterNeverLaxer(t *testing.T) {
	for _, c := range []struct {
		change func(*Limits)
		ok     bool
	}{
		{func(*Limits) {}, true},
		{func(l *Limits) { l.Attach = day }, true},
		{func(l *Limits) { l.Attach = day - 1 }, false}, // a day's first and last login would not be enough
		{func(l *Limits) { l.Attach = 31 * day }, false},
		{func(l *Limits) { l.Shared = 180 * day }, true},
		{func(l *Limits) { l.Shared = 89 * day }, false},
		{func(l *Limits) { l.Shared = 396 * day }, false},
		{func(l *Limits) { l.Kiosk = 2 }, true},
		{func(l *Limits) { l.Kiosk = 6 }, false},
		{func(l *Limits) { l.Kiosk = 1 }, false},
		{func(l *Limits) { l.MaxDevices = 1 }, true},
		{func(l *Limits) { l.MaxDevices = 21 }, false},
		{func(l *Limits) { l.MaxDevices = 0 }, false},
	} {
		l := DefaultLimits()
		c.change(&l)
		if err := l.Check(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func BenchmarkNewStar(b *testing.B) {
	const devices, customers = 400_000, 300_000
	logins := make([]Login, 1_000_000)
	state := uint64(1)
	random := func(n uint64) uint64 { // a small generator of our own: the same logins everywhere
		state = state*6364136223846793005 + 1442695040888963407
		return (state >> 33) % n
	}
	for i := range logins {
		d := Number(random(devices))
		logins[i] = Login{d, devices + d%customers, worldNow - int64(random(395*86400))*1_000_000}
	}
	for b.Loop() {
		NewStar(slices.Clone(logins), devices+customers, worldNow, DefaultLimits())
	}
}

func BenchmarkOwner(b *testing.B) {
	for _, perDay := range []int64{1, 50} {
		b.Run(fmt.Sprintf("%d logins a day", perDay), func(b *testing.B) {
			var logins []Login
			for at := worldNow - 394*day; at <= worldNow; at += day / perDay {
				logins = append(logins, Login{0, 1, at})
			}
			s := NewStar(logins, 2, worldNow, DefaultLimits())
			q := question{0, none, worldNow - 200*day}
			link := func(Number) bool { return true }
			b.ReportAllocs()
			for b.Loop() {
				s.Owner(q.device, q.customer, none, q.at, link)
			}
		})
	}
}
