package sets

import (
	"cmp"
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// span is a range of whole numbers, both ends included.
type span struct{ low, high int64 }

// findNumber takes away from all values, range by range, what each demand forbids.
func findNumber(d Domain, demands []Demand) (value.Value, Answer) {
	left := []span{bounds(d)}
	for _, demand := range demands {
		passing, ok := passing(d.Type.Kind, demand)
		if !ok {
			return value.Value{}, Perhaps
		}
		left = common(left, passing)
	}
	if len(left) == 0 {
		return value.Value{}, None
	}
	return valueOf(d.Type.Kind, nearest(left)), Some
}

// bounds are the numbers that values of a domain can be.
func bounds(d Domain) span {
	switch {
	case d.Low != 0 || d.High != 0:
		return span{d.Low, d.High}
	case d.Type.Kind == value.Boolean:
		return span{0, 1}
	case d.Type.Kind == value.TimeOfDay:
		return span{0, value.MicrosPerDay - 1}
	case d.Type.Kind == value.Float:
		return span{value.OrderedFloat(math.Inf(-1)), value.OrderedFloat(math.Inf(1))}
	}
	return span{math.MinInt64, math.MaxInt64}
}

// passing are the numbers that pass one demand, in order.
func passing(kind value.Kind, d Demand) ([]span, bool) {
	at := func(i int) int64 { return number(kind, d.Args[i]) }
	var in []span
	switch d.Op {
	case where.OpEqual, where.OpIn:
		for i := range d.Args {
			in = append(in, span{at(i), at(i)})
		}
	case where.OpBetween:
		in = []span{{at(0), at(1)}}
	case where.OpLess:
		in = below(at(0))
	case where.OpLessEqual:
		in = []span{{math.MinInt64, at(0)}}
	case where.OpGreater:
		in = above(at(0))
	case where.OpGreaterEqual:
		in = []span{{at(0), math.MaxInt64}}
	default:
		return nil, false
	}
	slices.SortFunc(in, func(a, b span) int { return cmp.Compare(a.low, b.low) })
	if d.Not {
		in = without(in)
	}
	return in, true
}

func below(n int64) []span {
	if n == math.MinInt64 {
		return nil
	}
	return []span{{math.MinInt64, n - 1}}
}

func above(n int64) []span {
	if n == math.MaxInt64 {
		return nil
	}
	return []span{{n + 1, math.MaxInt64}}
}

// without are all numbers but those of some ranges, which stand in order.
func without(spans []span) (out []span) {
	left := []span{{math.MinInt64, math.MaxInt64}}
	for _, s := range spans {
		left = common(left, append(below(s.low), above(s.high)...))
	}
	return left
}

// common are the numbers in both of two lists of ranges.
func common(a, b []span) (out []span) {
	for _, x := range a {
		for _, y := range b {
			if s := (span{max(x.low, y.low), min(x.high, y.high)}); s.low <= s.high {
				out = append(out, s)
			}
		}
	}
	return out
}

// nearest is the number of some ranges that is the easiest to read: the one nearest to nought.
func nearest(spans []span) int64 {
	best := spans[0].low
	for i, s := range spans {
		n := min(max(s.low, 0), s.high)
		if i == 0 || distance(n) < distance(best) {
			best = n
		}
	}
	return best
}

func distance(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// number is a value on the line of whole numbers, in its order.
func number(kind value.Kind, v value.Value) int64 {
	if kind == value.Float {
		return value.OrderedFloat(v.Float)
	}
	return v.Int
}

// valueOf is the value that number makes n of.
func valueOf(kind value.Kind, n int64) value.Value {
	if kind != value.Float {
		return value.Value{Kind: kind, Int: n}
	}
	if n < 0 {
		n = math.MinInt64 - n
	}
	return value.Value{Kind: kind, Float: math.Float64frombits(uint64(n))}
}
