package sql

import (
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules/value"
)

const (
	hour = 3600 * 1_000_000
	day  = 24 * hour
)

// Clock is a time zone as arithmetic: the offsets of a stretch of time are literals, so that no time zone database of a
// cluster matters.
type Clock struct {
	dialect *Dialect
	zone    *value.Zone
	offsets []value.Offset
}

// maxOffset is more than any clock on earth was ever away from UTC.
const maxOffset = 26 * hour

// Clock returns the zone's clock for the instants of [from, before).
func (d *Dialect) Clock(z *value.Zone, from, before int64) Clock {
	return Clock{d, z, z.Offsets(from-2*maxOffset, before+2*maxOffset)}
}

// Local is what the clock shows at an instant, as microseconds read as if the place were in UTC.
func (c Clock) Local(at string) string {
	last := len(c.offsets) - 1
	if last == 0 {
		return fmt.Sprintf("(%s + %s)", at, Integer(c.offsets[0].Ahead))
	}
	var b strings.Builder
	for i, o := range c.offsets[:last] {
		fmt.Fprintf(&b, " WHEN %s < %d THEN %d", at, c.offsets[i+1].From, o.Ahead)
	}
	return fmt.Sprintf("(%s + CASE%s ELSE %d END)", at, b.String(), c.offsets[last].Ahead)
}

// reading is the time from which steps of the calendar count (value.Zone.Reading).
func (c Clock) reading(at string) string {
	var b strings.Builder
	for _, o := range c.offsets[1:] {
		if wall := c.zone.Reading(o.From); wall != c.zone.Local(o.From) {
			fmt.Fprintf(&b, " WHEN %s = %d THEN %d", at, o.From, wall)
		}
	}
	if b.Len() == 0 {
		return c.Local(at)
	}
	return fmt.Sprintf("(CASE%s ELSE %s END)", b.String(), c.Local(at))
}

// Earliest is the earliest instant at which the clock shows that time or later.
func (c Clock) Earliest(wall string) string {
	last := len(c.offsets) - 1
	at := func(i int) string {
		instant := fmt.Sprintf("%s - %s", wall, Integer(c.offsets[i].Ahead))
		if i == 0 {
			return instant
		}
		return fmt.Sprintf("greatest(%s, %d)", instant, c.offsets[i].From)
	}
	if last == 0 {
		return "(" + at(0) + ")"
	}
	var b strings.Builder
	for i := range last {
		fmt.Fprintf(&b, " WHEN %s < %d THEN %s", wall, c.offsets[i+1].From+c.offsets[i].Ahead, at(i))
	}
	return fmt.Sprintf("(CASE%s ELSE %s END)", b.String(), at(last))
}

// Later is the instant that lies a duration after another: elapsed time, or a step of the calendar.
func (c Clock) Later(at string, d value.Duration) string {
	if d.Unit == value.Month { // a day moves, and clamps at the end of a month; the time of day stays
		return c.Earliest(fmt.Sprintf("(%s * %d + %s)", fmt.Sprintf(c.dialect.addMonths, c.Day(at), d.N), day,
			FloorMod(c.reading(at), day)))
	}
	length, calendar := elapsed(d)
	if !calendar || len(c.offsets) == 1 {
		return fmt.Sprintf("(%s + %d)", at, length)
	}
	return c.Earliest(fmt.Sprintf("(%s + %d)", c.reading(at), length))
}

// elapsed is how long a duration is where no clock is changed (a month at most), and whether it is a step of the
// calendar.
func elapsed(d value.Duration) (us int64, calendar bool) {
	n := int64(d.N)
	switch d.Unit {
	case value.Second:
		return n * 1_000_000, false
	case value.Minute:
		return n * 60_000_000, false
	case value.Hour:
		return n * hour, false
	case value.Week:
		n *= 7
	case value.Month:
		n *= 31
	}
	return n * day, true
}

// Length is how long a duration is at most, but for changes of the clock, in microseconds.
func Length(d value.Duration) int64 {
	us, _ := elapsed(d)
	return us
}

// Day is the local day of an instant, as days since 1970-01-01.
func (c Clock) Day(at string) string { return c.dialect.FloorDiv(c.Local(at), day) }

// Hour is the local hour of an instant.
func (c Clock) Hour(at string) string {
	return fmt.Sprintf("("+c.dialect.divide+")", FloorMod(c.Local(at), day), Integer(hour))
}

// Weekday is the local weekday of an instant, 0 for Monday; 1970-01-01 was a Thursday.
func (c Clock) Weekday(at string) string { return FloorMod("("+c.Day(at)+" + 3)", 7) }

// Month is the local month of an instant, 1 to 12.
func (c Clock) Month(at string) string { return fmt.Sprintf(c.dialect.month, c.Day(at)) }
