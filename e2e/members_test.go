package e2e_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// shop is the example with many people.
func shop() *example {
	return &example{
		Log: feed.Shop, zone: "Europe/Warsaw", segments: oracle.Shop(), today: "2008-06-01", strict: [2]int{100, 45},
		moments: [][2]string{
			{"2008-05-31T22:00:00Z", "2008-06-01T04:00:00Z"},
			{"2008-07-31T22:00:00Z", "2008-08-03T10:30:00Z"},
			{"2008-08-21T22:00:00Z", "2008-08-22T06:00:00Z"}, // no row arrived on 19 August: that day is not covered
		},
	}
}

// seen gathers what the runs of a matrix came upon, to show that agreement was not about nothing.
type seen struct {
	reasons                map[string]int64
	largest                map[string]int // members, by segment
	hidden, skewed, copies int64
}

func (s *seen) note(r *oracle.Result) {
	for _, refused := range r.Refused {
		for reason, n := range refused {
			s.reasons[reason] += n
		}
	}
	for key, ids := range r.Members {
		s.largest[key[0]] = max(s.largest[key[0]], len(ids))
	}
	s.hidden, s.skewed, s.copies = s.hidden+r.Hidden, s.skewed+r.Skewed, s.copies+r.Copies
}

// met fails where one of the reasons never occurred.
func (s *seen) met(t *testing.T, reasons ...string) {
	t.Helper()
	for _, reason := range reasons {
		if s.reasons[reason] == 0 {
			t.Errorf("no row was refused with %s: the log does not try what it should", reason)
		}
	}
}

func newSeen() *seen { return &seen{reasons: map[string]int64{}, largest: map[string]int{}} }

// refusals are the reasons that the clicks and answers as they are give rise to.
var refusals = []string{
	"NO_LOGIN", "NO_LATER_LOGIN", "LINK_MISSING", "NOT_EXCLUSIVE", "ROW_RETENTION", "WITHDRAWN", "DENIED", "EXPIRED",
	"NO_RECORD", "ROW_OLD_EPOCH", "ROW_BEFORE_GRANT",
}

func TestTheEngineAndTheOracleAgreeOnTheRealLog(t *testing.T) {
	t.Parallel()
	s := newSeen()
	shop().open(t, false).matrix(t, settings, s.note)
	s.met(t, refusals...)
	if s.hidden == 0 || s.copies == 0 {
		t.Errorf("%d rows came too late and %d twice: the log does not try what it should", s.hidden, s.copies)
	}
	for segment, n := range s.largest {
		if few := segment == "rare-domain"; n == 0 || few != (n < 50) {
			t.Errorf("segment %s has at most %d members, which makes it a poor example", segment, n)
		}
	}
}

func TestTheEngineAndTheOracleAgreeOnADisturbedLog(t *testing.T) {
	t.Parallel()
	s := newSeen()
	shop().open(t, true).matrix(t, settings, s.note)
	s.met(t, refusals...)
	s.met(t, "BLOCKED_DEVICE", "BLOCKED_CUSTOMER", "KIOSK", "TOO_MANY_DEVICES", "SHARED_ANON", "SHARED_DEVICE", "ERASED",
		"OBJECTED", "GPC",
		"BROWSER_SETTING", "CUSTOMER_GRANT_ONLY", "GRANT_WILDCARD", "UNTRUSTED_GRANT", "FUTURE_GRANT")
	if s.skewed == 0 {
		t.Error("no row was skewed: the log does not try what it should")
	}
}

// compare compares everything a run decides.
func compare(t *testing.T, want *oracle.Result, got *decide.Decision) {
	t.Helper()
	members, control := map[[2]string][]string{}, map[[2]string][]string{}
	for i := range got.Audiences {
		a := &got.Audiences[i]
		use := got.Uses[a.Use()].Name
		key := [2]string{a.Segment().Name, use}
		if _, asked := want.Members[key]; !asked {
			continue // only there to be referred to
		}
		if _, unknown := a.Count(); unknown != want.Unknown[key] {
			t.Errorf("undecided about %v: oracle %d people, engine %d", key, want.Unknown[key], unknown)
		}
		members[key] = append([]string{}, slices.Collect(a.Members())...)
		if ids := slices.Collect(a.Control()); len(ids) > 0 {
			control[key] = ids
		}
	}
	for key, ids := range want.Members {
		if diff := cmp.Diff(append([]string{}, ids...), members[key]); diff != "" {
			t.Errorf("members of %v (-oracle +engine), %d and %d:\n%.600s", key, len(ids), len(members[key]), diff)
		}
		if diff := cmp.Diff(want.Control[key], control[key]); diff != "" {
			t.Errorf("control group of %v (-oracle +engine):\n%.600s", key, diff)
		}
	}
	if len(members) != len(want.Members) {
		t.Errorf("the engine made %d audiences, the oracle %d", len(members), len(want.Members))
	}
	compareCounts(t, want, got)
}

func compareCounts(t *testing.T, want *oracle.Result, got *decide.Decision) {
	t.Helper()
	for u := range got.Uses {
		use := got.Uses[u].Name
		refused := map[string]int64{}
		for reason, n := range got.Roll.Tallies.Refused[u] {
			if n > 0 {
				refused[consent.Reason(reason).String()] = n
			}
		}
		if diff := cmp.Diff(want.Refused[use], refused); diff != "" {
			t.Errorf("refused rows of %s (-oracle +engine):\n%s", use, diff)
		}
		if n := got.Roll.Tallies.Admitted[u]; n != want.Admitted[use] {
			t.Errorf("admitted rows of %s: oracle %d, engine %d", use, want.Admitted[use], n)
		}
		if n := got.Roll.People(u); n != want.People[use] {
			t.Errorf("people of %s: oracle %d, engine %d", use, want.People[use], n)
		}
	}
	c := got.Sources[0].Counts
	counts := map[string][2]int64{
		"wanted": {want.Wanted, c.Wanted}, "hidden": {want.Hidden, c.Hidden}, "skewed": {want.Skewed, c.Skewed},
		"copies": {want.Copies, c.Copies}, "conflicting": {want.Conflicts, got.Sources[0].Conflicts},
	}
	for name, n := range counts {
		if n[0] != n[1] {
			t.Errorf("%s rows: oracle %d, engine %d", name, n[0], n[1])
		}
	}
}
