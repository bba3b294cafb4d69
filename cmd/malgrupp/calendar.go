package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/rules/value"
)

// localTime is a time of a document, which is UTC, as the clock of the project shows it, with the offset; what is no
// time stays.
func localTime(utc string, zone *value.Zone) string {
	us, ok := value.ParseTimestamp(utc)
	if !ok {
		return utc
	}
	return clockText(us, zone)
}

// clockText is what the zone's clock shows at an instant, with its offset: to the minute where it is a whole one.
func clockText(us int64, zone *value.Zone) string {
	form := "2006-01-02 15:04:05.000000 -07:00"
	switch {
	case us%value.MicrosPerMinute == 0:
		form = "2006-01-02 15:04 -07:00"
	case us%1_000_000 == 0:
		form = "2006-01-02 15:04:05 -07:00"
	}
	return time.UnixMicro(us).In(time.FixedZone("", int(zone.Offset(us)/1_000_000))).Format(form)
}

// calendarMonths is how many months of a source are drawn, the last ones.
const calendarMonths = 13

// The signs of a calendar's days.
const (
	dayThere      = '#'
	dayLate       = 'l'
	dayEmpty      = 'e'
	dayIncomplete = 'i'
	dayMissing    = 'x'
	dayAwaited    = '.'
)

var signWords = []struct {
	sign  rune
	words string
}{
	{dayThere, "there"},
	{dayLate, "written late"},
	{dayEmpty, "empty"},
	{dayIncomplete, "without _SUCCESS"},
	{dayMissing, "missing"},
	{dayAwaited, "not there yet"},
}

// writeCalendar draws the days of a source: a line for a month, a sign for a day, and what the signs mean.
func writeCalendar(w io.Writer, s *inspect.SourcePartitions) {
	first, ok := value.ParseDate(s.First)
	if !ok {
		return // no partitions
	}
	signs, last := calendarDays(s, first)
	shown := map[rune]bool{}
	var lines []string
	for day := first; day <= last; day++ {
		date := day.String()
		if month := date[:len("2026-04")]; len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], month) {
			begins, _ := value.ParseDate(month + "-01")
			lines = append(lines, month+"  "+strings.Repeat(" ", int(day-begins)))
		}
		lines[len(lines)-1] += signOn(w, signs[day])
		shown[signs[day]] = true
	}
	if hidden := len(lines) - calendarMonths; hidden > 0 {
		lines = append([]string{fmt.Sprintf("(%s before)", plural(hidden, "month"))}, lines[hidden:]...)
	}
	var legend []string
	for _, s := range signWords {
		if shown[s.sign] {
			legend = append(legend, string(s.sign)+" "+s.words)
		}
	}
	fmt.Fprintf(w, "\n%s: %s\n         1   5    10   15   20   25   30\n%s\n\n", s.Source, strings.Join(legend, ", "),
		strings.Join(lines, "\n"))
}

// signOn is a sign as it looks where it is written.
func signOn(w io.Writer, sign rune) string {
	switch sign {
	case dayMissing, dayIncomplete:
		return painted(w, red, string(sign))
	case dayLate, dayEmpty:
		return painted(w, yellow, string(sign))
	}
	return string(sign)
}

// calendarDays are the signs of a source's days, and the last of them.
func calendarDays(s *inspect.SourcePartitions, first value.CivilDate) (map[value.CivilDate]rune, value.CivilDate) {
	signs := map[value.CivilDate]rune{}
	last, _ := value.ParseDate(s.Last)
	mark := func(sign rune, stretches ...string) {
		for _, text := range stretches {
			from, to, several := strings.Cut(text, "..")
			if !several {
				to = from
			}
			day, ok := value.ParseDate(from)
			until, _ := value.ParseDate(to)
			for ; ok && day <= until; day++ {
				signs[day] = sign
				last = max(last, day)
			}
		}
	}
	mark(dayThere, s.First+".."+s.Last)
	for _, o := range s.Late {
		if copied(s) {
			break
		}
		mark(dayLate, o.Day)
	}
	mark(dayEmpty, s.Empty...)
	mark(dayIncomplete, s.Incomplete...)
	mark(dayMissing, s.Missing...)
	mark(dayMissing, s.Overdue)
	mark(dayAwaited, s.Awaited, s.NotBegun)
	for day := first; day <= last; day++ {
		if signs[day] == 0 {
			signs[day] = dayAwaited // today, or a day that is not over
		}
	}
	return signs, last
}
