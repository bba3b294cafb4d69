package e2e_test

import (
	"testing"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
)

// webtrack is the example with five people, whose lists would all be withheld.
func webtrack() *example {
	return &example{
		Log: feed.Webtrack, zone: "America/New_York", segments: oracle.Webtrack(), today: "2019-03-01",
		strict: [2]int{60, 30},
		moments: [][2]string{
			{"2019-03-16T04:00:00Z", "2019-03-16T10:00:00Z"}, // six days after the clocks were changed
			{"2019-07-10T04:00:00Z", "2019-07-11T17:30:00Z"},
			{"2019-08-14T04:00:00Z", "2019-08-20T12:00:00Z"},
		},
	}
}

func TestTheEngineAndTheOracleAgreeOnFivePeopleOfWhomEverythingIsKnown(t *testing.T) {
	t.Parallel()
	s := newSeen()
	webtrack().open(t, false).matrix(t, settings, s.note)
	s.met(t, "NO_LOGIN", "NO_LATER_LOGIN", "LINK_MISSING", "ROW_RETENTION", "DENIED", "EXPIRED", "NO_RECORD")
	s.few(t)
}

func TestTheEngineAndTheOracleAgreeOnFivePeopleInDisorder(t *testing.T) {
	t.Parallel()
	s := newSeen()
	webtrack().open(t, true).matrix(t, []setting{{answers, "linked", false}, {granting, "linked", true}}, s.note)
	s.met(t, "BLOCKED_DEVICE", "BLOCKED_CUSTOMER", "KIOSK", "SHARED_ANON", "SHARED_DEVICE", "NOT_EXCLUSIVE", "ERASED",
		"ROW_OLD_EPOCH", "ROW_BEFORE_GRANT", "LINK_MISSING")
	if s.hidden == 0 || s.skewed == 0 || s.copies == 0 {
		t.Errorf("%d rows came too late, %d before their time and %d twice: the log does not try what it should", s.hidden,
			s.skewed, s.copies)
	}
}

// few fails where a segment has nobody, or so many people that it would not have to be compared before the floor.
func (s *seen) few(t *testing.T) {
	t.Helper()
	for segment, n := range s.largest {
		if n == 0 || n >= 50 {
			t.Errorf("segment %s has at most %d members, which makes it a poor example", segment, n)
		}
	}
}
