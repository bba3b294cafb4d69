package decide

import (
	"context"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// arrivals finds what a log covers that is not partitioned: from its first arrival, or covers_from, to its last one,
// and as long after it as the source may be silent.
func (s *Source) arrivals(ctx context.Context, in *Inputs) error {
	column, ok := s.Schema.WithRole(rules.RoleReceivedAt)
	if !ok {
		if column, ok = s.Schema.WithRole(rules.RoleEventTime); !ok {
			return nil
		}
	}
	a := &arrived{
		column: column.Name, from: dayOne, to: in.KnownBy + project.Micros(in.Project.MaxClockSkew),
		first: math.MaxInt64, last: math.MinInt64, low: math.MaxInt64, high: math.MinInt64, objects: map[string]Span{},
	}
	// Statistics may say more than is there, and only narrow down where the first and the last arrival can be.
	for _, decodes := range []func(lo, hi int64) bool{
		func(lo, hi int64) bool { return false },
		func(lo, hi int64) bool { return lo == a.low || hi == a.high },
		func(lo, hi int64) bool { return lo < a.first || hi > a.last },
	} {
		if err := s.look(ctx, in, a, decodes); err != nil {
			return err
		}
		if a.low >= a.first && a.high <= a.last {
			break
		}
	}
	if s.Cover.From == 0 {
		s.Cover.From = a.first
	}
	if s.Cover.From == math.MaxInt64 {
		return nil // nothing arrived, and nothing is covered
	}
	if end := in.Project.Zone.Step(max(a.last+1, s.Cover.From), s.Expect.Every, +1); end < in.AsOf {
		s.Cover.Missing = []Span{{end, in.AsOf}}
	}
	return nil
}

// arrived is when the rows of a log came in, so far.
type arrived struct {
	column      string
	from, to    int64 // times before and after are errors
	mu          sync.Mutex
	first, last int64           // of rows that were looked at
	low, high   int64           // what statistics say of the others
	objects     map[string]Span // the same by object; the ends belong to it
}

// look goes through the row groups of objects, once they were met only of those that decodes wants, and looks at the
// rows where there are no statistics or where decodes wants it.
func (s *Source) look(ctx context.Context, in *Inputs, a *arrived, decodes func(lo, hi int64) bool) error {
	objects := slices.DeleteFunc(s.Objects(math.MinInt64, math.MaxInt64), func(o store.Object) bool {
		span, met := a.objects[o.Key]
		return met && !decodes(span.From, span.Before)
	})
	r := in.Reading("arrivals", s.bucket, objects, s.Schema)
	return s.wrap(r.Each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
		lo, hi, known := g.Bounds(a.column)
		lo, hi = max(lo, a.from), min(hi, a.to)
		if known && !a.wants(objects[u.Object].Key, lo, hi, decodes) {
			return nil
		}
		column, err := g.Column(a.column)
		if err != nil {
			return err
		}
		a.take(column.(*array.Timestamp))
		return nil
	}), objects)
}

// wants reports whether rows must be looked at of which statistics are known.
func (a *arrived) wants(key string, lo, hi int64, decodes func(lo, hi int64) bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if decodes(lo, hi) {
		return true
	}
	if lo <= hi {
		a.low, a.high = min(a.low, lo), max(a.high, hi)
		span, met := a.objects[key]
		if !met {
			span = Span{lo, hi}
		}
		a.objects[key] = Span{min(span.From, lo), max(span.Before, hi)}
	}
	return false
}

// take looks at rows.
func (a *arrived) take(column *array.Timestamp) {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i, t := range column.TimestampValues() {
		if t := int64(t); column.IsValid(i) && t >= a.from && t <= a.to {
			first, last = min(first, t), max(last, t)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first, a.last = min(a.first, first), max(a.last, last)
}
