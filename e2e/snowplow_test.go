package e2e_test

import (
	"testing"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
)

// snowplow is the example whose log is the input of another program's tests.
func snowplow() *example {
	return &example{
		Log: feed.Snowplow, zone: "Europe/London", segments: oracle.Snowplow(), today: "2021-03-01", strict: [2]int{8, 4},
		gapsEmpty: true,
		moments: [][2]string{
			{"2021-02-27T00:00:00Z", "2021-02-27T06:00:00Z"}, // the day after most answers
			{"2021-03-03T00:00:00Z", "2021-03-03T23:00:00Z"},
			{"2021-03-05T00:00:00Z", "2021-03-05T12:00:00Z"},
			{"2021-03-13T00:00:00Z", "2021-03-13T06:00:00Z"}, // one event arrives on the fourteenth, three days late
			{"2021-04-09T23:00:00Z", "2021-04-10T05:00:00Z"},
		},
	}
}

func TestTheEngineAndTheOracleAgreeOnEventsThatAreOddOnPurpose(t *testing.T) {
	t.Parallel()
	s := newSeen()
	snowplow().open(t, false).matrix(t, append(settings, setting{answers, "", true},
		setting{answers, "second-notice", false}), s.note)
	s.met(t, "BLOCKED_DEVICE", "KIOSK", "TOO_MANY_DEVICES", "NOT_EXCLUSIVE", "DENIED", "WITHDRAWN", "EXPIRED",
		"NOTICE_OLD", "NO_RECORD", "ROW_BEFORE_GRANT", "ROW_RETENTION")
	if s.hidden == 0 || s.copies == 0 {
		t.Errorf("%d rows came too late and %d twice: the log does not try what it should", s.hidden, s.copies)
	}
	s.few(t)
}
