package consent

import "testing"

// A feed at its limits is good, and a microsecond or a row beyond them it stops the run.
func TestAFeedStopsTheRunBeyondItsLimits(t *testing.T) {
	const now, age = 20_000 * dayLength, 26 * hourLength
	for _, c := range []struct {
		name      string
		objects   int
		rows      int64
		watermark int64
		before    int64 // rows of the last accepted run
		want      string
	}{
		{"no object", 0, 0, now, 0, "FEED_MISSING"},
		{"objects without rows", 1, 0, now, 0, "FEED_MISSING"},
		{"as old as it may be", 1, 98, now - age, 0, "OK"},
		{"older", 1, 98, now - age - 1, 0, "FEED_STALE"},
		{"an hour ahead of the clock", 1, 98, now + hourLength, 0, "OK"},
		{"more", 1, 98, now + hourLength + 1, 0, "FEED_FUTURE"},
		{"98 of 100 rows", 1, 98, now, 100, "OK"},
		{"97 of 100 rows", 1, 97, now, 100, "FEED_SHRUNK"},
	} {
		f := Feed{Objects: c.objects, Rows: c.rows, Watermark: c.watermark, Clock: true}
		if got := codeOf(t, f.Check(FeedLimits{Now: now, MaxAge: age, PreviousRows: c.before})); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAListOfPeopleIsThereAndNoOlderThanItMayBe(t *testing.T) {
	for _, c := range []struct {
		name string
		is   bool
		age  int64
		want string
	}{
		{"as old as it may be", true, 26 * hourLength, "OK"},
		{"older", true, 26*hourLength + 1, "SUPPRESSION_STALE"},
		{"not there", false, 0, "SUPPRESSION_MISSING"},
	} {
		if got := codeOf(t, CheckListAge("protected", c.is, c.age, 26*hourLength)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
