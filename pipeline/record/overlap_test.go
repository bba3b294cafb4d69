package record

import (
	"math/rand/v2"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// Of random audiences no sum of regions that are told shows what is left of an audience, a pair, or everybody.
func TestRegionsLeaveNothingSmallOfWhatIsToldBesideThem(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	told, dropped := 0, 0
	for range 3000 {
		regions, sets := map[uint64]int{}, 2+draw.IntN(4)
		for range 1 + draw.IntN(12) {
			regions[1+draw.Uint64N(1<<sets-1)] = draw.IntN(200)
		}
		of := func(in uint64) (n int) {
			for r, people := range regions {
				if r&in == in {
					n += people
				}
			}
			return n
		}
		totals := []total{{0, of(0)}}
		for i := range sets {
			for k := range i + 1 {
				if in := uint64(1<<i | 1<<k); of(in) >= shown.Floor {
					totals = append(totals, total{in, of(in)})
				}
			}
		}
		kept := complemented(regions, totals)
		told, dropped = told+len(kept), dropped+len(regions)-len(kept)
		for _, all := range totals {
			left, parts := all.n, 0
			for _, in := range kept {
				if regions[in] < shown.Floor {
					t.Fatalf("a region of %d people is told", regions[in])
				}
				if in&all.in == all.in {
					left, parts = left-regions[in], parts+1
				}
			}
			if parts > 1 && left < shown.Floor {
				t.Fatalf("%v of %v: %d regions leave %d of %d people", kept, regions, parts, left, all.n)
			}
		}
	}
	if told < 1000 || dropped < 1000 {
		t.Fatalf("%d regions told and %d not: too few to say anything", told, dropped)
	}
}
