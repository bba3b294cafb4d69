package fold

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

var comparators = []rules.Comparator{rules.AtLeast, rules.AtMost, rules.Exactly, rules.MoreThan, rules.LessThan}

// fraction is units of 10^-scale as an exact fraction.
func fraction(units *big.Int, scale int) *big.Rat {
	return new(big.Rat).SetFrac(units, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
}

func satisfies(op rules.Comparator, value, bound *big.Rat) bool {
	switch d := value.Cmp(bound); op {
	case rules.AtLeast:
		return d >= 0
	case rules.AtMost:
		return d <= 0
	case rules.MoreThan:
		return d > 0
	case rules.LessThan:
		return d < 0
	default:
		return d == 0
	}
}

// near draws a value close to the bound, where rounding shows, or anywhere.
func near(t *rapid.T, bound *big.Rat, scale int) Int128 {
	if rapid.IntRange(0, 3).Draw(t, "far") == 0 {
		return Int128{Hi: rapid.Int64().Draw(t, "high"), Lo: rapid.Uint64().Draw(t, "low")}
	}
	units := new(big.Rat).Mul(bound, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	whole := new(big.Int).Div(units.Num(), units.Denom())
	whole.Add(whole, big.NewInt(rapid.Int64Range(-2, 2).Draw(t, "steps")))
	low := new(big.Int).And(whole, new(big.Int).SetUint64(^uint64(0)))
	return Int128{Hi: new(big.Int).Rsh(whole, 64).Int64(), Lo: low.Uint64()}
}

func TestARangeHoldsExactlyWhatItsComparatorDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &rules.Compare{
			Op:    rapid.SampledFrom(comparators).Draw(t, "comparator"),
			Bound: value.Number{Int: words(t, "bound"), Scale: rapid.IntRange(0, 18).Draw(t, "places of the bound")},
		}
		scale := rapid.IntRange(0, 18).Draw(t, "places of the value")
		bound := fraction(big.NewInt(c.Bound.Int), c.Bound.Scale)
		r, v := RangeOf(c, scale), near(t, bound, scale)
		want := satisfies(c.Op, fraction(v.Big(), scale), bound)
		if got := r.Holds(v); got != want {
			t.Fatalf("%v at %d places %s %s: %t, want %t", v.Big(), scale, c.Op, c.Bound, got, want)
		}
		empty := r.Empty()
		switch {
		case want && (r.Passed(v) || r.Under(v)):
			t.Fatalf("%v is in the range and beside it", v.Big())
		case !want && !empty && r.Passed(v) == r.Under(v):
			t.Fatalf("%v is out of the range but not on one side", v.Big())
		case !empty && r.OpenAbove() != (c.Op == rules.AtLeast || c.Op == rules.MoreThan):
			t.Fatalf("%s is open above: %t", c.Op, r.OpenAbove())
		case !empty && r.OpenBelow() != (c.Op == rules.AtMost || c.Op == rules.LessThan):
			t.Fatalf("%s is open below: %t", c.Op, r.OpenBelow())
		}
	})
}

func TestNoComparatorHoldsForEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if v := (Int128{Hi: words(t, "high"), Lo: uint64(words(t, "low"))}); !RangeOf(nil, 3).Holds(v) {
			t.Fatalf("%v does not rank", v.Big())
		}
	})
}

func TestBitsAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "size")
		b, want := NewBits(n), map[uint32]bool{}
		for range rapid.IntRange(0, 60).Draw(t, "changes") {
			i := rapid.Uint32Range(0, uint32(n-1)).Draw(t, "number")
			if want[i] = rapid.Bool().Draw(t, "in"); want[i] {
				b.Set(i)
			} else {
				b.Clear(i)
			}
		}
		for i := range uint32(n) {
			if b.Has(i) != want[i] {
				t.Fatalf("%d is in the set: %t, want %t", i, b.Has(i), want[i])
			}
		}
		b.Reset()
		for i := range uint32(n) {
			if b.Has(i) {
				t.Fatalf("%d is in an emptied set", i)
			}
		}
	})
}
