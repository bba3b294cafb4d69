package project

import (
	"strings"
	"testing"
)

func TestFoldersAreFoundByTheirPattern(t *testing.T) {
	for _, c := range []struct{ key, object, want string }{
		{"dt=", "dt=2026-04-01/part.parquet", "2026-04-01"},
		{"dt=", "region=fi/dt=2026-04-01/part.parquet", "2026-04-01"},
		{"dt=", "dt=2026-04-01/page=%2Flainat/part.parquet", "2026-04-01"},
		{"dt=", "dt=2026-4-1/part.parquet", "no date: dt=2026-4-1"},
		{"dt=", "dt=__HIVE_DEFAULT_PARTITION__/part.parquet", "no date: dt=__HIVE_DEFAULT_PARTITION__"},
		{"dt=", "dt=2026-02-30/part.parquet", "no date: dt=2026-02-30"},
		{"dt=", "dt=2026-04-01.parquet", "nowhere"},
		{"dt=", "dt=2026-04-02/dt=2026-04-01/part.parquet", "no date: dt=2026-04-01"},
		{"dt=", "dt=2026-04-01/dt=2026-04-01/part.parquet", "2026-04-01"},
		{"dt=", "dt=2026-04-01/dt=x/part.parquet", "no date: dt=x"},
		{"{yyyy}/{MM}/{dd}", "in/2026/04/02/events/2026/04/01/part.parquet", "no date: 2026/04/01"},
		{"events/{yyyy}/{MM}/{dd}", "in/2026/04/02/events/2026/04/01/part.parquet", "2026-04-01"},
		{"dt=", "part.parquet", "nowhere"},
		{"{yyyy}-{MM}-{dd}", "2026-04-01/part.parquet", "2026-04-01"},
		{"{yyyy}/{MM}/{dd}", "2026/04/01/part.parquet", "2026-04-01"},
		{"{yyyy}/{MM}/{dd}", "web/2026/4/1/part.parquet", "2026-04-01"},
		{"{yyyy}/{MM}/{dd}", "2026/04/01.parquet", "2026-04-01"},
		{"{yyyy}/{MM}/{dd}", "2026/04/part.parquet", "nowhere"},
		{"{yyyy}/{MM}/{dd}", "2026/13/01/part.parquet", "nowhere"},
		{"{yyyy}/{MM}/{dd}/{HH}", "2026/04/01/07/part.parquet", "2026-04-01 7"},
		{"{yyyy}/{MM}/{dd}/{HH}", "2026/04/01/24/part.parquet", "nowhere"},
		{"year={yyyy}/month={MM}/day={dd}", "year=2026/month=4/day=1/part.parquet", "2026-04-01"},
		{"year={yyyy}/month={MM}/day={dd}/hour={HH}", "year=2026/month=04/day=01/hour=00/part.parquet", "2026-04-01 0"},
		{"events_{yyyy}{MM}{dd}", "events_20260401/part.parquet", "2026-04-01"},
		{"events_{yyyy}{MM}{dd}", "events_20260401.parquet", "2026-04-01"},
		{"events_{yyyy}{MM}{dd}", "ga4/events_20260401_000000000012.parquet", "2026-04-01"},
		{"events_{yyyy}{MM}{dd}", "events_202604011.parquet", "nowhere"},
		{"events_{yyyy}{MM}{dd}", "events_intraday_20260401/part.parquet", "nowhere"},
		{"events_{yyyy}{MM}{dd}", "events_2026041/part.parquet", "nowhere"},
		{"dt={yyyy}-{MM}-{dd} 00%3A00%3A00", "dt=2026-04-01 00%3A00%3A00/part.parquet", "2026-04-01"},
	} {
		if bad := badPattern(c.key); bad != "" {
			t.Errorf("%s: %s", c.key, bad)
		}
		at, text, ok := Partition{Key: c.key}.Locate(c.object)
		got := "nowhere"
		switch {
		case ok && at.Hour >= 0:
			got = at.Day.String() + strings.TrimSuffix(" "+string("0123456789"[at.Hour%10]), " ")
		case ok:
			got = at.Day.String()
		case text != "":
			got = "no date: " + text
		}
		if got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.object, c.key, got, c.want)
		}
	}
}

func TestAPatternNamesADayOnce(t *testing.T) {
	for key, want := range map[string]string{
		"dt": "neither", "{yyyy}/{MM}": "no {dd}", "{yyyy}{yyyy}{MM}{dd}": "twice", "{yyyy}{MM}{dd}{mm}": "none of",
		"{MM}{dd}": "no {yyyy}", "/{yyyy}/{MM}/{dd}": "slash", "{yyyy}//{MM}/{dd}": "slash", "{yyyy}/{MM}/{dd}/": "slash",
		"{yyyy}{MM}{dd": "no {dd}",
	} {
		if got := badPattern(key); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func FuzzLocate(f *testing.F) {
	f.Add("events_{yyyy}{MM}{dd}", "events_20260401/part.parquet")
	f.Add("{yyyy}/{MM}/{dd}/{HH}", "2026/4/1/7/x")
	f.Fuzz(func(t *testing.T, key, object string) {
		if badPattern(key) != "" {
			return
		}
		p := Partition{Key: key}
		at, _, ok := p.Locate(object)
		if !ok {
			return
		}
		// The folder of a day is one of that day.
		if again, _, ok := p.Locate(p.Folder(at.Day) + "/part"); !ok || again.Day != at.Day {
			t.Errorf("%q: %q lies in %v, and %q in %v (%t)", key, object, at, p.Folder(at.Day), again, ok)
		}
	})
}
