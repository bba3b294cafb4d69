package decide

import (
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

func TestAMissingDayUncoversAllOfTheLocalDay(t *testing.T) {
	for _, c := range []struct{ name, zone, first, missing, from, before string }{
		{
			"an autumn day has 25 hours", "Europe/Helsinki", "2026-10-24", "2026-10-25", "2026-10-25T00:00:00+03:00",
			"2026-10-26T00:00:00+02:00",
		},
		{
			"a spring day has 23", "Europe/Helsinki", "2026-03-28", "2026-03-29", "2026-03-29T00:00:00+02:00",
			"2026-03-30T00:00:00+03:00",
		},
		{
			"a day that begins at 01:00", "Africa/Cairo", "2026-04-23", "2026-04-24", "2026-04-24T01:00:00+03:00",
			"2026-04-25T00:00:00+03:00",
		},
		{
			"a day that ends at 24:00 for the second time", "America/Santiago", "2026-04-03", "2026-04-04",
			"2026-04-04T00:00:00-03:00", "2026-04-05T00:00:00-04:00",
		},
		{"a day that never was", "Pacific/Apia", "2011-12-29", "2011-12-30", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone, err := value.LoadZone(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			instant := func(text string) int64 { us, _ := value.ParseTimestamp(text); return us }
			day := func(text string) value.CivilDate { d, _ := value.ParseDate(text); return d }
			partition := project.Partition{Key: "dt=", Zone: zone}
			s := &Source{Source: project.Source{Partition: partition}, Parts: []folder.Partition{
				{Day: day(c.first), Success: true}, {Day: day(c.missing) + 1, Success: true},
			}}
			in := &Inputs{AsOf: zone.Midnight(day(c.missing) + 2)}
			if err := s.FindCoverage(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			var want []Span
			if c.from != "" {
				want = []Span{{instant(c.from), instant(c.before)}}
			}
			if got := s.Cover.Missing; len(got) != len(want) || len(got) == 1 && got[0] != want[0] {
				t.Errorf("missing %v, want %v", got, want)
			}
		})
	}
}
