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

// search looks for rows in all sources. It tells nothing about anybody: only whether a log has what rules name. Rows that show
// content which nobody may use are not looked at.
type search struct {
	probes       []lint.Probe
	tests        []*kernel.Test // nil where every row of the events is meant
	rows         []atomic.Int64
	from, before int64 // of the event time
}

// Rows counts rows of [from, before) as the linter asks for them, by the probes' keys. Of what need not be counted it stops
// looking once it has seen some. A damaged object of a source that may skip them is left out, as when people are decided.
func Rows(ctx context.Context, d *decide.Decision, probes []lint.Probe, from, before int64) (map[string]int64, error) {
	s := &search{probes: probes, tests: make([]*kernel.Test, len(probes)), from: from, before: before}
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
	var done atomic.Int64
	err := d.ReadAgain(ctx, s.within(d), func() { s.rows = make([]atomic.Int64, len(probes)) }, func(w int, source *decide.Source, g *parquet.RowGroup) error {
		d.Tell(decide.Progress{Phase: "values", Done: done.Add(1)})
		workers[w].search, workers[w].schema, workers[w].unusable = s, source.Schema, unusable[source.Schema]
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

// within is when rows of the time looked through may have come in: after they happened, so later partitions count as well.
func (s *search) within(d *decide.Decision) func(source *decide.Source) (from, before int64) {
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
