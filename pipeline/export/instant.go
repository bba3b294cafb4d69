package export

import (
	"strconv"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/project"
)

// The forms of times in text: with an offset, and without, where the map says the zone.
var (
	offsetForms = []string{
		"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02T15:04:05Z0700",
		"2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05 UTC",
		"2006-01-02 15:04:05 -0700 UTC",
	}
	wallForms = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}
)

// Instant reads a time that is text, in microseconds UTC; finer parts are dropped. A number needs its unit, a time
// without an offset the zone: what it shows twice is the first, as everywhere.
func Instant(text string, t project.MappedTime) (us int64, ok bool) {
	if t.Unit != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		perSecond := map[string]int64{"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[t.Unit]
		if err != nil || n/perSecond > lastSecond || n < 0 {
			return 0, false
		}
		if perSecond > 1e6 {
			return n / (perSecond / 1e6), true
		}
		return n * (1e6 / perSecond), true
	}
	for _, form := range offsetForms {
		if at, err := time.Parse(form, text); err == nil && plausible(at) {
			return at.UnixMicro(), true
		}
	}
	if t.Zone == nil {
		return 0, false
	}
	for _, form := range wallForms {
		if at, err := time.Parse(form, text); err == nil && plausible(at) {
			return t.Zone.Earliest(at.UnixMicro()), true
		}
	}
	return 0, false
}

const lastSecond = 253_402_300_799 // of the year 9999

// plausible reports a time that can be one of an answer.
func plausible(t time.Time) bool { return t.Unix() >= 0 && t.Unix() <= lastSecond }
