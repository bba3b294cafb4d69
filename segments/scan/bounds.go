package scan

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

const (
	// earliest is 1990-01-01: a time before it is an error of units (docs/language.md, Time).
	earliest = value.Earliest
	// tolerance is how far ahead of now a time may lie before it is one.
	tolerance = 5 * 60 * 1_000_000
)

// bounds counts rows whose time cannot be true and reports whether the statistics show that nobody wants the row group.
func (w *Worker) bounds(g RowGroup) (skip bool, err error) {
	name, edges := w.s.roles[rules.RoleEventTime], w.s.plan.Edges
	lo, hi, known := g.Bounds(name)
	if nulls, ok := g.Nulls(name); !known || !ok || nulls > 0 || lo < earliest || hi > w.latest() {
		invalid, hidden, err := w.judges(g)
		if err != nil {
			return false, err
		}
		for row := range g.Rows() {
			if !invalid(row) {
				continue
			}
			if w.keep != nil {
				w.keep.clean = false
			}
			if !hidden(row) {
				w.counts.Invalid++
			}
		}
	}
	// Rows behind the last window are wanted by nobody yet, but may be worth keeping.
	nobody := len(edges) == 0 || known && (hi < edges[0] || lo >= edges[len(edges)-1] && w.keep == nil)
	return nobody, nil
}

// latest is the last time that can be true.
func (w *Worker) latest() int64 { return w.s.plan.KnownBy + tolerance }

// judges returns which rows have an impossible time, and which had not arrived by known_by: what is not visible is not
// judged, as all later rows of a replay.
func (w *Worker) judges(g RowGroup) (invalid, hidden func(row int) bool, err error) {
	a, err := g.Column(w.s.roles[rules.RoleEventTime])
	if err != nil {
		return nil, nil, err
	}
	times, latest := a.(*array.Timestamp), w.latest()
	invalid = func(row int) bool {
		t := int64(times.Value(row))
		return t < earliest || t > latest || times.IsNull(row)
	}
	name := w.s.roles[rules.RoleReceivedAt]
	if name == "" {
		return invalid, func(int) bool { return false }, nil
	}
	if a, err = g.Column(name); err != nil {
		return nil, nil, err
	}
	received := a.(*array.Timestamp)
	return invalid, func(row int) bool {
		return received.IsNull(row) || int64(received.Value(row)) >= w.s.plan.KnownBy
	}, nil
}

// countOversized counts the rows in which a decoded column held a value too large to be read.
func (w *Worker) countOversized(g RowGroup) error {
	rows := g.Oversized()
	if len(rows) == 0 {
		return nil
	}
	invalid, hidden, err := w.judges(g)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !invalid(int(row)) && !hidden(int(row)) {
			w.counts.Oversized++
		}
	}
	w.oversizedIn = append(w.oversizedIn, g.OversizedIn()...)
	slices.Sort(w.oversizedIn)
	w.oversizedIn = slices.Compact(w.oversizedIn)
	return nil
}
