package pipeline

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// search looks for rows in all sources. It tells nothing about anybody: only whether a log has what rules name. Rows that show
// content which nobody may use are not looked at.
type search struct {
	sought       []lint.Probe
	tests        []*kernel.Test // nil where every row of the events is meant
	rows         []atomic.Int64
	from, before int64 // of the event time
}

// rowsOf counts rows of [from, before) as the linter asks for them, by their keys. Of what need not be counted it stops looking
// once it has seen some. A damaged object of a source that may skip them is left out, as when people are decided.
func (e *Evaluation) rowsOf(ctx context.Context, sought []lint.Probe, from, before int64) (map[string]int64, error) {
	s := &search{sought: sought, tests: make([]*kernel.Test, len(sought)), from: from, before: before}
	for i := range sought {
		if t, ok := sought[i].Pick.Where.(*rules.Test); ok {
			test, err := compiled(t)
			if err != nil {
				return nil, err
			}
			s.tests[i] = &test
		}
	}
	for again := true; again; {
		s.rows = make([]atomic.Int64, len(sought))
		var err error
		if again, err = e.skip(e.searchAll(ctx, s)); err != nil {
			return nil, err
		}
	}
	out := map[string]int64{}
	for i := range sought {
		out[sought[i].Key()] = s.rows[i].Load()
	}
	return out, nil
}

func (e *Evaluation) searchAll(ctx context.Context, s *search) error {
	for i := range e.Sources {
		if err := e.search(ctx, &e.Sources[i], s); err != nil {
			return err
		}
	}
	return nil
}

func compiled(t *rules.Test) (kernel.Test, error) {
	row, err := builtin.CompileTest(t, nil)
	return kernel.New(t.Term.Of.Kind, kernel.Row(row)), err
}

// search looks through one source. Rows come in after they happened, so later partitions are looked through as well.
func (e *Evaluation) search(ctx context.Context, source *SourceRun, s *search) error {
	before := e.Job.KnownBy
	if source.Partition.Event {
		before = s.before
	}
	objects := source.objects(s.from, before)
	var unusable []labelled
	for t := range rules.Tests(rules.Dropped(e.Job.InUse(), source.Schema)) {
		test, err := compiled(t)
		if err != nil {
			return err
		}
		unusable = append(unusable, labelled{t.Term.Column, test})
	}
	workers := make([]searcher, max(1, e.Job.Workers))
	r := folder.Reading{Bucket: source.bucket, Objects: objects, Schema: source.Schema, Limits: e.Job.limits(), Workers: e.Job.Workers}
	var done atomic.Int64
	return source.wrap(r.Each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error {
		e.Job.watch(Progress{Phase: "values", Done: done.Add(1)})
		workers[w].search, workers[w].schema, workers[w].unusable = s, source.Schema, unusable
		return workers[w].read(g)
	}), objects)
}

// searcher looks through row groups one after another, with buffers of its own.
type searcher struct {
	*search
	schema   *rules.Schema
	unusable []labelled // what rows show that nobody may use
	recent   []uint32   // rows in the time looked through that may be used
	events   []uint32   // of them those of the events of the pick at hand
	truths   []value.Truth
	passes   []bool // by row at hand
	ofText   []bool // by text of the dictionary at hand
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
		passed, err := s.passed(a, l.shown, s.recent)
		if err != nil {
			return err
		}
		kept := s.recent[:0]
		for i, row := range s.recent {
			if !passed[i] {
				kept = append(kept, row)
			}
		}
		s.recent = kept
	}
	return nil
}

// count counts the rows of one pick. What no text of the column can pass is known from its dictionary.
func (s *searcher) count(g *parquet.RowGroup, i int) (n int64, err error) {
	pick, test := s.sought[i].Pick, s.tests[i]
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
	if d, ok := a.(*array.Dictionary); ok && !slices.Contains(s.texts(d, *test), true) {
		return 0, nil
	}
	if err := s.ofEvents(g, pick); err != nil || a == nil {
		return int64(len(s.events)), err
	}
	passed, err := s.passed(a, *test, s.events)
	for _, p := range passed {
		if p {
			n++
		}
	}
	return n, err
}

// passed says of each of the rows whether its value passes; the answer is valid until the next call.
func (s *searcher) passed(a arrow.Array, test kernel.Test, rows []uint32) ([]bool, error) {
	s.passes = s.passes[:0]
	if d, ok := a.(*array.Dictionary); ok {
		texts := s.texts(d, test)
		for _, row := range rows {
			s.passes = append(s.passes, texts[d.GetValueIndex(int(row))])
		}
		return s.passes, nil
	}
	s.truths = append(s.truths[:0], make([]value.Truth, len(rows))...)
	if err := test.Rows(a, rows, s.truths); err != nil {
		return nil, err
	}
	for _, t := range s.truths {
		s.passes = append(s.passes, t == value.True)
	}
	return s.passes, nil
}

// texts says of each text of a dictionary whether it passes; the answer is valid until the next call.
func (s *searcher) texts(d *array.Dictionary, test kernel.Test) []bool {
	dict := d.Dictionary().(*array.String)
	s.ofText = s.ofText[:0]
	for code := range dict.Len() {
		truth := test.Null()
		if !dict.IsNull(code) {
			truth = test.Text(dict.Value(code))
		}
		s.ofText = append(s.ofText, truth == value.True)
	}
	return s.ofText
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
