package rules

import (
	"fmt"
	"strconv"
	"time"
)

// Elapsed time in microseconds.
const (
	microsPerSecond int64 = 1_000_000
	microsPerMinute       = 60 * microsPerSecond
	microsPerHour         = 60 * microsPerMinute
	microsPerDay          = 24 * microsPerHour
)

// CivilDate is a calendar date as days since 1970-01-01 plus one, so that the zero value means "none".
type CivilDate int32

// DateOfDays returns the date that lies that many days after 1970-01-01.
func DateOfDays(days int64) CivilDate { return CivilDate(days + 1) }

// ParseDate reads a date of the form 2026-04-01, year 1970 to 2199.
func ParseDate(text string) (CivilDate, bool) {
	days, ok := parseDays(text)
	if !ok || days < 0 || days >= floorDiv(zoneLast.UnixMicro(), microsPerDay) {
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
	return formatDays(d.Days())
}

// parseDays reads a date of any year from 0001 to 9999 as days since 1970-01-01.
func parseDays(text string) (int64, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return 0, false
	}
	return t.Unix() / 86_400, true
}

func formatDays(days int64) string {
	return time.Unix(days*86_400, 0).UTC().Format(time.DateOnly)
}

// addMonths moves a day by whole months and clamps it to the month it lands in.
func addMonths(days int64, months int) int64 {
	year, month, day := time.Unix(days*86_400, 0).UTC().Date()
	first := time.Date(year, month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.Unix()/86_400 + int64(min(day, last)) - 1
}

// floorDiv divides and rounds towards minus infinity; b is positive.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// unitNames are the units of a duration as rules write them.
var unitNames = map[Unit]string{Second: "s", Minute: "min", Hour: "h", Day: "d", Week: "w", Month: "mo"}

// unitMicros is what a unit lasts at most; it only serves to bound durations.
var unitMicros = map[Unit]int64{
	Second: microsPerSecond, Minute: microsPerMinute, Hour: microsPerHour,
	Day: microsPerDay, Week: 7 * microsPerDay, Month: 31 * microsPerDay,
}

// maxDuration bounds durations so that no calendar step can leave the range of an instant.
const maxDuration = 36_525 * microsPerDay

// String returns the duration as written: 30d, 2h, 15min, 6mo.
func (d Duration) String() string {
	if d.Unit == 0 {
		return ""
	}
	return strconv.Itoa(d.N) + unitNames[d.Unit]
}

// ParseDuration reads a duration such as 30d, 2h, 15min, 6mo, 2w or 10s, at least 1 unit and at most 100 years. The
// error says what is wrong with the text; a bare m is refused because it could be minutes or months.
func ParseDuration(text string) (Duration, error) {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	number, name := text[:digits], text[digits:]
	if digits > 0 && name == "m" {
		return Duration{}, fmt.Errorf("%q could be minutes or months", text)
	}
	unit := unitNamed(name)
	if digits == 0 || unit == 0 {
		return Duration{}, fmt.Errorf("%q is not a duration", text)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > maxDuration/unitMicros[unit] {
		return Duration{}, fmt.Errorf("%q is longer than 100 years", text)
	}
	if n == 0 {
		return Duration{}, fmt.Errorf("%q is no time at all", text)
	}
	return Duration{N: int(n), Unit: unit}, nil
}

func unitNamed(name string) Unit {
	for unit, n := range unitNames {
		if n == name {
			return unit
		}
	}
	return 0
}

// Bounds returns the window's instants [from, before) in microseconds: it never reaches beyond asOf, and a window that
// lies after asOf is empty (from equals before). coverageFrom is where `within: all` begins.
func (w *Window) Bounds(asOf, coverageFrom int64, z *Zone) (from, before int64) {
	before = asOf
	switch {
	case w.All:
		from = coverageFrom
	case w.Since != 0:
		from, before = z.Midnight(w.Since), min(z.Midnight(w.Until), asOf)
	default:
		from = z.Step(asOf, w.From, -1)
		if w.To != (Duration{}) {
			before = z.Step(asOf, w.To, -1)
		}
	}
	return min(from, before), before
}

// String returns the window as rules write it: 14d, {from: 90d, to: 30d}, all.
func (w *Window) String() string {
	switch {
	case w.All:
		return "all"
	case w.Since != 0:
		return fmt.Sprintf("{from: %v, before: %v}", w.Since, w.Until)
	case w.To != (Duration{}):
		return fmt.Sprintf("{from: %v, to: %v}", w.From, w.To)
	}
	return w.From.String()
}
