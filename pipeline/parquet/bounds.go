package parquet

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules/value"
)

// Bounds returns the least and greatest value that row group i may hold in an integer, decimal, date or timestamp
// column, in the units of Column's array. It says !ok where the file has no statistics that can be trusted: then
// nothing is known. Nulls lie outside all bounds.
func (f *File) Bounds(i int, name string) (lo, hi int64, ok bool) {
	at, known := f.byName[name]
	if !known {
		return 0, 0, false
	}
	b := &f.columns[at]
	if b.leaf == nil || b.empty || b.key != nil || b.convert.byteStrings() || b.convert.floats {
		return 0, 0, false
	}
	switch b.convert.kind {
	case value.Integer, value.Decimal, value.Date, value.Timestamp:
	default:
		return 0, 0, false
	}
	v, ok := f.extremes(i, b)
	if !ok || guard(func() error { return b.convert.bounds(&v) }) != nil || v[0] > v[1] {
		return 0, 0, false
	}
	return v[0], v[1], true
}

// extremes reads raw statistics: the current fields if the file says how they are ordered, the older ones, which
// compared as signed numbers, for signed numbers only.
func (f *File) extremes(i int, b *binding) (v [2]int64, ok bool) {
	s := &f.groups[i].Columns[b.leaf.leaf].MetaData.Statistics
	lo, hi := s.MinValue, s.MaxValue
	if len(lo) == 0 || len(hi) == 0 || !f.ordered[b.leaf.leaf] {
		if b.convert.unsigned {
			return v, false
		}
		if len(lo) == 0 || len(hi) == 0 {
			lo, hi = s.Min, s.Max
		}
	}
	width := 8
	if b.convert.physical == format.Int32 {
		width = 4
	}
	if len(lo) != width || len(hi) != width {
		return v, false
	}
	return [2]int64{word(lo), word(hi)}, true
}

func word(b []byte) int64 {
	if len(b) == 4 {
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// clockSlack is more than any wall clock was ever away from UTC, so that a pair of local bounds holds in UTC too.
const clockSlack = 27 * 3600 * 1_000_000

func (c conversion) bounds(v *[2]int64) error {
	local := c.zone != nil
	c.zone = nil
	if err := c.words(v[:]); err != nil || !local {
		return err
	}
	v[0] = max(v[0], math.MinInt64+clockSlack) - clockSlack
	v[1] = min(v[1], math.MaxInt64-clockSlack) + clockSlack
	return nil
}

// NullCount returns how many values of the column are null in row group i, from statistics; !ok if that is not known.
func (f *File) NullCount(i int, name string) (nulls int64, ok bool) {
	at, known := f.byName[name]
	if !known {
		return 0, false
	}
	b := &f.columns[at]
	switch {
	case b.leaf == nil && b.column.Value == "" || b.empty:
		return f.groups[i].NumRows, true
	case b.leaf == nil:
		return 0, true
	case b.key != nil || b.convert.floats || b.convert.kind == value.Text && f.empties:
		return 0, false
	case b.leaf.maxDef == 0:
		return 0, true
	}
	count := f.groups[i].Columns[b.leaf.leaf].MetaData.Statistics.NullCount
	return count.V, count.Valid
}
