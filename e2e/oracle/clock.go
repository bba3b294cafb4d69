package oracle

import (
	"cmp"
	"slices"
	"time"
	_ "time/tzdata" // the machine may have no zones

	"github.com/malgrupp/malgrupp/e2e/feed"
)

const (
	second = int64(1e6)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// clock is the wall clock of a zone.
type clock struct{ zone *time.Location }

// wall is what the clock shows, as if it were UTC.
func (c clock) wall(us int64) int64 {
	_, offset := time.UnixMicro(us).In(c.zone).Zone()
	return us + int64(offset)*second
}

func (c clock) at(us int64) time.Time { return time.UnixMicro(us).In(c.zone) }

// date is the local day as a number.
func (c clock) date(us int64) int64 { return floorDiv(c.wall(us), day) }

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// earliest walks minute by minute to the first instant whose clock shows that time or later.
func (c clock) earliest(wall int64) int64 {
	t := wall - 15*hour
	for c.wall(t) < wall {
		t += minute
	}
	return t
}

func (c clock) midnight(y int, m time.Month, d int) int64 {
	return c.earliest(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMicro())
}

// back is an instant less a number of calendar days and months; a month's end clamps.
func (c clock) back(us int64, months, days int) int64 {
	if months == 0 && days == 0 {
		return us
	}
	wall := time.UnixMicro(c.wall(us)).UTC()
	y, m, d := wall.Date()
	first := time.Date(y, m-time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	date := first.AddDate(0, 0, min(d, last)-1-days)
	return c.earliest(date.UnixMicro() + wall.UnixMicro() - time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMicro())
}

// Ago is a distance from as_of: calendar months and days, or elapsed hours.
type Ago struct{ Months, Days, Hours int }

func (c clock) ago(asOf int64, a Ago) int64 {
	return c.back(asOf, a.Months, a.Days) - int64(a.Hours)*hour
}

// Window is when a row must have happened.
type Window struct {
	From, To    Ago       // relative to as_of
	Since, Till time.Time // fixed local days, Till not included; zero: relative
	All         bool      // from where the log begins
}

// span is a half-open stretch of microseconds.
type span struct{ from, before int64 }

func (s span) has(us int64) bool { return s.from <= us && us < s.before }

// of resolves a window; begin is where the log begins.
func (c clock) of(w Window, asOf, begin int64) span {
	switch {
	case w.All:
		return span{begin, asOf}
	case !w.Since.IsZero():
		y, m, d := w.Since.Date()
		y2, m2, d2 := w.Till.Date()
		return span{c.midnight(y, m, d), min(c.midnight(y2, m2, d2), asOf)}
	}
	return span{c.ago(asOf, w.From), c.ago(asOf, w.To)}
}

// coverage is what the log covers.
type coverage struct {
	begin   int64
	missing []span
}

// cover finds what a log covers up to as_of: from its first partition by arrival day on, without the days that are
// missing, or from its first arrival to its last one; what lies ahead of now by more than a clock may be wrong is none.
func (l *Log) cover(asOf, knownBy int64) coverage {
	var c coverage
	if len(l.Partitions) == 0 {
		first := slices.MinFunc(l.Rows, func(a, b feed.Row) int { return cmp.Compare(a.Received, b.Received) })
		c.begin = first.Received
		last := c.begin
		for _, r := range l.Rows {
			if r.Received <= knownBy+maxSkew {
				last = max(last, r.Received)
			}
		}
		if last < asOf-1 {
			c.missing = append(c.missing, span{last + 1, asOf})
		}
		return c
	}
	there := map[int64]bool{}
	for i, p := range l.Partitions {
		t, err := time.Parse("dt="+time.DateOnly, p)
		if err != nil {
			panic("oracle: not a partition: " + p)
		}
		there[t.UnixMicro()] = true
		if i == 0 {
			c.begin = t.UnixMicro()
		}
	}
	for at := c.begin; at < asOf; at += day {
		if !there[at] && !l.GapsEmpty {
			c.missing = append(c.missing, span{at, at + day})
		}
	}
	return c
}

func (c coverage) covers(s span) bool {
	for _, m := range c.missing {
		if m.from < s.before && s.from < m.before {
			return false
		}
	}
	return c.begin <= s.from
}
