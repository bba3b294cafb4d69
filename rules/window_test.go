package rules_test

import (
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

func TestWindowsOfADayThatBeginsAtOneBeginAtStartsOfDays(t *testing.T) {
	z, err := value.LoadZone("Asia/Beirut")
	if err != nil {
		t.Fatal(err)
	}
	changed, _ := value.ParseDate("2026-03-29")
	days := func(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }
	for _, w := range []rules.Window{{From: days(14)}, {From: days(14), To: days(7)}, {From: value.Duration{
		N: 2, Unit: value.Week,
	}, To: days(7)}} {
		from, before := w.Bounds(z.Midnight(changed), 0, z)
		wantBefore := changed
		if w.To.N > 0 {
			wantBefore -= 7
		}
		if from != z.Midnight(changed-14) || before != z.Midnight(wantBefore) {
			t.Errorf("%v is [%v, %v)", w.String(), time.UnixMicro(from).UTC(), time.UnixMicro(before).UTC())
		}
	}
}

func TestWindowsAreCutAtAsOf(t *testing.T) {
	z, err := value.LoadZone("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	instant := func(text string) int64 { us, _ := value.ParseTimestamp(text); return us }
	asOf, coverage := instant("2026-04-15T00:00:00+03:00"), instant("2025-04-01T00:00:00+03:00")
	march, _ := value.ParseDate("2026-03-01")
	may, _ := value.ParseDate("2026-05-01")
	tests := []struct {
		window       rules.Window
		from, before string
	}{
		{rules.Window{
			From: value.Duration{N: 14, Unit: value.Day},
		}, "2026-04-01T00:00:00+03:00", "2026-04-15T00:00:00+03:00"},
		{rules.Window{
			From: value.Duration{N: 90, Unit: value.Day}, To: value.Duration{N: 30, Unit: value.Day},
		}, "2026-01-15T00:00:00+02:00", "2026-03-16T00:00:00+02:00"},
		{rules.Window{Since: march, Until: may}, "2026-03-01T00:00:00+02:00", "2026-04-15T00:00:00+03:00"},
		{rules.Window{Since: may, Until: may + 1}, "2026-04-15T00:00:00+03:00", "2026-04-15T00:00:00+03:00"},
		{rules.Window{All: true}, "2025-04-01T00:00:00+03:00", "2026-04-15T00:00:00+03:00"},
	}
	for _, test := range tests {
		from, before := test.window.Bounds(asOf, coverage, z)
		if from != instant(test.from) || before != instant(test.before) {
			t.Errorf("%v is [%v, %v)", test.window.String(), time.UnixMicro(from).UTC(), time.UnixMicro(before).UTC())
		}
	}
}
