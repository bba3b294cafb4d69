package consent

import (
	"testing"
)

func TestAGapIsADayThatIsNeededAndNotThere(t *testing.T) {
	const today = 20_000
	now := int64(today*dayLength + 6*hourLength)
	days := func(first, last int64, missing ...int64) map[int64]bool {
		out := map[int64]bool{}
		for d := first; d <= last; d++ {
			out[d] = true
		}
		for _, d := range missing {
			delete(out, d)
		}
		return out
	}
	for _, c := range []struct {
		name  string
		days  map[int64]bool
		age   int64 // of the watermark
		first int64 // that an accepted run has seen
		want  string
	}{
		{"no day is missing", days(today-30, today), hourLength, 0, "OK"},
		{"a log without partitions", nil, hourLength, 0, "OK"},
		{"a young log needs nothing older than itself", days(today, today), hourLength, 0, "OK"},
		{"a day in the middle", days(today-30, today, today-7), hourLength, 0, "FEED_GAP"},
		{"the last day, whose events the log has", days(today-30, today, today), hourLength, 0, "FEED_GAP"},
		{"the last day, which the exporter has not written yet", days(today-30, today-1), 7 * hourLength, 0, "OK"},
		{"the first days, which an accepted run has seen", days(today-30, today), hourLength, today - 31, "FEED_GAP"},
		{"days that nobody needs any more", days(today-500, today, today-396), hourLength, today - 600, "OK"},
		{"the oldest day needed", days(today-500, today, today-395), hourLength, 0, "FEED_GAP"},
	} {
		f := Feed{Objects: 1, Rows: 1, Watermark: now - c.age, Days: c.days}
		if got := codeOf(t,
			f.Check(FeedLimits{
				Now: now, MaxAge: 26 * hourLength, MaxConsentAge: 390 * dayLength, PreviousFirst: c.first,
			})); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAFeedAheadOfAGivenNowIsNoMistakeOfTheClock(t *testing.T) {
	const now = 20_000 * dayLength
	for clock, want := range map[bool]string{true: "FEED_FUTURE", false: "OK"} {
		f := Feed{Objects: 1, Rows: 1, Watermark: now + 2*hourLength, Clock: clock}
		if got := codeOf(t, f.Check(FeedLimits{Now: now, MaxAge: hourLength})); got != want {
			t.Errorf("now is the clock: %t: %s, want %s", clock, got, want)
		}
	}
}

func TestAListNewerThanNowIsFresh(t *testing.T) {
	if err := CheckListAge("protected", true, -5*dayLength, 26*hourLength); err != nil {
		t.Error(err)
	}
}

func codeOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "OK"
	}
	e, ok := err.(*FeedError)
	if !ok || e.Reason == "" || e.Hint == "" {
		t.Fatalf("%v is no feed error that says why and what to do", err)
	}
	return e.Code
}
