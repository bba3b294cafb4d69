package consent

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// The histories of these tests are short and dense, so that ties, touching intervals and expiries are frequent: times
// are 0 to 60, now is 40 unless said, a grant lasts 10.
const (
	testNow  = 40
	testLast = 60
	testAge  = 10
)

func densePolicy(now int64) *Policy {
	p, err := NewPurposes([]string{"files", "more"})
	if err != nil {
		panic(err)
	}
	return &Policy{Now: now, Retention: 35, MaxConsentAge: testAge, Purposes: p, MinNotice: []int32{0, 2, 0, 0, 2, 0}}
}

// drawTime draws an instant from 0 to last, each as likely as the other: a range would be drawn near its ends.
func drawTime(t *rapid.T, name string, last int64) int64 {
	return rapid.SampledFrom(instants[:last+1]).Draw(t, name)
}

var instants = slices.Collect(func(yield func(int64) bool) {
	for at := int64(0); at <= testLast+testAge && yield(at); at++ {
	}
})

// testStrings are TC strings of every age that grant profile, deny it or say nothing of it.
var testStrings = func() *Strings {
	s := &Strings{p: densePolicy(testNow)}
	for updated := range int64(testLast + testAge) {
		for _, says := range []Reason{GrantedTC, TCNoPurpose, silent} {
			s.updated = append(s.updated, updated)
			said := slices.Repeat([]Reason{silent}, s.p.Purposes.Len())
			said[Profile] = says
			s.said = append(s.said, said...)
		}
	}
	return s
}()

func drawEvent(t *rapid.T, actions ...Action) Event {
	return Event{
		String: uint32(3*drawTime(t, "updated", testLast)) + rapid.SampledFrom([]uint32{0, 0, 1, 2}).Draw(t, "says"),
		At:     drawTime(t, "at", testLast),
		Action: rapid.SampledFrom(actions).Draw(t, "action"),
		Pattern: rapid.SampledFrom([]Pattern{
			Profile, Profile, Profile, EveryPurpose, EveryActivation, OtherPurpose, Measure,
		}).Draw(t, "pattern"),
		Notice:  rapid.SampledFrom([]int32{2, 2, 2, 1}).Draw(t, "notice"),
		Trusted: rapid.IntRange(0, 4).Draw(t, "trusted") > 0,
	}
}

var (
	denials = []Action{Deny, Withdraw, Object, SignalGPC, SignalBrowser, Erase}
	anyAct  = []Action{
		Grant, Grant, Grant, Grant, Grant, Deny, Withdraw, Object, Lift, Lift, SignalGPC, SignalBrowser, Heartbeat,
		TCString, TCString,
	}
)

// drawEvents draws a history; half of them hold a chain of grants that reaches now, lest nearly nobody consent.
func drawEvents(t *rapid.T, name string) []Event {
	events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event { return drawEvent(t, anyAct...) }), 0, 8).Draw(t, name)
	if rapid.Bool().Draw(t, name+" renews") {
		step := rapid.SampledFrom([]int64{testAge - 3, testAge - 1, testAge}).Draw(t, "step")
		for at := drawTime(t, "first", testNow); at <= testNow; at += step {
			events = append(events, Event{At: at, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true})
		}
	}
	return events
}

// stateOf is where one subject stands on one purpose at an instant up to now, asked fact by fact and without a state
// machine (docs/consent.md, Grants, and what ends them).
func stateOf(p *Policy, events []Event, purpose int, at int64) Span {
	type grant struct{ at, until int64 }
	var grants []grant
	var lifts, objections, closings, erasures []int64
	var plain, strings []Event
	for _, e := range events {
		when := min(e.At, p.Now)
		switch about := e.Pattern.covers(purpose); {
		case when > at, e.Action == Heartbeat:
		case e.Action == Erase:
			erasures = append(erasures, when)
		case e.Action == TCString:
			switch testStrings.says(e.String, purpose) {
			case GrantedTC:
				strings = append(strings, e)
			case TCNoPurpose:
				e.At = when
				plain, closings = append(plain, e), append(closings, when)
			}
		case !about:
		case e.Action == Grant:
			if e.Pattern == Pattern(purpose) && e.Trusted && e.At <= p.Now && e.Notice >= p.MinNotice[purpose] {
				grants = append(grants, grant{e.At, e.At + testAge})
			}
		case e.Action == Lift:
			if e.Trusted && e.At <= p.Now {
				lifts = append(lifts, e.At)
			}
		case e.Action == Object:
			objections, closings = append(objections, when), append(closings, when)
		default:
			e.At = when
			plain, closings = append(plain, e), append(closings, when)
		}
	}
	// An objection stands at an instant if no lift came after it; at one instant the lift comes first.
	objected := func(at int64, included bool) bool {
		return slices.ContainsFunc(objections, func(o int64) bool {
			return (o < at || included && o == at) && !slices.ContainsFunc(lifts, func(l int64) bool { return o < l && l <= at })
		})
	}
	// A string grants if it was updated after everything that was denied before it was seen.
	for _, e := range strings {
		updated := testStrings.updated[e.String]
		replay := slices.ContainsFunc(closings, func(c int64) bool { return c < e.At && updated <= c })
		if until := min(e.At, updated) + testAge; e.Trusted && e.At <= p.Now && !replay && until > e.At {
			grants = append(grants, grant{e.At, until})
		}
	}
	grants = slices.DeleteFunc(grants, func(g grant) bool { return objected(g.at, false) })
	switch {
	case len(erasures) > 0:
		return Span{State: Denying, Reason: Erased}
	case objected(at, true):
		return Span{State: Denying, Reason: Objected}
	}
	latest := func(of []int64) int64 { return slices.Max(append([]int64{-1}, of...)) }
	last := int64(-1)
	for _, g := range grants {
		if last = max(last, g.at); g.at > latest(closings) && g.until > at {
			return Span{State: Granting, Reason: Granted}
		}
	}
	reason := func(e Event) Reason {
		if e.Action == TCString {
			return TCNoPurpose
		}
		r, _ := e.Action.denial()
		return r
	}
	var denies Span
	slices.SortFunc(plain, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(reason(b), reason(a)))
	})
	if n := len(plain); n > 0 && last <= plain[n-1].At {
		denies = Span{State: Denying, Reason: reason(plain[n-1])}
	}
	return denies
}

func TestTheMachineSaysWhatTheFactsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, events := densePolicy(testNow), drawEvents(t, "events")
		if rapid.IntRange(0, 9).Draw(t, "erased") == 0 {
			events = append(events, drawEvent(t, Erase))
		}
		got := NewMachine(p, testStrings).Fold(events, Profile)
		for at := int64(-1); at <= testNow; at++ {
			want, span := stateOf(p, events, Profile, at), got.At(at)
			span.From = 0
			if span.Reason == GrantedTC { // what opened an interval is asked elsewhere
				span.Reason = Granted
			}
			if diff := gocmp.Diff(want, span); diff != "" {
				t.Fatalf("at %d: %s", at, diff)
			}
		}
	})
}

func TestSpansAreInOrderDifferFromEachOtherAndEndByNow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got := NewMachine(densePolicy(testNow), testStrings).Fold(drawEvents(t, "events"), Profile)
		for i, s := range got.Spans {
			if s.From > testNow || i > 0 && s.From <= got.Spans[i-1].From {
				t.Fatalf("span %d of %v", i, got.Spans)
			}
			if before := (Span{}); i > 0 {
				before = got.Spans[i-1]
				if before.State == s.State && before.Reason == s.Reason {
					t.Fatalf("span %d of %v goes on", i, got.Spans)
				}
			}
		}
	})
}

func TestOrderAndRepetitionOfEventsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, events := NewMachine(densePolicy(testNow), testStrings), drawEvents(t, "events")
		want := clone(m.Fold(events, Profile))
		shuffled := rapid.Permutation(events).Draw(t, "order")
		if diff := gocmp.Diff(want, clone(m.Fold(shuffled, Profile))); diff != "" {
			t.Fatalf("shuffled: %s", diff)
		}
		if diff := gocmp.Diff(want, clone(m.Fold(slices.Concat(shuffled, events), Profile))); diff != "" {
			t.Fatalf("doubled: %s", diff)
		}
	})
}

// At one instant a lift comes first, then a grant, then denials: what is said in one breath ends with the no.
func TestWhatIsSaidInOneInstantEndsWithTheNo(t *testing.T) {
	at := func(when int64, action Action) Event {
		return Event{At: when, Action: action, Pattern: Profile, Notice: 2, Trusted: true}
	}
	const early, late = testNow - 20, testNow - 10
	for _, c := range []struct {
		name   string
		events []Event
		want   Reason // a moment later
	}{
		{"a lift and an objection", []Event{at(early, Grant), at(late, Object), at(late, Lift)}, Objected},
		{
			"the lift of an older objection and a new one",
			[]Event{at(early, Object), at(late, Object), at(late, Lift), at(late+1, Grant)},
			Objected,
		},
		{"a lift and a grant", []Event{at(early, Object), at(late, Lift), at(late, Grant)}, Granted},
		{"a grant and a withdrawal", []Event{at(late, Grant), at(late, Withdraw)}, Withdrawn},
		{"a grant and an objection", []Event{at(late, Grant), at(late, Object)}, Objected},
	} {
		for _, events := range [][]Event{c.events, slices.Concat(c.events[1:], c.events[:1])} {
			var got Span
			for _, span := range NewMachine(densePolicy(testNow), testStrings).Fold(events, Profile).Spans {
				if span.From <= late+1 {
					got = span
				}
			}
			if got.Reason != c.want {
				t.Errorf("%s: then it is %+v, want %s", c.name, got, c.want)
			}
		}
	}
}

// clone takes a timeline out of its machine.
func clone(t Timeline) Timeline {
	t.Spans = slices.Clone(t.Spans)
	return t
}

func TestFoldingAllocatesNothingOnceItIsWarm(t *testing.T) {
	m := NewMachine(densePolicy(testNow), testStrings)
	events := []Event{
		{At: 1, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true},
		{At: 5, Action: Withdraw, Pattern: EveryPurpose},
		{At: 9, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true},
	}
	m.Fold(events, Profile)
	if n := testing.AllocsPerRun(100, func() { m.Fold(events, Profile) }); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func TestKeptTimelinesAreThoseThatWereFoldedAndShareWhatIsEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, subjects := NewMachine(densePolicy(testNow), testStrings), rapid.IntRange(1, 20).Draw(t, "subjects")
		kept := newTimelines(2, 2*subjects)
		var want []Timeline
		for i := range subjects {
			events := drawEvents(t, "events")
			for again := range 2 {
				kept.keep(2*i+again, func(int) Timeline {
					want = append(want, clone(m.Fold(events, Profile)))
					return want[len(want)-1]
				})
			}
		}
		for i := range want {
			got := kept.at(i/2, i%2)
			if diff := gocmp.Diff(want[i], got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("timeline %d: %s", i, diff)
			}
			if i%2 == 1 && len(got.Spans) > 0 && &got.Spans[0] != &kept.at(i/2, 0).Spans[0] {
				t.Fatalf("timeline %d does not share the equal spans before it", i)
			}
			if i%4 == 0 && kept.shape[i/2] != kept.shape[i/2+1] {
				t.Fatalf("subjects %d and %d, who decided the same, have two shapes", i/2, i/2+1)
			}
		}
		if got := kept.at(2*subjects, 1); !gocmp.Equal(got, Timeline{}, cmpopts.EquateEmpty()) {
			t.Fatalf("a subject whom nobody named has the timeline %v", got)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	p := densePolicy(testNow)
	for name, events := range map[string][]Event{
		"banner": {
			{At: 1, Action: Grant, Pattern: Measure, Notice: 2, Trusted: true},
			{At: 1, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true},
			{At: 1, Action: Grant, Pattern: Link, Notice: 2, Trusted: true},
		},
		"withdrawn": {
			{At: 1, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true},
			{At: 30, Action: Withdraw, Pattern: EveryPurpose},
		},
	} {
		b.Run(name, func(b *testing.B) {
			m := NewMachine(p, testStrings)
			b.ReportAllocs()
			for b.Loop() {
				m.Fold(events, Profile)
			}
		})
	}
}
