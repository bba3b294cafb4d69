package decide

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Span is a half-open stretch of time in microseconds.
type Span struct{ From, Before int64 }

// coverages are what the sources of a run cover (docs/language.md, Missing days): from a first instant on, without the
// days that are missing.
type coverages struct{ sources []Coverage }

// Coverage is what one source covers.
type Coverage struct {
	schema  *rules.Schema
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
func (s *Source) FindCoverage(ctx context.Context, in *Inputs) error {
	s.Cover = Coverage{schema: s.Schema, From: s.CoversFrom}
	s.Incomplete = nil
	if s.Partition.Key == "" {
		if s.CoversFrom == 0 {
			return s.firstArrival(ctx, in)
		}
		return nil
	}
	there := map[value.CivilDate]bool{}
	for i := range s.Parts {
		p := &s.Parts[i]
		there[p.Day] = true
		if s.Complete == project.Success && !p.Success {
			s.Incomplete = append(s.Incomplete, s.Partition.Key+p.Day.String())
			there[p.Day] = false
		}
		for _, o := range p.Objects {
			if s.bad[o.Key] {
				there[p.Day] = false
			}
		}
	}
	if len(s.Parts) == 0 {
		s.Cover.From = math.MaxInt64 // nothing is there, nothing is covered
		return nil
	}
	if s.Cover.From == 0 {
		s.Cover.From = s.Parts[0].Start(s.Partition.Zone)
	}
	for day := s.Parts[0].Day; s.Partition.Zone.Midnight(day) < in.AsOf; day++ {
		if ok, listed := there[day]; !ok && (listed || !s.GapsEmpty) {
			from := s.Partition.Zone.Midnight(day)
			s.Cover.Missing = append(s.Cover.Missing, Span{from, from + value.MicrosPerDay})
		}
	}
	return nil
}

// firstArrival reads, of a log that is not partitioned, when its first row came in.
func (s *Source) firstArrival(ctx context.Context, in *Inputs) error {
	column, ok := s.Schema.WithRole(rules.RoleReceivedAt)
	if !ok {
		if column, ok = s.Schema.WithRole(rules.RoleEventTime); !ok {
			return nil
		}
	}
	objects := s.Objects(math.MinInt64, math.MaxInt64)
	var mu sync.Mutex
	first := int64(math.MaxInt64)
	r := in.Reading(s.bucket, objects, s.Schema)
	err := r.Each(ctx, func(_ int, _ scan.Unit, g *parquet.RowGroup) error {
		lo, _, ok := g.Bounds(column.Name)
		if !ok {
			a, err := g.Column(column.Name)
			if err != nil {
				return err
			}
			lo = earliest(a.(*array.Timestamp))
		}
		mu.Lock()
		defer mu.Unlock()
		first = min(first, lo)
		return nil
	})
	s.Cover.From = first
	return s.wrap(err, objects)
}

func earliest(a *array.Timestamp) int64 {
	first := int64(math.MaxInt64)
	for i, t := range a.TimestampValues() {
		if a.IsValid(i) {
			first = min(first, int64(t))
		}
	}
	return first
}
