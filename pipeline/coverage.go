package pipeline

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// span is a half-open stretch of time in microseconds.
type span struct{ from, before int64 }

// coverage is what the sources of a run cover (docs/language.md, Missing days): from a first instant on, without the
// days that are missing.
type coverage struct{ sources []sourceCoverage }

type sourceCoverage struct {
	schema  *rules.Schema
	from    int64
	missing []span
}

// declares reports whether rows of the condition could come from the source; a schema without `events` may carry any.
func (s *sourceCoverage) declares(c *rules.Condition) bool {
	events, every := c.LooksAt()
	if s.schema.Events == nil || every {
		return true
	}
	return slices.ContainsFunc(events, func(e string) bool { _, ok := s.schema.Events[e]; return ok })
}

// From is the first instant from which every source of the condition is complete.
func (c *coverage) From(cond *rules.Condition) int64 {
	from, first := int64(0), true
	for i := range c.sources {
		if s := &c.sources[i]; s.declares(cond) && (first || s.from > from) {
			from, first = s.from, false
		}
	}
	return from
}

// Covers reports whether every source of the condition covers all of [from, before); nothing is missing from no time at all.
func (c *coverage) Covers(cond *rules.Condition, from, before int64) bool {
	if from >= before {
		return true
	}
	for i := range c.sources {
		s := &c.sources[i]
		if !s.declares(cond) {
			continue
		}
		if s.from > from {
			return false
		}
		for _, m := range s.missing {
			if m.from < before && from < m.before {
				return false
			}
		}
	}
	return true
}

// coverage finds what a source covers: from its first partition (or covers_from, or the first arrival) on; a missing
// arrival day, a skipped object's day or an incomplete partition uncovers that UTC day of event time.
func (s *SourceRun) coverage(ctx context.Context, j *Job) error {
	s.cover = sourceCoverage{schema: s.Schema, from: s.CoversFrom}
	s.Incomplete = nil
	if s.Partition.Key == "" {
		if s.CoversFrom == 0 {
			return s.firstArrival(ctx, j)
		}
		return nil
	}
	there := map[value.CivilDate]bool{}
	for i := range s.parts {
		p := &s.parts[i]
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
	if len(s.parts) == 0 {
		s.cover.from = math.MaxInt64 // nothing is there, nothing is covered
		return nil
	}
	if s.cover.from == 0 {
		s.cover.from = s.parts[0].Start(s.Partition.Zone)
	}
	for day := s.parts[0].Day; s.Partition.Zone.Midnight(day) < j.AsOf; day++ {
		if ok, listed := there[day]; !ok && (listed || !s.GapsEmpty) {
			from := s.Partition.Zone.Midnight(day)
			s.cover.missing = append(s.cover.missing, span{from, from + value.MicrosPerDay})
		}
	}
	return nil
}

// firstArrival reads, of a log that is not partitioned, when its first row came in.
func (s *SourceRun) firstArrival(ctx context.Context, j *Job) error {
	column, ok := s.Schema.WithRole(rules.RoleReceivedAt)
	if !ok {
		if column, ok = s.Schema.WithRole(rules.RoleEventTime); !ok {
			return nil
		}
	}
	objects := s.objects(math.MinInt64, math.MaxInt64)
	var mu sync.Mutex
	first := int64(math.MaxInt64)
	r := folder.Reading{Bucket: s.bucket, Objects: objects, Schema: s.Schema, Limits: j.limits(), Workers: j.Workers}
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
	s.cover.from = first
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
