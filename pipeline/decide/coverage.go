package decide

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// Span is a half-open stretch of time in microseconds.
type Span struct{ From, Before int64 }

// coverages are what the sources of a run cover (docs/language.md, Missing days): from a first instant on, without the
// days that are missing.
type coverages struct{ sources []Coverage }

// Coverage is what one source covers.
type Coverage struct {
	schema  *rules.Schema
	source  string
	zone    *value.Zone
	From    int64  // the first instant that is complete; math.MaxInt64 where nothing is there
	Missing []Span // days after it
}

// Declares reports whether rows of the condition could come from the source; a schema without `events` may carry any.
func (s *Coverage) Declares(c *rules.Condition) bool {
	events, every := c.LooksAt()
	if s.schema.Events == nil || every {
		return true
	}
	return slices.ContainsFunc(events, func(e string) bool { _, ok := s.schema.Events[e]; return ok })
}

// From is the first instant from which every source of the condition is complete.
func (c *coverages) From(cond *rules.Condition) int64 {
	from, first := int64(0), true
	for i := range c.sources {
		if s := &c.sources[i]; s.Declares(cond) && (first || s.From > from) {
			from, first = s.From, false
		}
	}
	return from
}

// Covers reports whether every source of the condition covers all of [from, before); nothing is missing from no time at
// all.
func (c *coverages) Covers(cond *rules.Condition, from, before int64) bool {
	if from >= before {
		return true
	}
	for i := range c.sources {
		s := &c.sources[i]
		if !s.Declares(cond) {
			continue
		}
		if s.From > from {
			return false
		}
		for _, m := range s.Missing {
			if m.From < before && from < m.Before {
				return false
			}
		}
	}
	return true
}

// CoveredFrom is the first instant from which every source of a condition is complete.
func (d *Decision) CoveredFrom(c *rules.Condition) int64 { return d.cover.From(c) }

// FindCoverage finds what a source covers: from its first partition (or covers_from, or the first arrival) on; a
// missing arrival day, a skipped object's day or an incomplete partition uncovers that day, in the partition's zone.
// A log that is not partitioned is covered as far as its last arrival, and as long after it as it may be silent.
func (s *Source) FindCoverage(ctx context.Context, in *Inputs) error {
	s.Cover = Coverage{schema: s.Schema, source: s.Name, zone: s.Partition.Zone, From: s.CoversFrom}
	s.Incomplete = nil
	if s.Partition.Key == "" {
		s.Cover.zone = in.Project.Zone
		return s.arrivals(ctx, in)
	}
	there := map[value.CivilDate]bool{}
	for i := range s.Parts {
		p := &s.Parts[i]
		there[p.Day] = p.Written()
		if s.Complete == project.Success && !p.Success {
			s.Incomplete = append(s.Incomplete, s.Partition.Folder(p.Day))
			there[p.Day] = false
		}
		for _, o := range p.Objects {
			if s.bad[o.Key] {
				there[p.Day] = false
			}
		}
	}
	parts := slices.DeleteFunc(slices.Clone(s.Parts), func(p folder.Partition) bool { return !p.Written() })
	if len(parts) == 0 {
		s.Cover.From = math.MaxInt64 // nothing is there, nothing is covered
		return nil
	}
	if s.Cover.From == 0 {
		s.Cover.From = parts[0].Start(s.Partition.Zone)
	}
	hours := map[value.CivilDate]uint32{}
	for i := range parts {
		hours[parts[i].Day] = parts[i].Hours
	}
	for day := parts[0].Day; s.Partition.Zone.Midnight(day) < in.AsOf; day++ {
		ok, listed := there[day]
		switch {
		case ok && s.Partition.Hourly() && !s.GapsEmpty:
			s.missHours(day, hours[day], day == parts[0].Day)
		case !ok && (listed || !s.GapsEmpty && !s.Silent(day, there)):
			s.miss(s.Partition.Zone.Midnight(day), s.Partition.Zone.Midnight(day+1))
		}
	}
	return nil
}

// Silent reports whether a day without a folder is one on which the source may be silent: between folders that come
// every so many days, or so soon after the last one.
func (s *Source) Silent(day value.CivilDate, there map[value.CivilDate]bool) bool {
	every := value.CivilDate(project.Micros(s.Expect.Every) / value.MicrosPerDay)
	for d := range every {
		if there[day-d] || there[day+d] {
			return true
		}
	}
	return false
}

// miss uncovers a stretch of time; a place that crosses the date line has days without an instant.
func (s *Source) miss(from, before int64) {
	if from = max(from, s.Cover.From); from < before {
		s.Cover.Missing = append(s.Cover.Missing, Span{from, before})
	}
}

// missHours uncovers the hours of a day that have no folder. Before the first hour of all nothing is missing.
func (s *Source) missHours(day value.CivilDate, there uint32, first bool) {
	zone, wall := s.Partition.Zone, day.Days()*value.MicrosPerDay
	if first && s.CoversFrom == 0 {
		s.Cover.From = zone.Earliest(wall + int64(bits.TrailingZeros32(there))*microsPerHour)
	}
	for h := range int64(24) {
		if there>>h&1 == 0 {
			s.miss(zone.Earliest(wall+h*microsPerHour), zone.Earliest(wall+(h+1)*microsPerHour))
		}
	}
}

const microsPerHour = value.MicrosPerDay / 24

// MissingDays are the days of which something of [from, before) is missing, each once, in the zone of the partitions.
func (c *Coverage) MissingDays(from, before int64) (out []value.CivilDate) {
	for _, m := range c.Missing {
		for at := max(m.From, from); at < min(m.Before, before); at = c.zone.Midnight(c.zone.Day(at) + 1) {
			if day := c.zone.Day(at); len(out) == 0 || out[len(out)-1] != day {
				out = append(out, day)
			}
		}
	}
	return out
}

// Lack is a day of which a source has not all.
type Lack struct {
	Source string `json:"source"`
	Day    string `json:"day"` // 2026-04-01, in the zone of its partitions
}

// Missing is what a source lacks of what a statistic reads.
type Missing struct {
	Source string
	Day    string // 2026-04-01, in the zone of its partitions; "": all days
	Column string // which the objects of the day lack; "": they lack everything
}

// Lacking are the days, oldest first, of which a source that may carry a statistic's rows lacks something that could
// change what is counted of one of its periods: all of the day, or a column that is read.
func (d *Decision) Lacking(s *rules.Statistic, p segments.Period) (out []Missing) {
	from, before := s.Rows.Window.Bounds(d.AsOf, d.cover.From(s.Rows), s.Zone)
	first, last := max(p.From, from), min(p.Before, before)
	if s.Since() {
		first = from
	}
	for i := range d.Sources {
		src := &d.Sources[i]
		if !src.Cover.Declares(s.Rows) {
			continue
		}
		if src.Cover.From > first {
			begins := src.Cover.zone.Day(min(src.Cover.From, last))
			out = append(out, Missing{Source: src.Name, Day: "before " + begins.String()})
		}
		for _, day := range src.Cover.MissingDays(first-d.gapOf(s), last+d.gapOf(s)) {
			out = append(out, Missing{Source: src.Name, Day: day.String()})
		}
		for _, column := range s.Reads() {
			out = append(out, src.lacking(column, first, last)...)
		}
	}
	slices.SortFunc(out, func(a, b Missing) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(out)
}

// gapOf is how far beside a period rows matter to a statistic.
func (d *Decision) gapOf(s *rules.Statistic) int64 {
	if s.Sessions() {
		return project.Micros(d.Project.SessionGap)
	}
	return 0
}

// lacking are the days of [from, before) on which a source's objects lack a column: all, if its schema has none.
func (s *Source) lacking(column string, from, before int64) (out []Missing) {
	if _, known := s.Schema.Column(column); !known {
		return []Missing{{Source: s.Name, Column: column}}
	}
	for _, day := range s.without[column] {
		if day == 0 {
			out = append(out, Missing{Source: s.Name, Column: column})
		} else if s.Partition.Zone.Midnight(day) < before && s.Partition.Zone.Midnight(day+1) > from {
			out = append(out, Missing{Source: s.Name, Day: day.String(), Column: column})
		}
	}
	return out
}

// Lacks are the days that sources lack in the windows of a segment and of those it refers to, oldest first.
func (d *Decision) Lacks(segment *rules.Segment) (out []Lack) {
	for _, s := range Closure(d.Segments, map[string]bool{segment.Name: true}) {
		for c := range s.Conditions() {
			if c.Window == nil {
				continue
			}
			from, before := c.Window.Bounds(d.AsOf, d.cover.From(c), s.Zone)
			for i := range d.cover.sources {
				if cover := &d.cover.sources[i]; cover.Declares(c) {
					for _, day := range cover.MissingDays(from, before) {
						out = append(out, Lack{cover.source, day.String()})
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Lack) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Source, b.Source))
	})
	return slices.Compact(out)
}
