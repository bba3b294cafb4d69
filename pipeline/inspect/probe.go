package inspect

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/value"
)

// probing looks for rows in all sources. It tells nothing about anybody: only whether a log has what rules name. Rows
// that show content which nobody may use are not looked at.
type probing struct {
	probes       []lint.Probe
	tests        []*kernel.Test // nil where every row of the events is meant
	rows         []atomic.Int64
	from, before int64 // of the event time
}

// Rows counts rows of [from, before) as the linter asks for them, by the probes' keys. Of what need not be counted it
// stops looking once it has seen some. A damaged object of a source that may skip them is left out, as when people are
// decided.
func Rows(ctx context.Context, d *decide.Decision, probes []lint.Probe, from, before int64) (map[string]int64, error) {
	s := &probing{probes: probes, tests: make([]*kernel.Test, len(probes)), from: from, before: before}
	for i := range probes {
		if t, ok := probes[i].Pick.Where.(*rules.Test); ok {
			test, err := compiled(t)
			if err != nil {
				return nil, err
			}
			s.tests[i] = &test
		}
	}
	unusable := map[*rules.Schema][]labelled{}
	for i := range d.Sources {
		schema := d.Sources[i].Schema
		var err error
		if unusable[schema], err = hiddenContent(d, schema); err != nil {
			return nil, err
		}
	}
	workers := make([]searcher, max(1, d.Workers))
	err := d.ReadAgain(ctx, "values", s.within(d), func() {
		s.rows = make([]atomic.Int64, len(probes))
	}, func(w int, source *decide.Source, g *parquet.RowGroup) error {
		workers[w].probing, workers[w].schema, workers[w].unusable = s, source.Schema, unusable[source.Schema]
		return workers[w].read(g)
	})
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for i := range probes {
		out[probes[i].Key()] = s.rows[i].Load()
	}
	return out, nil
}

// within is when rows of the time looked through may have come in: after they happened, so later partitions count as
// well.
func (s *probing) within(d *decide.Decision) func(source *decide.Source) (from, before int64) {
	return func(source *decide.Source) (from, before int64) {
		if source.Partition.Event {
			return s.from, s.before
		}
		return s.from, d.KnownBy
	}
}

// hiddenContent are the contents of a source that nobody may use.
func hiddenContent(d *decide.Decision, schema *rules.Schema) (out []labelled, err error) {
	for t := range rules.Tests(rules.Dropped(d.InUse(), schema)) {
		test, err := compiled(t)
		if err != nil {
			return nil, err
		}
		out = append(out, labelled{t.Term.Column, test})
	}
	return out, nil
}

func compiled(t *rules.Test) (kernel.Test, error) {
	row, err := builtin.CompileTest(t, nil)
	return kernel.New(t.Term.Of.Kind, kernel.Row(row)), err
}

// searcher looks through row groups one after another, with buffers of its own.
type searcher struct {
	*probing
	schema   *rules.Schema
	unusable []labelled // what rows show that nobody may use
	recent   []uint32   // rows in the time looked through that may be used
	events   []uint32   // of them those of the events of the pick at hand
	profiler profiler
}

// labelled is content of a column.
type labelled struct {
	column string
	shown  kernel.Test
}

func (s *searcher) read(g *parquet.RowGroup) error {
	if err := s.when(g); err != nil {
		return err
	}
	if err := s.leaveOut(g); err != nil || len(s.recent) == 0 {
		return err
	}
	for i := range s.probes {
		if !s.probes[i].Counted && s.rows[i].Load() > 0 {
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
	within := where(column, func(v value.Value, null bool) bool { return !null && v.Int >= s.from && v.Int < s.before })
	s.recent, err = s.profiler.kept(a, within, append(s.recent, s.profiler.rows(a)...), true)
	return err
}

// leaveOut takes the rows away that nobody may use.
func (s *searcher) leaveOut(g *parquet.RowGroup) error {
	for _, l := range s.unusable {
		if len(s.recent) == 0 {
			return nil
		}
		a, err := g.Column(l.column)
		if err != nil {
			return err
		}
		if s.recent, err = s.profiler.kept(a, l.shown, s.recent, false); err != nil {
			return err
		}
	}
	return nil
}

// count counts the rows of one pick. What no text of the column can pass is known from its dictionary.
func (s *searcher) count(g *parquet.RowGroup, i int) (n int64, err error) {
	pick, test := s.probes[i].Pick, s.tests[i]
	var a arrow.Array // nil: every row of the events has the same answer
	if test != nil {
		name := pick.Where.(*rules.Test).Term.Column
		if _, ok := s.schema.Column(name); ok {
			if a, err = g.Column(name); err != nil {
				return 0, err
			}
		} else if test.Null() != value.True {
			return 0, nil
		}
	}
	if d, ok := a.(*array.Dictionary); ok && !slices.Contains(s.profiler.texts(d, *test), true) {
		return 0, nil // without a look at the events
	}
	if err := s.ofEvents(g, pick); err != nil || a == nil {
		return int64(len(s.events)), err
	}
	return s.profiler.count(a, *test, s.events)
}

// ofEvents selects of the recent rows those of a pick's events.
func (s *searcher) ofEvents(g *parquet.RowGroup, p rules.Pick) error {
	s.events = append(s.events[:0], s.recent...)
	if p.Any {
		return nil
	}
	column, ok := s.schema.WithRole(rules.RoleEventName)
	if !ok {
		s.events = s.events[:0]
		return nil
	}
	a, err := g.Column(column.Name)
	if err != nil {
		return err
	}
	named := where(column, func(v value.Value, null bool) bool { return !null && slices.Contains(p.Events, v.Text) })
	s.events, err = s.profiler.kept(a, named, s.events, true)
	return err
}
