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
		w.counts.Invalid += invalid(a.(*array.Timestamp), latest)
	}
	nobody := len(edges) == 0 || known && (hi < edges[0] || lo >= edges[len(edges)-1])
	return nobody, nil
}

func invalid(times *array.Timestamp, latest int64) int64 {
	n := int64(times.NullN())
	for i, t := range times.TimestampValues() {
		if (int64(t) < earliest || int64(t) > latest) && times.IsValid(i) {
			n++
		}
	}
	return n
}
