package record

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/segments"
)

// Overlap is which of the same people the audiences of one use have. It is told in fifties, rounded down: so no sum or
// difference of its numbers and those of lists and uses beside it can say that there is somebody, but fewer than fifty.
// Several regions never leave less than fifty of an audience or a pair, either.
type Overlap struct {
	Use      string        `json:"use"`
	Anywhere shown.Count   `json:"in_any"`   // people in at least one of them
	Segments []string      `json:"segments"` // the largest, largest first; none of fewer people than the floor
	Members  []shown.Count `json:"members"`
	// Common are the people whom a segment shares with each of those before it.
	Common  [][]shown.Count `json:"common"`
	Regions []Region        `json:"regions"` // of the first few segments
}

// Region is how many people are in exactly these of the first segments, by their numbers, and in no other of them.
type Region struct {
	In     []int       `json:"in"`
	People shown.Count `json:"people"`
}

// How much is compared: pairs of so many audiences, the regions of so many, and the largest regions.
const (
	mostCompared = 50
	mostInRegion = 8
	mostRegions  = 15
)

// Overlaps compares the delivered audiences of a decision use by use.
func Overlaps(d *decide.Decision) (out []Overlap) {
	for use := range d.Uses {
		var of []*segments.Audience
		for i := range d.Audiences {
			if a := &d.Audiences[i]; a.Use() == use && len(a.Segment().Deliver) > 0 && a.Len() >= shown.Floor {
				of = append(of, a)
			}
		}
		slices.SortFunc(of, func(a, b *segments.Audience) int {
			return cmp.Or(cmp.Compare(b.Len(), a.Len()), strings.Compare(a.Segment().Name, b.Segment().Name))
		})
		if len(of) > 1 {
			out = append(out, overlapOf(d.Uses[use].Name, of[:min(len(of), mostCompared)]))
		}
	}
	return out
}

// fifties is how a number of people is told here.
func fifties(n int) shown.Count { return shown.Count(n / shown.Floor * shown.Floor) }

func overlapOf(use string, of []*segments.Audience) Overlap {
	o := Overlap{Use: use, Common: [][]shown.Count{}, Regions: []Region{}}
	var totals []total
	for i, a := range of {
		o.Segments, o.Members = append(o.Segments, a.Segment().Name), append(o.Members, fifties(a.Len()))
		if i < mostInRegion {
			totals = append(totals, total{1 << i, a.Len()})
		}
	}
	for i, a := range of {
		row := []shown.Count{}
		for k, b := range of[:i] {
			common := a.Common(b)
			row = append(row, fifties(common))
			if i < mostInRegion && common >= shown.Floor {
				totals = append(totals, total{1<<i | 1<<k, common})
			}
		}
		o.Common = append(o.Common, row)
	}
	everybody := segments.Union(of)
	o.Anywhere, totals = fifties(everybody), append(totals, total{0, everybody})
	regions := segments.Regions(of[:min(len(of), mostInRegion)])
	for _, in := range complemented(regions, totals) {
		r := Region{People: fifties(regions[in])}
		for left := in; left != 0; left &= left - 1 {
			r.In = append(r.In, bits.TrailingZeros64(left))
		}
		o.Regions = append(o.Regions, r)
	}
	return o
}

// total is a number that is told beside regions: of all who are in these sets, whatever else they are in.
type total struct {
	in uint64
	n  int
}

// complemented are the regions that may be told, largest first. What several of them leave of a total must be the floor
// or more, else the smallest is left out.
func complemented(regions map[uint64]int, totals []total) []uint64 {
	told := slices.Collect(maps.Keys(regions))
	told = slices.DeleteFunc(told, func(in uint64) bool { return regions[in] < shown.Floor })
	slices.SortFunc(told, func(a, b uint64) int {
		return cmp.Or(cmp.Compare(regions[b], regions[a]), cmp.Compare(a, b))
	})
	told = told[:min(len(told), mostRegions)]
	for again := true; again; {
		again = false
		for _, t := range totals {
			left, parts, smallest := t.n, 0, 0
			for i, in := range told {
				if in&t.in == t.in {
					left, parts, smallest = left-regions[in], parts+1, i
				}
			}
			if parts > 1 && left < shown.Floor {
				told, again = slices.Delete(told, smallest, smallest+1), true
			}
		}
	}
	return told
}
