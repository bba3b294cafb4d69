package reference

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
	_ "time/tzdata" // the machine may have no zones

	"go.yaml.in/yaml/v4"
)

// Lengths of elapsed time in microseconds.
const (
	Second = int64(1e6)
	Minute = 60 * Second
	Hour   = 60 * Minute
	Day    = 24 * Hour
)

// Clock is the wall clock of a place. Instants are microseconds since 1970 in UTC; a reading of the clock is the same
// number read as if the place were in UTC.
type Clock struct{ zone *time.Location }

// NewClock returns the clock of an IANA zone.
func NewClock(zone string) (Clock, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return Clock{}, fmt.Errorf("load the zone of a clock: %w", err)
	}
	return Clock{location}, nil
}

func (c Clock) at(us int64) time.Time { return time.UnixMicro(us).In(c.zone) }

// wall is what the clock shows, as if it were UTC.
func (c Clock) wall(us int64) time.Time {
	t := c.at(us)
	_, offset := t.Zone()
	return time.UnixMicro(us + int64(offset)*Second).UTC()
}

// Earliest is the first instant at which the clock shows that time or later. It walks hour by hour, then minute by
// minute, and looks at the end of each, since an hour may be repeated; clocks are changed on full minutes.
func (c Clock) Earliest(wall time.Time) int64 {
	at := wall.Truncate(time.Hour).UnixMicro() - 30*Hour
	for _, stretch := range []int64{Hour, Minute} {
		for c.wall(at + stretch - 1).Before(wall) {
			at += stretch
		}
	}
	return at + max(0, wall.UnixMicro()-c.wall(at).UnixMicro())
}

// midnight is the first instant of a local day.
func (c Clock) midnight(d Date) int64 {
	return c.Earliest(time.UnixMicro(int64(d) * Day).UTC())
}

// date is the local day.
func (c Clock) date(us int64) Date { return dateOf(c.wall(us)) }

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Duration is a number of units: s min h are elapsed time, d w mo are steps of the calendar.
type Duration struct {
	N    int
	Unit string
}

var durationForm = regexp.MustCompile(`^(\d+)(s|min|h|d|w|mo)$`)

// ParseDuration reads 30d, 2h and the like.
func ParseDuration(text string) (Duration, error) {
	parts := durationForm.FindStringSubmatch(text)
	if parts == nil {
		return Duration{}, fmt.Errorf("read duration %q: expected a number with s, min, h, d, w or mo", text)
	}
	n, err := strconv.Atoi(parts[1])
	return Duration{n, parts[2]}, err
}

// UnmarshalYAML reads a duration of a rule.
func (d *Duration) UnmarshalYAML(n *yaml.Node) (err error) {
	*d, err = ParseDuration(n.Value)
	return err
}

// reading is the time from which steps of the calendar count: the first instant of a day counts as 00:00, whatever the
// clock shows there.
func (c Clock) reading(us int64) time.Time {
	if d := c.date(us); c.midnight(d) == us {
		return time.UnixMicro(int64(d) * Day).UTC()
	}
	return c.wall(us)
}

// Step moves an instant by a duration, forward for sign 1 and back for sign -1. The end of a month clamps.
func (c Clock) Step(us int64, d Duration, sign int) int64 {
	n := d.N * sign
	switch d.Unit {
	case "s":
		return us + int64(n)*Second
	case "min":
		return us + int64(n)*Minute
	case "h":
		return us + int64(n)*Hour
	case "d":
		return c.Earliest(c.reading(us).AddDate(0, 0, n))
	case "w":
		return c.Earliest(c.reading(us).AddDate(0, 0, 7*n))
	case "mo":
		return c.Earliest(addMonths(c.reading(us), n))
	}
	return us
}

func addMonths(t time.Time, n int) time.Time {
	moved := t.AddDate(0, n, 0)
	for moved.Day() != t.Day() && moved.Day() < 4 { // 31 March less a month is no 3 March
		moved = moved.AddDate(0, 0, -1)
	}
	return moved
}

// UTCDay is the whole UTC day around an instant.
func UTCDay(us int64) Span {
	day := time.UnixMicro(us).UTC().Truncate(24 * time.Hour).UnixMicro()
	return Span{day, day + Day}
}
