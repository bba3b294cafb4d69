package value

import (
	"fmt"
	"strconv"
)

// Unit of a duration. Seconds, minutes and hours are elapsed time; days, weeks and months are calendar steps.
type Unit uint8

// The units as written: s min h d w mo.
const (
	Second Unit = iota + 1
	Minute
	Hour
	Day
	Week
	Month
)

// Duration is a number of units; the zero value is "none".
type Duration struct {
	N    int
	Unit Unit
}

// unitNames are the units of a duration as rules write them.
var unitNames = map[Unit]string{Second: "s", Minute: "min", Hour: "h", Day: "d", Week: "w", Month: "mo"}

// unitMicros is what a unit lasts at most; it only serves to bound durations.
var unitMicros = map[Unit]int64{
	Second: microsPerSecond, Minute: MicrosPerMinute, Hour: MicrosPerHour,
	Day: MicrosPerDay, Week: 7 * MicrosPerDay, Month: 31 * MicrosPerDay,
}

// maxDuration bounds durations so that no calendar step can leave the range of an instant.
const maxDuration = 36_525 * MicrosPerDay

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

// shortestMicros is what a unit lasts at least.
var shortestMicros = map[Unit]int64{
	Second: microsPerSecond, Minute: MicrosPerMinute, Hour: MicrosPerHour,
	Day: 23 * MicrosPerHour, Week: 7*MicrosPerDay - MicrosPerHour, Month: 28*MicrosPerDay - MicrosPerHour,
}

// Longest returns the microseconds that the duration lasts at most.
func (d Duration) Longest() int64 { return int64(d.N) * unitMicros[d.Unit] }

// Shortest returns the microseconds that the duration lasts at least: a day may have 23 hours, a month 28 days.
func (d Duration) Shortest() int64 { return int64(d.N) * shortestMicros[d.Unit] }

// Reaches reports whether a step back by the duration never ends after one by another: both count the same way, by
// the clock, in days or in months, or even the shortest is as long.
func (d Duration) Reaches(o Duration) bool {
	sort := func(u Unit) int {
		switch u {
		case Day, Week:
			return 1
		case Month:
			return 2
		}
		return 0
	}
	if sort(d.Unit) == sort(o.Unit) {
		return d.Longest() >= o.Longest()
	}
	return d.Shortest() >= o.Longest()
}
