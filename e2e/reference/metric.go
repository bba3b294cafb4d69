package reference

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// metric decides a comparison of an aggregate with a bound.
func (s *scene) metric(c *Condition) Truth {
	function, _, _ := strings.Cut(c.Metric, "(")
	covered := s.covered(s.span(c))
	v := s.value(c)
	switch {
	case v == nil && !covered:
		return Unknown
	case v == nil:
		return NoValue
	case function == "sessions":
		return c.counted(int(v.Num().Int64()), covered)
	case function == "min":
		return c.shrunk(v, covered)
	case (function == "sum" || function == "avg") && !covered:
		return Unknown
	}
	return c.grown(v, covered)
}

// value is an aggregate over the rows of its window; nil: it has none.
func (s *scene) value(c *Condition) *big.Rat {
	function, column, _ := strings.Cut(strings.TrimSuffix(c.Metric, ")"), "(")
	window := s.span(c)
	rows := s.within(window, c.Of, c.Where)
	switch function {
	case "count":
		return big.NewRat(int64(len(rows)), 1)
	case "days":
		return distinct(rows, func(r *Row) any { return s.Clock.date(r.At) })
	case "distinct":
		return distinct(rows, func(r *Row) any { return r.column(column) })
	case "sessions":
		n := int64(0)
		for _, v := range s.started(window) {
			if slices.ContainsFunc(v.rows, func(r *Row) bool { return c.Of.match(s.World, r, c.Where) }) {
				n++
			}
		}
		return big.NewRat(n, 1)
	}
	var values []*big.Rat
	for _, r := range rows {
		if v := numeric(r.column(column)); v != nil {
			values = append(values, v)
		}
	}
	return folded(function, values)
}

// folded is the sum, average, least or greatest of values.
func folded(function string, values []*big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, v := range values {
		sum.Add(sum, v)
	}
	switch {
	case function == "sum":
		return sum
	case len(values) == 0:
		return nil
	case function == "avg":
		return sum.Quo(sum, big.NewRat(int64(len(values)), 1))
	case function == "min":
		return slices.MinFunc(values, (*big.Rat).Cmp)
	}
	return slices.MaxFunc(values, (*big.Rat).Cmp)
}

// numeric is a number, or a time as the number it is; nil is null.
func numeric(v any) *big.Rat {
	switch v := v.(type) {
	case *big.Rat:
		return v
	case Instant:
		return big.NewRat(int64(v), 1)
	case Date:
		return big.NewRat(int64(v), 1)
	}
	return nil
}

// distinct counts different values; null is none.
func distinct(rows []*Row, of func(*Row) any) *big.Rat {
	seen := map[string]bool{}
	for _, r := range rows {
		if v := of(r); v != nil {
			seen[fmt.Sprint(v)] = true
		}
	}
	return big.NewRat(int64(len(seen)), 1)
}
