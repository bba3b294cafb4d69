package consent

import (
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"pgregory.net/rapid"
)

// person is the events of a row's device and customer.
type person struct{ device, customer []Event }

func drawPerson(t *rapid.T) person { return person{drawEvents(t, "device"), drawEvents(t, "customer")} }

func (w person) stand(p *Policy, purpose int) Stand {
	return Stand{Device: timeline(p, w.device, purpose), Customer: timeline(p, w.customer, purpose)}
}

func drawRow(t *rapid.T) Judged {
	return Judged{
		At: drawTime(t, "row", testNow), User: rapid.SampledFrom([]User{Anonymous, LoggedIn, Attached}).Draw(t, "user"),
	}
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
		p, w, u := densePolicy(testNow), drawPerson(t),
			rapid.SampledFrom([]User{Anonymous, LoggedIn, Attached}).Draw(t, "user")
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

func TestTheWalkBackToTheEpochDoesNotJumpOverAnInstant(t *testing.T) {
	granted := func(at int64) Event { return Event{At: at, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true} }
	// The device grants until 40, the customer from 39 on: before that he denied.
	w := person{[]Event{granted(30)}, []Event{{At: 35, Action: Deny, Pattern: Profile}, granted(39)}}
	if got := densePolicy(42).Epoch(LoggedIn, w.stand(densePolicy(42), Profile)); got != 39 {
		t.Errorf("epoch begins at %d, want 39", got)
	}
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
		later := densePolicy(max(testNow, drawTime(t, "later", testLast+testAge)))
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

func TestTheFirstLineThatAppliesGivesTheReason(t *testing.T) {
	act := func(at int64, a Action) Event {
		return Event{At: at, Action: a, Pattern: Profile, Notice: 2, Trusted: true}
	}
	untrusted := Event{At: 30, Action: Grant, Pattern: Profile, Notice: 2}
	oldNotice := Event{At: 31, Action: Grant, Pattern: Profile, Notice: 1, Trusted: true}
	for _, c := range []struct {
		name   string
		person person
		user   User
		want   Reason
		level  Level
	}{
		{
			"both levels deny: the reason that stands first",
			person{[]Event{act(30, Deny)}, []Event{act(30, Object)}},
			LoggedIn,
			Objected, AtCustomer,
		},
		{
			"both levels deny alike: the device",
			person{[]Event{act(30, Withdraw)}, []Event{act(30, Withdraw)}},
			LoggedIn,
			Withdrawn, AtDevice,
		},
		{"two denials at one instant: the reason that stands first", person{
			device: []Event{act(30, Deny), act(30, SignalGPC)},
		}, Anonymous, GPC, AtDevice},
		{"the latest denial, not the strongest", person{
			device: []Event{act(20, SignalGPC), act(30, Deny)},
		}, Anonymous, Denied, AtDevice},
		{"a grant that ran out", person{device: []Event{act(20, Grant)}}, Anonymous, Expired, AtDevice},
		{
			"the customer's grant ran out, but it would not count",
			person{nil, []Event{act(20, Grant)}},
			Attached, NoRecord,
			AtDevice,
		},
		{
			"the customer's grant ran out, and it would count",
			person{nil, []Event{act(20, Grant)}},
			LoggedIn, Expired,
			AtCustomer,
		},
		{"ran out comes before void", person{device: []Event{act(20, Grant), untrusted}}, Anonymous, Expired, AtDevice},
		{"the latest void grant of one level", person{device: []Event{untrusted, oldNotice}}, Anonymous, NoticeOld, AtDevice},
		{
			"the void grant that stands first of two levels",
			person{[]Event{oldNotice}, []Event{untrusted}},
			LoggedIn,
			UntrustedGrant, AtCustomer,
		},
		{"a void grant of the customer who does not count", person{nil, []Event{untrusted}}, Attached, NoRecord, AtDevice},
		{"an objection, lifted: the grant before it did not run out", person{
			device: []Event{act(20, Grant), act(25, Object), act(26, Lift)},
		}, Anonymous, NoRecord, AtDevice},
		{"ran out, denied, objected and lifted: the denial is below", person{
			device: []Event{act(5, Grant), act(20, Deny), act(25, Object), act(26, Lift)},
		}, Anonymous, Denied, AtDevice},
		{"a lift dated ahead lifts nothing yet", person{
			device: []Event{act(25, Object), act(45, Lift)},
		}, Anonymous, Objected, AtDevice},
		{"a second grant ended by objection: the first one's age is forgotten", person{
			device: []Event{act(5, Grant), act(30, Grant), act(35, Object), act(36, Lift)},
		}, Anonymous, NoRecord, AtDevice},
		{"erased for another purpose", person{
			device: []Event{act(35, Grant), {At: 36, Action: Erase, Pattern: Measure}},
		}, Anonymous, Erased, AtDevice},
	} {
		p := densePolicy(testNow)
		if got, level := p.Decide(Profile, Judged{At: 39, User: c.user}, c.person.stand(p, Profile)); got != c.want ||
			level != c.level {
			t.Errorf("%s: %s at %s, want %s at %s", c.name, got, level, c.want, c.level)
		}
	}
}

func TestSignalsOnARowDenyTheirPurposesOnly(t *testing.T) {
	p := densePolicy(testNow)
	p.GPCDenies, p.BrowserDenies = []bool{false, false, false, true, true}, []bool{false, true, true, true, true}
	granted := person{device: []Event{{At: 35, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}}}
	activate, _ := p.Purposes.Number("activate:files")
	granted.device = append(granted.device, Event{
		At: 35, Action: Grant, Pattern: Pattern(activate), Notice: 2, Trusted: true,
	})
	for _, c := range []struct {
		purpose int
		row     Judged
		want    Reason
		level   Level
	}{
		{Profile, Judged{At: 38, Marked: evidence.GPC}, Granted, AtDevice},
		{activate, Judged{At: 38, Marked: evidence.GPC}, GPC, AtRow},
		{Profile, Judged{At: 38, Marked: evidence.BrowserDeny}, BrowserSetting, AtRow},
		{activate, Judged{At: 38, Marked: evidence.GPC | evidence.BrowserDeny}, GPC, AtRow},
		{activate, Judged{At: 38}, Granted, AtDevice},
	} {
		if got, level := p.Decide(c.purpose, c.row, granted.stand(p, c.purpose)); got != c.want || level != c.level {
			t.Errorf("purpose %d, row %+v: %s at %s, want %s at %s", c.purpose, c.row, got, level, c.want, c.level)
		}
	}
}

func TestARowThatShowsDroppedContentIsRefusedBeforeAnybodyIsAsked(t *testing.T) {
	act := func(at int64, a Action) Event {
		return Event{At: at, Action: a, Pattern: Profile, Notice: 2, Trusted: true}
	}
	for _, c := range []struct {
		name   string
		events []Event
		listed bool
		row    Judged
		want   Reason
		level  Level
	}{
		{"everything granted", []Event{act(30, Grant)}, false, Judged{At: 39}, SensitiveContent, AtRow},
		{"nothing granted", nil, false, Judged{At: 39}, SensitiveContent, AtRow},
		{"an objection", []Event{act(30, Object)}, false, Judged{At: 39}, SensitiveContent, AtRow},
		{
			"a signal on the row",
			[]Event{act(30, Grant)},
			false,
			Judged{At: 39, Marked: evidence.GPC},
			SensitiveContent,
			AtRow,
		},
		{"a row before the grant", []Event{act(35, Grant)}, false, Judged{At: 31}, SensitiveContent, AtRow},
		{"erased", []Event{act(30, Erase)}, false, Judged{At: 39}, Erased, AtDevice},
		{"on the suppression list", []Event{act(30, Grant)}, true, Judged{At: 39}, Suppressed, AtDevice},
		{"ahead of now", []Event{act(30, Grant)}, false, Judged{At: testNow + Clamp + 1}, RowFuture, AtRow},
		{"older than rows are kept", []Event{act(5, Grant)}, false, Judged{At: testNow - 31}, RowRetention, AtRow},
	} {
		p := densePolicy(testNow)
		p.Retention, p.GPCDenies = 30, []bool{true, true, true, true, true}
		c.row.Marked |= evidence.Dropped
		s := person{device: c.events}.stand(p, Profile)
		s.DeviceOff = c.listed
		if got, level := p.Decide(Profile, c.row, s); got != c.want || level != c.level {
			t.Errorf("%s: %s at %s, want %s at %s", c.name, got, level, c.want, c.level)
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

// Only a list of customers asks where their other devices stand, and of several denials it names the first of the
// table.
func TestOtherDevicesAreAskedForListsOfCustomersAlone(t *testing.T) {
	p := densePolicy(testNow)
	grants := timeline(p, []Event{{At: 35, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}}, Profile)
	denies := func(a Action) Stand {
		return Stand{Device: timeline(p, []Event{{At: 36, Action: a, Pattern: Profile}}, Profile)}
	}
	row := Judged{At: 38, User: LoggedIn}
	stand := func(int) Stand { return Stand{Device: grants, Customer: grants} }
	for _, c := range []struct {
		list, customer bool
		others         []Stand
		want           Reason
	}{
		{true, true, nil, Granted},
		{true, true, []Stand{{Device: grants}}, Granted},
		{true, true, []Stand{{}}, Granted},
		{true, true, []Stand{{Device: grants}, denies(Withdraw)}, Withdrawn},
		{true, true, []Stand{denies(Withdraw), denies(Object)}, min(Withdrawn, Objected)},
		{true, true, []Stand{denies(Object), denies(Withdraw)}, min(Withdrawn, Objected)},
		{true, true, []Stand{{Device: grants, DeviceOff: true}}, Suppressed},
		{false, true, []Stand{denies(Withdraw)}, Granted},
		{true, false, []Stand{denies(Withdraw)}, Granted},
	} {
		use := Use{Customer: c.customer, List: c.list, Purposes: []int{Profile}}
		v := p.DecideUse(&use, row, stand, c.others)
		if v.Reason != c.want || (v.Level == AtOtherDevice) != (c.want != Granted) {
			t.Errorf("%+v: %s at %s", c, v.Reason, v.Level)
		}
	}
}

// Of two levels that grant the device's is named.
func TestTheFirstLevelThatGrantsIsNamed(t *testing.T) {
	p := densePolicy(testNow)
	grants := timeline(p, []Event{{At: 35, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}}, Profile)
	for _, c := range []struct {
		stand Stand
		user  User
		want  Level
	}{
		{Stand{Device: grants, Customer: grants}, LoggedIn, AtDevice},
		{Stand{Device: grants}, LoggedIn, AtDevice},
		{Stand{Customer: grants}, LoggedIn, AtCustomer},
		{Stand{Device: grants, Customer: grants}, Attached, AtDevice},
	} {
		if reason, level := p.Decide(Profile, Judged{At: 38, User: c.user}, c.stand); reason != Granted || level != c.want {
			t.Errorf("%s at %s, want %s", reason, level, c.want)
		}
	}
}
