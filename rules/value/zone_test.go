package value

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var zoneNames = []string{
	"Europe/Helsinki", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu",
	"Pacific/Apia", "Africa/Casablanca", "UTC", "Antarctica/Troll",
}

func zone(t interface{ Fatal(...any) }, name string) *Zone {
	z, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t *testing.T, text string) int64 {
	t.Helper()
	us, ok := ParseTimestamp(text)
	if !ok {
		t.Fatalf("%q is not an instant", text)
	}
	return us
}

func TestEveryZoneOfTheDatabaseLoads(t *testing.T) {
	names := ZoneNames()
	if len(names) < 500 {
		t.Fatalf("the database has %d zones", len(names))
	}
	for _, name := range names {
		zone(t, name)
	}
}

func TestNamesThatAreNoIANAZonesAreRefused(t *testing.T) {
	for _, name := range []string{
		"", "Local", "EEST", "europe/helsinki", "Europe", "Europe/", "../etc/passwd", "/etc/localtime",
	} {
		if _, err := LoadZone(name); err == nil {
			t.Errorf("%q is taken for a zone", name)
		}
	}
}

func TestOffsetsAreThoseOfTheTimePackage(t *testing.T) {
	for _, name := range zoneNames {
		z := zone(t, name)
		data, err := zoneData(name)
		if err != nil {
			t.Fatal(err)
		}
		location, err := time.LoadLocationFromTZData(name, data)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			us := rapid.Int64Range(zoneFirst.UnixMicro(), zoneLast.UnixMicro()-1).Draw(t, "instant")
			_, want := time.UnixMicro(us).In(location).Zone()
			if got := z.Offset(us); got != int64(want)*microsPerSecond {
				t.Fatalf("%s at %d: offset %d, want %d s", name, us, got, want)
			}
		})
	}
}

// slowEarliest walks second by second over the instants whose local clock may show wall.
func slowEarliest(z *Zone, wall int64) int64 {
	const step = MicrosPerMinute
	for us := wall - maxOffset; ; us += step {
		if z.Local(us) >= wall {
			return us
		}
	}
}

func TestEarliestIsTheFirstInstantAtWhichTheClockShowsThatTimeOrLater(t *testing.T) {
	for _, name := range zoneNames {
		z := zone(t, name)
		rapid.Check(t, func(t *rapid.T) {
			// Whole minutes after 1970: no zone changes its clock within a minute there.
			minute := rapid.Int64Range(3*24*60, 80*365*24*60).Draw(t, "minute")
			if rapid.Bool().Draw(t, "near a change") {
				change := rapid.SampledFrom(z.starts).Draw(t, "change")
				minute = max(3*24*60,
					FloorDiv(z.Local(change), MicrosPerMinute)+rapid.Int64Range(-120, 120).Draw(t, "minutes away"))
			}
			wall := minute * MicrosPerMinute
			if z.Offset(wall)%MicrosPerMinute != 0 {
				t.Skip("Monrovia's seconds")
			}
			if got, want := z.Earliest(wall), slowEarliest(z, wall); got != want {
				t.Fatalf("%s: Earliest(%v) = %v, want %v", name, time.UnixMicro(wall).UTC(), time.UnixMicro(got).UTC(),
					time.UnixMicro(want).UTC())
			}
		})
	}
}

func TestOddHours(t *testing.T) {
	z := zone(t, "Europe/Helsinki")
	apia := zone(t, "Pacific/Apia")
	day := Duration{1, Day}
	tests := []struct {
		name      string
		got, want int64
	}{
		{
			"a skipped hour is the first instant after it", z.Step(instant(t, "2026-03-30T03:30:00+03:00"), day, -1),
			instant(t, "2026-03-29T04:00:00+03:00"),
		},
		{
			"a repeated hour is its first pass", z.Step(instant(t, "2026-10-26T03:30:00+02:00"), day, -1),
			instant(t, "2026-10-25T03:30:00+03:00"),
		},
		{
			"a day over the autumn change lasts 25 hours", z.Step(instant(t, "2026-10-26T00:00:00+02:00"), day, -1),
			instant(t, "2026-10-25T00:00:00+03:00"),
		},
		{
			"hours are elapsed time", z.Step(instant(t, "2026-03-30T00:00:00+03:00"), Duration{48, Hour}, -1),
			instant(t, "2026-03-27T23:00:00+02:00"),
		},
		{
			"the end of a month clamps", z.Step(instant(t, "2026-03-31T12:00:00+03:00"), Duration{1, Month}, -1),
			instant(t, "2026-02-28T12:00:00+02:00"),
		},
		{
			"a month forward clamps too", z.Step(instant(t, "2028-01-31T12:00:00+02:00"), Duration{1, Month}, 1),
			instant(t, "2028-02-29T12:00:00+02:00"),
		},
		{
			"weeks are seven days", z.Step(instant(t, "2026-04-15T00:00:00+03:00"), Duration{2, Week}, -1),
			instant(t, "2026-04-01T00:00:00+03:00"),
		},
		{
			"a skipped day begins with the next", apia.Earliest(MicrosPerDay * mustDays(t, "2011-12-30")),
			instant(t, "2011-12-31T00:00:00+14:00"),
		},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, time.UnixMicro(test.got).UTC(), time.UnixMicro(test.want).UTC())
		}
	}
}

// Clocks of these places were or are changed at midnight, forward or back, or missed a day.
var midnightZones = []string{
	"Asia/Beirut", "Africa/Cairo", "America/Havana", "America/Santiago", "America/Asuncion", "America/Sao_Paulo",
	"Asia/Tehran", "America/St_Johns", "Atlantic/Azores", "Pacific/Apia", "Europe/Helsinki",
}

func TestStepsOfDaysFromAStartOfDayEndAtAStartOfDay(t *testing.T) {
	for _, name := range midnightZones {
		z := zone(t, name)
		rapid.Check(t, func(t *rapid.T) {
			day := CivilDate(rapid.Int64Range(4000, 25_000).Draw(t, "day"))
			if rapid.Bool().Draw(t, "near a change") {
				change := rapid.SampledFrom(z.starts[1:]).Draw(t, "change")
				day = z.Day(change) + CivilDate(rapid.IntRange(-3, 3).Draw(t, "days away"))
			}
			n := rapid.IntRange(1, 20).Draw(t, "n")
			sign := rapid.SampledFrom([]int{1, -1}).Draw(t, "sign")
			from := z.Midnight(day)
			first := z.Day(from) // a skipped day begins with the next
			for _, step := range []struct {
				unit Unit
				want CivilDate
			}{
				{Day, first + CivilDate(sign*n)},
				{Week, first + CivilDate(sign*7*n)},
				{Month, DateOfDays(addMonths(first.Days(), sign*n))},
			} {
				if got, want := z.Step(from, Duration{n, step.unit}, sign), z.Midnight(step.want); got != want {
					t.Fatalf("%s: %v moved by %d%s is %v, want %v, the start of %v", name, time.UnixMicro(from).UTC(), sign*n,
						unitNames[step.unit], time.UnixMicro(got).UTC(), time.UnixMicro(want).UTC(), step.want)
				}
			}
		})
	}
}

func mustDays(t *testing.T, text string) int64 {
	t.Helper()
	days, ok := ParseDays(text)
	if !ok {
		t.Fatalf("%q is not a date", text)
	}
	return days
}

func TestDurationsReadAsWritten(t *testing.T) {
	for _, text := range []string{"30d", "2h", "15min", "6mo", "2w", "10s", "36525d"} {
		d, err := ParseDuration(text)
		if err != nil || d.String() != text {
			t.Errorf("%q reads as %v, %v", text, d, err)
		}
	}
	for _, text := range []string{
		"", "5m", "d", "0d", "-1d", "1.5h", "30 d", "30D", "99999999999999999999d", "36526d", "1y",
	} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q reads as %v", text, d)
		}
	}
}

func BenchmarkZoneLocal(b *testing.B) {
	z := zone(b, "Europe/Helsinki")
	var sum, us int64
	for b.Loop() {
		us = (us + 1_234_567_891_011) % (60 * 365 * MicrosPerDay)
		sum += z.Local(us)
	}
	_ = sum
}
