package fold

import (
	"math"
	"math/big"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// The ends of the 128-bit line: open bounds.
var (
	lowest  = Int128{Hi: math.MinInt64}
	highest = Int128{Hi: math.MaxInt64, Lo: math.MaxUint64}
)

// Range is a comparator as the closed range of integers (in units of 10^-scale of the compared quantity) that satisfy
// it. Every sum, count, minimum and maximum is an integer in those units, so the bound can be rounded once, exactly.
// Lo > Hi is the empty range.
type Range struct{ Lo, Hi Int128 }

// RangeOf turns a comparator into a range for quantities counted in units of 10^-scale. A nil comparator (a ranking
// metric) is every value.
func RangeOf(c *rules.Compare, scale int) Range {
	all := Range{lowest, highest}
	if c == nil {
		return all
	}
	floor, exact := rescale(c.Bound, scale)
	switch c.Op {
	case rules.AtLeast:
		all.Lo = narrow(floor, btoi(!exact))
	case rules.MoreThan:
		all.Lo = narrow(floor, 1)
	case rules.AtMost:
		all.Hi = narrow(floor, 0)
	case rules.LessThan:
		all.Hi = narrow(floor, -btoi(exact))
	case rules.Exactly:
		if !exact {
			return Range{highest, lowest}
		}
		return Range{narrow(floor, 0), narrow(floor, 0)}
	}
	return all
}

// Holds reports whether v satisfies the comparator.
func (r Range) Holds(v Int128) bool { return v.Cmp(r.Lo) >= 0 && v.Cmp(r.Hi) <= 0 }

// Empty reports whether nothing can satisfy the comparator: exactly 0.5 of a whole number.
func (r Range) Empty() bool { return r.Lo.Cmp(r.Hi) > 0 }

// OpenAbove reports whether a value that only grows can never leave the range once it is in.
func (r Range) OpenAbove() bool { return r.Hi == highest }

// OpenBelow reports whether a value that only falls can never leave the range once it is in.
func (r Range) OpenBelow() bool { return r.Lo == lowest }

// Passed reports whether v lies above the range: a value that only grows can never come back into it.
func (r Range) Passed(v Int128) bool { return v.Cmp(r.Hi) > 0 }

// Under reports whether v lies below the range: a value that only falls can never come back into it.
func (r Range) Under(v Int128) bool { return v.Cmp(r.Lo) < 0 }

// rescale returns the floor of n in units of 10^-scale, and whether that is exactly n.
func rescale(n value.Number, scale int) (*big.Int, bool) {
	v := big.NewInt(n.Int)
	if n.Scale <= scale {
		return v.Mul(v, pow10(scale-n.Scale)), true
	}
	q, m := new(big.Int).DivMod(v, pow10(n.Scale-scale), new(big.Int))
	return q, m.Sign() == 0
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// narrow returns v+d as an Int128. A bound has at most 19 digits and a scale of at most 18, so it always fits.
func narrow(v *big.Int, d int64) Int128 {
	v = new(big.Int).Add(v, big.NewInt(d))
	lo := new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	return Int128{Hi: new(big.Int).Rsh(v, 64).Int64(), Lo: lo}
}

func btoi(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
