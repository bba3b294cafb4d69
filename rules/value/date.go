package value

import (
	"time"
)

// Elapsed time in microseconds.
const (
	microsPerSecond int64 = 1_000_000
	MicrosPerMinute       = 60 * microsPerSecond
	MicrosPerHour         = 60 * MicrosPerMinute
	MicrosPerDay          = 24 * MicrosPerHour
)

// CivilDate is a calendar date as days since 1970-01-01 plus one, so that the zero value means "none".
type CivilDate int32

// DateOfDays returns the date that lies that many days after 1970-01-01.
func DateOfDays(days int64) CivilDate { return CivilDate(days + 1) }

// ParseDate reads a date of the form 2026-04-01, year 1970 to 2199.
func ParseDate(text string) (CivilDate, bool) {
	days, ok := ParseDays(text)
	if !ok || days < 0 || days >= FloorDiv(zoneLast.UnixMicro(), MicrosPerDay) {
		return 0, false
	}
	return DateOfDays(days), true
}

// Days returns the days since 1970-01-01.
func (d CivilDate) Days() int64 { return int64(d) - 1 }

// String returns the date as 2026-04-01, or "" for none.
func (d CivilDate) String() string {
	if d == 0 {
		return ""
	}
	return FormatDays(d.Days())
}

// ParseDays reads a date of any year from 0001 to 9999 as days since 1970-01-01.
func ParseDays(text string) (int64, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return 0, false
	}
	return t.Unix() / 86_400, true
}

// FormatDays writes days since 1970-01-01 as 2026-04-01.
func FormatDays(days int64) string {
	return time.Unix(days*86_400, 0).UTC().Format(time.DateOnly)
}

// DayOf returns the day of a wall clock's reading, in microseconds.
func DayOf(wall int64) CivilDate { return DateOfDays(FloorDiv(wall, MicrosPerDay)) }

// addMonths moves a day by whole months and clamps it to the month it lands in.
func addMonths(days int64, months int) int64 {
	year, month, day := time.Unix(days*86_400, 0).UTC().Date()
	first := time.Date(year, month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.Unix()/86_400 + int64(min(day, last)) - 1
}

// FloorDiv divides and rounds towards minus infinity; b is positive.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
