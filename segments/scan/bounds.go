package scan

import (
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
)

const (
	// earliest is 1990-01-01: a time before it is an error of units (design.md 9).
	earliest = 631152000 * 1_000_000
	// tolerance is how far ahead of now a time may lie before it is one.
	tolerance = 5 * 60 * 1_000_000
)

// bounds counts rows whose time cannot be true and reports whether the statistics show that nobody wants the row group.
func (w *Worker) bounds(g RowGroup) (skip bool, err error) {
	name, edges := w.s.roles[rules.RoleEventTime], w.s.plan.Edges
	latest := w.s.plan.KnownBy + tolerance
	lo, hi, known := g.Bounds(name)
	if nulls, ok := g.Nulls(name); !known || !ok || nulls > 0 || lo < earliest || hi > latest {
		a, err := g.Column(name)
		if err != nil {
			return false, err
		}
		hidden, err := w.hides(g)
		if err != nil {
			return false, err
		}
		w.counts.Invalid += invalid(a.(*array.Timestamp), latest, hidden)
	}
	nobody := len(edges) == 0 || known && (hi < edges[0] || lo >= edges[len(edges)-1])
	return nobody, nil
}

// hides returns which rows had not arrived by known_by: what is not visible is not judged, as all later rows of a replay.
func (w *Worker) hides(g RowGroup) (func(row int) bool, error) {
	name := w.s.roles[rules.RoleReceivedAt]
	if name == "" {
		return func(int) bool { return false }, nil
	}
	a, err := g.Column(name)
	if err != nil {
		return nil, err
	}
	received := a.(*array.Timestamp)
	return func(row int) bool { return received.IsNull(row) || int64(received.Value(row)) >= w.s.plan.KnownBy }, nil
}

func invalid(times *array.Timestamp, latest int64, hidden func(row int) bool) (n int64) {
	for i, t := range times.TimestampValues() {
		if (times.IsNull(i) || int64(t) < earliest || int64(t) > latest) && !hidden(i) {
			n++
		}
	}
	return n
}
