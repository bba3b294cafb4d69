package value

import (
	"archive/zip"
	"bytes"
	_ "embed" // zoneinfo.zip
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// zoneinfo is the IANA time zone database, as Go 1.26.8 ships it in lib/time.
//
//go:embed zoneinfo.zip
var zoneinfo []byte

// tzVersion is the release of the IANA database in zoneinfo.zip.
const tzVersion = "2025c"

// TZVersion names the release of the embedded time zone database; it belongs into every manifest.
func TZVersion() string { return tzVersion }

// A Zone knows its offsets between these instants (years 1900 and 2200); beyond them the nearest offset holds.
var (
	zoneFirst = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	zoneLast  = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Zone is an IANA time zone, read from the embedded database and never from the machine. Instants are microseconds
// since 1970-01-01T00:00:00Z; a wall clock reading is the same number read as if the place were in UTC. A Zone does not
// change and may be used by many goroutines.
type Zone struct {
	name    string
	starts  []int64 // instants at which an offset begins; starts[0] is the beginning of time
	offsets []int64 // microseconds east of UTC
}

// LoadZone returns the zone of that IANA name, such as Europe/Helsinki.
func LoadZone(name string) (*Zone, error) {
	data, err := zoneData(name)
	if err != nil {
		return nil, err
	}
	location, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, fmt.Errorf("read time zone %q from the embedded database: %w", name, err)
	}
	z := &Zone{name: name}
	for at := zoneFirst; at.Before(zoneLast); {
		local := at.In(location)
		_, seconds := local.Zone()
		z.add(at.UnixMicro(), int64(seconds)*microsPerSecond)
		_, end := local.ZoneBounds()
		switch {
		case end.IsZero():
			return z, nil
		case end.After(at):
			at = end
		default: // in leap years the time package ends a zone's bounds on 31 December, where it began
			at = at.Add(24 * time.Hour)
		}
	}
	return z, nil
}

func zoneData(name string) ([]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		return nil, fmt.Errorf("open the embedded time zone database: %w", err)
	}
	for _, file := range archive.File {
		if file.Name != name || strings.HasSuffix(name, "/") {
			continue
		}
		r, err := file.Open()
		if err != nil {
			return nil, fmt.Errorf("open time zone %q in the embedded database: %w", name, err)
		}
		data, err := io.ReadAll(r)
		return data, errors.Join(err, r.Close())
	}
	return nil, fmt.Errorf("there is no time zone %q, expected an IANA name such as Europe/Helsinki", name)
}

// ZoneNames returns the names of all zones, sorted.
func ZoneNames() []string {
	archive, err := zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, "/") {
			names = append(names, file.Name)
		}
	}
	slices.Sort(names)
	return names
}

// add appends an interval unless it continues the one before (a change of the zone's abbreviation alone).
func (z *Zone) add(start, offset int64) {
	n := len(z.offsets)
	if n > 0 && z.offsets[n-1] == offset {
		return
	}
	z.starts = append(z.starts, start)
	z.offsets = append(z.offsets, offset)
}

// Name is the zone's IANA name.
func (z *Zone) Name() string { return z.name }

// Offset returns how far the local clock is ahead of UTC at an instant, in microseconds.
func (z *Zone) Offset(us int64) int64 { return z.offsets[z.interval(us)] }

// Local returns what the local clock shows at an instant.
func (z *Zone) Local(us int64) int64 { return us + z.Offset(us) }

// interval returns the index of the last interval that starts at or before us.
func (z *Zone) interval(us int64) int {
	low, high := 0, len(z.starts)
	for low+1 < high {
		middle := int(uint(low+high) >> 1)
		if z.starts[middle] <= us {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// maxOffset is more than any clock on earth was ever away from UTC.
const maxOffset = 26 * MicrosPerHour

// Earliest returns the earliest instant at which the local clock shows that time or later: a skipped 03:30 is 04:00, a
// repeated 03:30 is the first of the two.
func (z *Zone) Earliest(wall int64) int64 {
	// Before wall-maxOffset no clock can show wall yet, so the search may begin with the interval around it.
	last := len(z.starts) - 1
	for i := z.interval(wall - maxOffset); i < last; i++ {
		if z.starts[i+1]+z.offsets[i] > wall {
			return z.clip(i, wall-z.offsets[i])
		}
	}
	return z.clip(last, wall-z.offsets[last])
}

func (z *Zone) clip(i int, us int64) int64 {
	if i == 0 {
		return us
	}
	return max(us, z.starts[i])
}

// Step moves an instant by a duration, forward for sign 1, back for sign -1. Seconds, minutes and hours are elapsed
// time; days, weeks and months move the wall clock (a month's end clamps: 31 March less a month is the last day of
// February), and the result is the Earliest instant of that reading: from a start of a day to the start of a day.
func (z *Zone) Step(us int64, d Duration, sign int) int64 {
	n := int64(d.N) * int64(sign)
	switch d.Unit {
	case Second:
		return us + n*microsPerSecond
	case Minute:
		return us + n*MicrosPerMinute
	case Hour:
		return us + n*MicrosPerHour
	case Day:
		return z.Earliest(z.Reading(us) + n*MicrosPerDay)
	case Week:
		return z.Earliest(z.Reading(us) + n*7*MicrosPerDay)
	case Month:
		wall := z.Reading(us)
		day := FloorDiv(wall, MicrosPerDay)
		return z.Earliest(addMonths(day, int(n))*MicrosPerDay + wall - day*MicrosPerDay)
	}
	return us
}

// Reading is the time from which steps of the calendar count: what the local clock shows, but 00:00 at the first
// instant of a day, also where clocks skip midnight and that instant shows 01:00.
func (z *Zone) Reading(us int64) int64 {
	i := z.interval(us)
	wall := us + z.offsets[i]
	if z.starts[i] == us { // only where a clock is changed can a day begin at another time
		if midnight := DayOf(wall).Days() * MicrosPerDay; z.Earliest(midnight) == us {
			return midnight
		}
	}
	return wall
}

// Day returns the local day of an instant.
func (z *Zone) Day(us int64) CivilDate { return DayOf(z.Local(us)) }

// StartOfDay returns the first instant of the local day of an instant.
func (z *Zone) StartOfDay(us int64) int64 { return z.Midnight(z.Day(us)) }

// Midnight returns the first instant of a local day.
func (z *Zone) Midnight(d CivilDate) int64 { return z.Earliest(d.Days() * MicrosPerDay) }
