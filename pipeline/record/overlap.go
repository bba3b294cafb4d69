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

// Overlap is which of the same people the audiences of one use have. Any two of its numbers are the same or the floor
// apart, what lies near the number of a list or a use reads like one, and several regions never leave less than the
// floor of an audience or a pair, so that nothing hidden comes back by subtracting.
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

// Overlaps compares the delivered audiences of a decision use by use; beside are the numbers told of its lists.
func Overlaps(d *decide.Decision, m *Manifest) (out []Overlap) {
	var apart shown.Apart
	for i := range m.Segments {
		apart.Tell(int(m.Segments[i].Members))
	}
	for _, u := range m.Uses {
		apart.Tell(int(u.People))
	}
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
			out = append(out, overlapOf(d.Uses[use].Name, of[:min(len(of), mostCompared)], &apart))
		}
	}
	return out
}

func overlapOf(use string, of []*segments.Audience, apart *shown.Apart) Overlap {
	tell := func(n int) shown.Count { return shown.Count(apart.Tell(n)) }
	o := Overlap{Use: use, Common: [][]shown.Count{}, Regions: []Region{}}
	var totals []total
	for i, a := range of {
		o.Segments, o.Members = append(o.Segments, a.Segment().Name), append(o.Members, tell(a.Len()))
		if i < mostInRegion {
			totals = append(totals, total{1 << i, a.Len()})
		}
	}
	for i, a := range of {
		row := []shown.Count{}
		for k, b := range of[:i] {
			common := a.Common(b)
			row = append(row, tell(common))
			if i < mostInRegion && common >= shown.Floor {
				totals = append(totals, total{1<<i | 1<<k, common})
			}
		}
		o.Common = append(o.Common, row)
	}
	everybody := segments.Union(of)
	o.Anywhere, totals = tell(everybody), append(totals, total{0, everybody})
	regions := segments.Regions(of[:min(len(of), mostInRegion)])
	for _, in := range complemented(regions, totals) {
		r := Region{People: tell(regions[in])}
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

// complemented are the regions that may be told, largest first. What two and more of them leave of a total must be the
// floor or more, else the smallest is left out: a sum shows what is missing from it. Of one alone the total differs by
// the floor, or not at all (shown.Apart).
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
