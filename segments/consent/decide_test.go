package consent

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// person is the events of a row's device and customer.
type person struct{ device, customer []Event }

func drawPerson(t *rapid.T) person { return person{drawEvents(t, "device"), drawEvents(t, "customer")} }

func (w person) stand(p *Policy, purpose int) Stand {
	return Stand{Device: timeline(p, w.device, purpose), Customer: timeline(p, w.customer, purpose)}
}

func drawRow(t *rapid.T) Judged {
	return Judged{At: rapid.Int64Range(0, testNow).Draw(t, "row"), User: rapid.SampledFrom([]User{Anonymous, LoggedIn, Attached}).Draw(t, "user")}
}

func allows(p *Policy, w person, r Judged) bool {
	reason, _ := p.Decide(Profile, r, w.stand(p, Profile))
	return reason <= GrantedTC
}

// combinedOf is the combined state of a row's levels, from the facts.
func combinedOf(p *Policy, w person, u User, at int64) State {
	device := stateOf(p, w.device, Profile, at).State
	if u == Anonymous {
		return device
	}
	customer := stateOf(p, w.customer, Profile, at).State
	switch {
	case device == Denying || customer == Denying:
		return Denying
	case device == Granting || u == LoggedIn && customer == Granting:
		return Granting
	}
	return NoState
}

func TestARowCountsIfOneUnbrokenGrantCoversItAndNow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, w, r := densePolicy(testNow), drawPerson(t), drawRow(t)
		want := r.At >= p.Now-p.Retention
		for at := r.At; at <= p.Now; at++ {
			want = want && combinedOf(p, w, r.User, at) == Granting
		}
		if got := allows(p, w, r); got != want {
			reason, level := p.Decide(Profile, r, w.stand(p, Profile))
			t.Fatalf("allowed %t (%s at %s), want %t", got, reason, level, want)
		}
	})
}

func TestTheEpochBeginsWhereTheRunOfCombinedGrantBegins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, w, u := densePolicy(testNow), drawPerson(t), rapid.SampledFrom([]User{Anonymous, LoggedIn, Attached}).Draw(t, "user")
		if combinedOf(p, w, u, p.Now) != Granting {
			return
		}
		want := p.Now
		for want > 0 && combinedOf(p, w, u, want-1) == Granting {
			want--
		}
		if got := p.Epoch(u, w.stand(p, Profile)); got != want {
			t.Fatalf("epoch begins at %d, want %d", got, want)
		}
	})
}

func TestOneMoreDenialNeverAllowsARow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, w, r := densePolicy(testNow), drawPerson(t), drawRow(t)
		more := drawEvent(t, denials...)
		denied := person{append(slices.Clone(w.device), more), w.customer}
		if rapid.Bool().Draw(t, "by the customer") {
			denied = person{w.device, append(slices.Clone(w.customer), more)}
		}
		if allows(p, denied, r) && !allows(p, w, r) {
			t.Fatalf("%v opened the row", more)
		}
	})
}

func TestLaterTimeAllowsOnlyWhatWasDatedAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, w, r := densePolicy(testNow), drawPerson(t), drawRow(t)
		ahead := func(e Event) bool { return e.Action == Grant && e.At > testNow }
		w.device, w.customer = slices.DeleteFunc(w.device, ahead), slices.DeleteFunc(w.customer, ahead)
		later := densePolicy(rapid.Int64Range(testNow, testLast+testAge).Draw(t, "later"))
		if allows(later, w, r) && !allows(now, w, r) {
			t.Fatalf("the row opened between %d and %d", testNow, later.Now)
		}
	})
}

func TestNothingOfACustomerCountsForAnAnonymousRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, w, r := densePolicy(testNow), drawPerson(t), drawRow(t)
		r.User = Anonymous
		got, level := p.Decide(Profile, r, w.stand(p, Profile))
		want, wantLevel := p.Decide(Profile, r, person{device: w.device}.stand(p, Profile))
		if got != want || level != wantLevel {
			t.Fatalf("%s at %s, without the customer %s at %s", got, level, want, wantLevel)
		}
	})
}

func TestSignalsOnARowDenyTheirPurposesOnly(t *testing.T) {
	p := densePolicy(testNow)
	p.GPCDenies, p.BrowserDenies = []bool{false, false, false, true, true}, []bool{false, true, true, true, true}
	granted := person{device: []Event{{At: 35, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}}}
	activate, _ := p.Purposes.Number("activate:files")
	granted.device = append(granted.device, Event{At: 35, Action: Grant, Pattern: Pattern(activate), Notice: 2, Trusted: true})
	for _, c := range []struct {
		purpose int
		row     Judged
		want    Reason
		level   Level
	}{
		{Profile, Judged{At: 38, GPC: true}, Granted, AtDevice},
		{activate, Judged{At: 38, GPC: true}, GPC, AtRow},
		{Profile, Judged{At: 38, BrowserDeny: true}, BrowserSetting, AtRow},
		{activate, Judged{At: 38, GPC: true, BrowserDeny: true}, GPC, AtRow},
		{activate, Judged{At: 38}, Granted, AtDevice},
	} {
		if got, level := p.Decide(c.purpose, c.row, granted.stand(p, c.purpose)); got != c.want || level != c.level {
			t.Errorf("purpose %d, row %+v: %s at %s, want %s at %s", c.purpose, c.row, got, level, c.want, c.level)
		}
	}
}

func TestRowsAheadOfNowCountAsNowForFiveMinutes(t *testing.T) {
	p := densePolicy(testNow)
	granted := person{device: []Event{{At: 35, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}}}
	for at, want := range map[int64]Reason{testNow: Granted, testNow + Clamp: Granted, testNow + Clamp + 1: RowFuture} {
		if got, _ := p.Decide(Profile, Judged{At: at}, granted.stand(p, Profile)); got != want {
			t.Errorf("row at now%+d: %s, want %s", at-testNow, got, want)
		}
	}
}
