package main

import (
	"bytes"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/inspect"
)

func TestACalendarHasASignForEveryDay(t *testing.T) {
	var out bytes.Buffer
	writeCalendar(&out, &inspect.SourcePartitions{
		Source: "web", Key: "dt=", First: "2026-02-27", Last: "2026-03-08", Objects: 9,
		Missing: []string{"2026-03-02..2026-03-03"}, Empty: []string{"2026-03-05"}, Incomplete: []string{"2026-03-06"},
		Late: []inspect.LateObject{{Key: "dt=2026-03-01/part.parquet", Day: "2026-03-01"}}, Awaited: "2026-03-09",
	})
	want := `
web: # there, l written late, e empty, i without _SUCCESS, x missing, . not there yet
         1   5    10   15   20   25   30
2026-02                            ##
2026-03  lxx#ei##.

`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	writeCalendar(&out, &inspect.SourcePartitions{Source: "web", Objects: 3})
	if out.Len() > 0 {
		t.Errorf("a source without folders has no calendar: %s", out.String())
	}
}
