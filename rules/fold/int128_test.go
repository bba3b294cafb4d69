package fold

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// words draws 64-bit integers, often from the ends of the line.
func words(t *rapid.T, name string) int64 {
	if rapid.Bool().Draw(t, name+" at an end") {
		return rapid.SampledFrom([]int64{
			0, 1, -1, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1,
		}).Draw(t, name)
	}
	return rapid.Int64().Draw(t, name)
}

func TestSumsOf128BitsAreThoseOfBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum, want := Int128{}, new(big.Int)
		for range rapid.IntRange(0, 40).Draw(t, "values") {
			v := words(t, "value")
			sum = sum.Add(v)
			want.Add(want, big.NewInt(v))
		}
		if sum.Big().Cmp(want) != 0 {
			t.Fatalf("sum %v, want %v", sum.Big(), want)
		}
	})
}

func TestOrderOf128BitsIsThatOfBigIntegers(t *testing.T) {
	wide := func(t *rapid.T, name string) (Int128, *big.Int) {
		a, b := words(t, name+" high"), words(t, name+" low")
		v := Int128{Hi: a, Lo: uint64(b)}
		big64 := new(big.Int).Lsh(big.NewInt(a), 64)
		return v, big64.Add(big64, new(big.Int).SetUint64(uint64(b)))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, bigA := wide(t, "a")
		b, bigB := wide(t, "b")
		if a.Cmp(b) != bigA.Cmp(bigB) {
			t.Fatalf("%v against %v: %d, want %d", bigA, bigB, a.Cmp(b), bigA.Cmp(bigB))
		}
		if a.Big().Cmp(bigA) != 0 {
			t.Fatalf("%+v is %v, want %v", a, a.Big(), bigA)
		}
		if v := words(t, "narrow"); Wide(v).Big().Cmp(big.NewInt(v)) != 0 {
			t.Fatalf("%d widened is %v", v, Wide(v).Big())
		}
	})
}
