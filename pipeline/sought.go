package pipeline

import (
	"context"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// search looks for rows in all sources. It tells nothing about anybody: only whether a log has what rules name.
type search struct {
	sought       []rules.Sought
	tests        []*kernel.Test // nil where every row of the events is meant
	rows         []atomic.Int64
	from, before int64 // of the event time
}

// rowsOf counts rows of [from, before) as the linter asks for them, by their keys. Of what need not be counted it stops looking
// once it has seen some.
func (e *Evaluation) rowsOf(ctx context.Context, sought []rules.Sought, from, before int64) (map[string]int64, error) {
	s := &search{sought: sought, tests: make([]*kernel.Test, len(sought)), rows: make([]atomic.Int64, len(sought)), from: from, before: before}
	for i := range sought {
		if t, ok := sought[i].Pick.Where.(*rules.Test); ok {
			row, err := builtin.CompileTest(t, nil)
			if err != nil {
				return nil, err
			}
			test := kernel.New(t.Term.Of.Kind, kernel.Row(row))
			s.tests[i] = &test
		}
	}
	for i := range e.Sources {
		if err := e.search(ctx, &e.Sources[i], s); err != nil {
			return nil, err
		}
	}
	out := map[string]int64{}
	for i := range sought {
		out[sought[i].Key()] = s.rows[i].Load()
	}
	return out, nil
}

// search looks through one source. Rows come in after they happened, so later partitions are looked through as well.
func (e *Evaluation) search(ctx context.Context, source *SourceRun, s *search) error {
	before := e.Job.KnownBy
	if source.Partition.Event {
		before = s.before
	}
	objects := source.objects(s.from, before)
	workers := make([]searcher, max(1, e.Job.Workers))
	r := reading{bucket: source.bucket, objects: objects, schema: source.Schema, limits: e.Job.limits(), workers: e.Job.Workers}
	var done atomic.Int64
	return source.wrap(r.each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error {
		e.Job.watch(Progress{Phase: "values", Done: done.Add(1)})
		workers[w].search, workers[w].schema = s, source.Schema
		return workers[w].read(g)
	}), objects)
}

// searcher looks through row groups one after another, with buffers of its own.
type searcher struct {
	*search
	schema *rules.Schema
	recent []uint32 // rows in the time looked through
	events []uint32 // of them those of the events of the pick at hand
	truths []rules.Truth
}

func (s *searcher) read(g *parquet.RowGroup) error {
	if err := s.when(g); err != nil || len(s.recent) == 0 {
		return err
	}
	for i := range s.sought {
		if !s.sought[i].Counted && s.rows[i].Load() > 0 {
			continue
		}
		n, err := s.count(g, i)
		if err != nil {
			return err
		}
		s.rows[i].Add(n)
	}
	return nil
}

// when selects the rows whose time is looked through.
func (s *searcher) when(g *parquet.RowGroup) error {
	s.recent = s.recent[:0]
	column, ok := s.schema.WithRole(rules.RoleEventTime)
	if !ok {
		return nil
	}
	if lo, hi, known := g.Bounds(column.Name); known && (hi < s.from || lo >= s.before) {
		return nil
	}
	a, err := g.Column(column.Name)
	if err != nil {
		return err
	}
	times := a.(*array.Timestamp)
	for i, at := range times.TimestampValues() {
		if times.IsValid(i) && int64(at) >= s.from && int64(at) < s.before {
			s.recent = append(s.recent, uint32(i))
		}
	}
	return nil
}

// count counts the rows of one pick. What no value of the column can pass is known from its dictionary.
func (s *searcher) count(g *parquet.RowGroup, i int) (int64, error) {
	test := s.tests[i]
	if test == nil {
		err := s.ofEvents(g, s.sought[i].Pick)
		return int64(len(s.events)), err
	}
	name := s.sought[i].Pick.Where.(*rules.Test).Term.Column
	if _, ok := s.schema.Column(name); !ok {
		if test.Null() != rules.True {
			return 0, nil
		}
		err := s.ofEvents(g, s.sought[i].Pick)
		return int64(len(s.events)), err
	}
	a, err := g.Column(name)
	if err != nil {
		return 0, err
	}
	if d, ok := a.(*array.Dictionary); ok {
		return s.countTexts(g, d, test, i)
	}
	return s.countNumbers(g, a, test, i)
}

func (s *searcher) countTexts(g *parquet.RowGroup, d *array.Dictionary, test *kernel.Test, i int) (n int64, err error) {
	dict := d.Dictionary().(*array.String)
	passes, some := make([]bool, dict.Len()), false
	for code := range passes {
		if dict.IsNull(code) {
			passes[code] = test.Null() == rules.True
		} else {
			passes[code] = test.Text(dict.Value(code)) == rules.True
		}
		some = some || passes[code]
	}
	if !some {
		return 0, nil
	}
	if err := s.ofEvents(g, s.sought[i].Pick); err != nil {
		return 0, err
	}
	for _, row := range s.events {
		if passes[d.GetValueIndex(int(row))] {
			n++
		}
	}
	return n, nil
}

func (s *searcher) countNumbers(g *parquet.RowGroup, a arrow.Array, test *kernel.Test, i int) (n int64, err error) {
	if err := s.ofEvents(g, s.sought[i].Pick); err != nil {
		return 0, err
	}
	s.truths = append(s.truths[:0], make([]rules.Truth, len(s.events))...)
	if err := test.Rows(a, s.events, s.truths); err != nil {
		return 0, err
	}
	for _, t := range s.truths {
		if t == rules.True {
			n++
		}
	}
	return n, nil
}

// ofEvents selects of the recent rows those of a pick's events.
func (s *searcher) ofEvents(g *parquet.RowGroup, p rules.Pick) error {
	s.events = s.events[:0]
	if p.Any {
		s.events = append(s.events, s.recent...)
		return nil
	}
	column, ok := s.schema.WithRole(rules.RoleEventName)
	if !ok {
		return nil
	}
	a, err := g.Column(column.Name)
	if err != nil {
		return err
	}
	d := a.(*array.Dictionary)
	dict := d.Dictionary().(*array.String)
	wanted := make([]bool, dict.Len())
	for code := range wanted {
		for _, event := range p.Events {
			wanted[code] = wanted[code] || !dict.IsNull(code) && dict.Value(code) == event
		}
	}
	for _, row := range s.recent {
		if wanted[d.GetValueIndex(int(row))] {
			s.events = append(s.events, row)
		}
	}
	return nil
}
