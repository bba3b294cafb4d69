package consent

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// What is explained is what was decided: the same timeline, and after every step the state that the facts give.
func TestAHistoryIsTheTimelineEventByEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := densePolicy(testNow)
		events := drawEvents(t, "events")
		if rapid.IntRange(0, 5).Draw(t, "erases") == 0 {
			events = append(events, drawEvent(t, Erase))
		}
		for purpose := range p.Purposes.Len() {
			h := NewMachine(p, testStrings).Explain(events, purpose)
			folded := NewMachine(p, testStrings).Fold(events, purpose)
			if diff := gocmp.Diff(folded, h.Timeline, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("purpose %d: the history is of another timeline:\n%s", purpose, diff)
			}
			told := map[int]int{}
			for i, s := range h.Steps {
				if s.Event >= 0 {
					told[s.Event]++
				}
				if i+1 < len(h.Steps) && h.Steps[i+1].At == s.At || s.At > p.Now {
					continue
				}
				want := stateOf(p, events, purpose, s.At)
				if s.After.State != want.State {
					t.Fatalf("purpose %d, step %d at %d: state %d, the facts say %d", purpose, i, s.At, s.After.State, want.State)
				}
			}
			for i, e := range events {
				about := e.Pattern.covers(purpose) || e.Action == Erase
				if e.Action == TCString {
					about = testStrings.says(e.String, purpose) != silent
				}
				if about && told[i] != 1 || !about && told[i] != 0 {
					t.Fatalf("purpose %d: event %d is told %d times", purpose, i, told[i])
				}
			}
			checkNow(t, p, events, purpose, &h)
		}
	})
}

// checkNow holds where somebody stands now against the facts.
func checkNow(t *rapid.T, p *Policy, events []Event, purpose int, h *History) {
	now, want := p.Stands(h, purpose, false), stateOf(p, events, purpose, p.Now)
	if now.State != want.State {
		t.Fatalf("purpose %d: state %d now, the facts say %d", purpose, now.State, want.State)
	}
	if now.State != Granting {
		return
	}
	for _, at := range []int64{now.Epoch, now.Since} {
		if at > p.Now || stateOf(p, events, purpose, at).State != Granting {
			t.Fatalf("purpose %d: no grant at %d", purpose, at)
		}
	}
	later := *p
	later.Now = now.Until
	if at := stateOf(&later, upTo(events, p.Now), purpose, now.Until-1).State; at != Granting && now.Until-1 > p.Now {
		t.Fatalf("purpose %d: the grant ends before %d", purpose, now.Until)
	}
	if stateOf(&later, upTo(events, p.Now), purpose, now.Until).State == Granting {
		t.Fatalf("purpose %d: the grant outlives %d", purpose, now.Until)
	}
	step, ok := h.Grant(p.Now)
	if e := events[step.Event]; !ok || e.Action != Grant && e.Action != TCString || !e.Trusted || step.Until < now.Until {
		t.Fatalf("purpose %d: the grant behind now is %v", purpose, e)
	}
}

// upTo are the events that had happened by an instant, or that deny whenever they are dated.
func upTo(events []Event, now int64) []Event {
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.At > now })
}

func TestEachEffectHasItsName(t *testing.T) {
	p := densePolicy(testNow)
	yes := func(at int64) Event { return Event{At: at, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true} }
	no := func(at int64, a Action) Event { return Event{At: at, Action: a, Pattern: Profile, Trusted: true} }
	seen := func(at, updated int64, says uint32) Event {
		return Event{At: at, Action: TCString, String: uint32(3*updated) + says, Trusted: true}
	}
	with := func(e Event, change func(*Event)) Event { change(&e); return e }
	for _, c := range []struct {
		events []Event
		want   string
	}{
		{nil, ""},
		{[]Event{yes(35)}, "35 opened until 45"},
		{[]Event{yes(33), yes(37)}, "33 opened until 43, 37 renewed until 47"},
		{[]Event{yes(33), yes(33)}, "33 opened until 43, 33 nothing until 43"},
		{[]Event{yes(5)}, "5 opened until 15, 15 expired EXPIRED"},
		{[]Event{yes(5), yes(15)}, "5 opened until 15, 15 expired EXPIRED, 15 opened until 25, 25 expired EXPIRED"},
		{[]Event{yes(33), no(35, Withdraw), yes(38)}, "33 opened until 43, 35 ended WITHDRAWN, 38 opened until 48"},
		{[]Event{no(5, Deny), no(6, Deny), no(7, SignalGPC)}, "5 denied DENIED, 6 nothing, 7 denied GPC"},
		{[]Event{with(yes(35), func(e *Event) { e.Trusted = false })}, "35 void UNTRUSTED_GRANT"},
		{[]Event{with(yes(35), func(e *Event) { e.Pattern = EveryPurpose })}, "35 void GRANT_WILDCARD"},
		{[]Event{with(yes(35), func(e *Event) { e.Notice = 1 })}, "35 void NOTICE_OLD"},
		{[]Event{seen(38, 36, 0)}, "38 opened until 46"},
		{[]Event{seen(38, 36, 1)}, "38 denied TC_NO_PURPOSE"},
		{[]Event{seen(38, 36, 2)}, ""},
		{[]Event{seen(38, 20, 0)}, "38 void EXPIRED"},
		{[]Event{no(37, Withdraw), seen(38, 36, 0)}, "37 denied WITHDRAWN, 38 void TC_REPLAY"},
		{[]Event{yes(45)}, "45 void FUTURE_GRANT"},
		{[]Event{no(45, Deny)}, "40 denied DENIED"},
		{
			[]Event{yes(33), no(34, Object), yes(35), no(36, Deny), no(37, Lift)},
			"33 opened until 43, 34 ended OBJECTED, 35 void OBJECTED, 36 denied DENIED, 37 lifted",
		},
		{[]Event{no(34, Object), with(no(35, Lift), func(e *Event) { e.Trusted = false })}, "34 denied OBJECTED, 35 nothing"},
		{
			[]Event{yes(33), no(34, Erase), yes(35), no(36, Deny)},
			"33 opened until 43, 34 ended ERASED, 35 void ERASED, 36 nothing",
		},
	} {
		var got []string
		for _, s := range NewMachine(p, testStrings).Explain(c.events, Profile).Steps {
			text := fmt.Sprint(s.At, " ", s.Effect)
			if s.Reason != Granted {
				text += " " + s.Reason.String()
			}
			if s.Until != 0 {
				text += fmt.Sprint(" until ", s.Until)
			}
			got = append(got, text)
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.events, text, c.want)
		}
	}
}

// The purposes of a use are answered by the level whose grant the decision found, and after a refusal nobody is named.
func TestAdmissionsNameTheLevelsOfTheDecision(t *testing.T) {
	p := densePolicy(testNow)
	use := Use{Purposes: []int{Profile, Link}}
	grant := func(purpose int) []Event {
		return []Event{{At: 35, Action: Grant, Pattern: Pattern(purpose), Notice: 2, Trusted: true}}
	}
	device := map[int][]Event{Profile: grant(Profile)}
	customer := map[int][]Event{Profile: grant(Profile), Link: grant(Link)}
	stand := func(purpose int) Stand {
		return Stand{
			Device:   NewMachine(p, testStrings).Explain(device[purpose], purpose).Timeline,
			Customer: NewMachine(p, testStrings).Explain(customer[purpose], purpose).Timeline,
		}
	}
	got := p.Admissions(&use, Judged{At: 36, User: LoggedIn}, stand)
	if diff := gocmp.Diff([]Admission{{Profile, AtDevice}, {Link, AtCustomer}}, got); diff != "" {
		t.Error(diff)
	}
	if got := p.Admissions(&use, Judged{At: 36, User: Attached}, stand); len(got) != 1 {
		t.Errorf("a customer's grant opens an attached row: %v", got)
	}
}

// A census says of each kind and purpose what the decision says of each subject.
func TestACensusCountsWhatTheDecisionSays(t *testing.T) {
	p := densePolicy(testNow)
	subjects := identity.NewSubjects()
	filling := Fill(p, subjects)
	l := filling.Loader()
	for i := range 7 {
		e := Event{At: 33, Action: Grant, Pattern: Profile, Notice: 2, Trusted: i > 1}
		l.Add(l.Subject(identity.Device, []byte(fmt.Sprint("d", i))), e)
		l.Add(l.Subject(identity.Customer, []byte(fmt.Sprint("c", i))), Event{At: 34, Action: Object, Pattern: EveryPurpose})
	}
	l.Suppress(l.Subject(identity.Device, []byte("d6")), Profile)
	ledger, err := filling.Seal(1)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range ledger.Census() {
		if c.Purpose != i%p.Purposes.Len() {
			t.Errorf("census %d is of purpose %d", i, c.Purpose)
		}
		want := map[Reason]int{NoRecord: 7}
		if c.Kind == identity.Customer {
			want = map[Reason]int{Objected: 7}
		} else if c.Purpose == Profile {
			want = map[Reason]int{Granted: 4, UntrustedGrant: 2, Suppressed: 1}
		}
		if diff := gocmp.Diff(want, c.By); diff != "" {
			t.Errorf("kind %d, purpose %d: %s", c.Kind, c.Purpose, diff)
		}
		granted := 0
		for _, n := range c.Since {
			granted += n
		}
		if granted != want[Granted] {
			t.Errorf("kind %d, purpose %d: %d since some month, %d grant", c.Kind, c.Purpose, granted, want[Granted])
		}
	}
}

// Where the strings of some rows alone are loaded, a broken one among few is no broken export, and denies all the same.
func TestAFewStringsSayNothingOfTheExport(t *testing.T) {
	p := densePolicy(testNow)
	p.TCF = []Carrier{Profile: {Own: 1}}
	for _, some := range []bool{false, true} {
		filling := Fill(p, identity.NewSubjects())
		l := filling.Loader()
		machine := filling.Machine(some)
		e := Event{At: 30, Action: TCString, String: l.Number("broken"), Trusted: true}
		if got := machine.Explain([]Event{e}, Profile).Steps; len(got) != 1 || got[0].Reason != TCInvalid {
			t.Errorf("a broken string: %v", got)
		}
		if _, err := filling.Seal(1); (err == nil) != some {
			t.Errorf("some %t: %v", some, err)
		}
	}
}

// Whoever listens hears of rows what is filed, with the device that said it.
func TestWhoListensHearsWhatRowsFile(t *testing.T) {
	p := densePolicy(testNow)
	p.GPCDenies = []bool{PartnerData: true}
	filling := Fill(p, identity.NewSubjects())
	s := filling.Signals()
	for i := range 2*chunkLen + 3 {
		s.GPC(s.Device([]byte(fmt.Sprint("d", i))), int64(i))
	}
	heard := map[string]Event{}
	s.File(func(device string, e Event) { heard[device] = e })
	for i := range 2*chunkLen + 3 {
		want := Event{At: int64(i), Action: SignalGPC, Pattern: PartnerData}
		if got := heard[fmt.Sprint("d", i)]; got != want {
			t.Fatalf("d%d said %v, want %v", i, got, want)
		}
	}
}

// Of every row that the gate admits, one level is named for each purpose, whose grant was open when the row happened.
func TestEveryAdmittedRowHasAGrantForEachPurpose(t *testing.T) {
	for _, linked := range []bool{false, true} {
		rapid.Check(t, func(t *rapid.T) {
			w := drawWorld(t, linked)
			got, _ := w.admitted(t)
			gate := NewGate(w.ledger, w.uses, nil, w.star, true, 1)
			for i, r := range w.rows {
				customer := uint32(evidence.None)
				if r.customer != "" {
					customer = w.number(r.customer, true)
				}
				for k := range w.uses {
					if _, ok := got[fmt.Sprintf("row %d, %s", i, w.uses[k].Name)]; !ok {
						continue
					}
					user, owner, by := gate.Admissions(k, w.number(r.device, r.customer != ""), customer, r.at, w.partner)
					wantUser, wantOwner, _, _ := w.owner(r)
					if user != wantUser || wantOwner != "" && w.subjects.Name(owner) != wantOwner {
						t.Fatalf("row %d is of user %d, %d", i, user, owner)
					}
					if len(by) != len(w.uses[k].asked(w.partner)) {
						t.Fatalf("row %d, %s: admitted by %v", i, w.uses[k].Name, by)
					}
					for _, a := range by {
						who := r.device
						if a.Level == AtCustomer {
							who = wantOwner
						}
						if stateOf(w.policy, w.events[who], a.Purpose, r.at).State != Granting {
							t.Fatalf("row %d, %s: %s did not grant purpose %d", i, w.uses[k].Name, who, a.Purpose)
						}
					}
				}
			}
		})
	}
}
