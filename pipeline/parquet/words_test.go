package parquet

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestACodeOutsideItsDictionaryIsFoundWhereverItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int32Range(1, math.MaxInt32).Draw(t, "limit")
		codes := rapid.SliceOfN(rapid.Int32Range(0, limit-1), 0, 40).Draw(t, "codes")
		if !allBelow(codes, limit) {
			t.Fatalf("all of %v are below %d", codes, limit)
		}
		wrong := rapid.OneOf(rapid.Int32Range(math.MinInt32, -1), rapid.Int32Range(limit, math.MaxInt32)).Draw(t, "wrong")
		at := rapid.IntRange(0, len(codes)).Draw(t, "at")
		if codes = slices.Insert(codes, at, wrong); allBelow(codes, limit) {
			t.Fatalf("%d of %v is not below %d", wrong, codes, limit)
		}
	})
}
