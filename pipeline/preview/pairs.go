package preview

import (
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/segments"
)

// mostly is the share of the smaller of two lists, in per cent, that must be in the larger for the two to be nearly the
// same: were it less, not even 80 % of all their people could be in both.
const mostly = 80

// pairs compares lists of one destination and use and keeps those that hold most of the same people, each two segments
// once.
func pairs(lists []counted) (out []lint.Pair) {
	type two struct{ a, b *segments.Audience }
	known := map[two]bool{}
	for i := range lists {
		for k := range lists {
			a, b := &lists[i], &lists[k]
			if a.Destination.Name != b.Destination.Name || a.Segment.Name >= b.Segment.Name || a.Use != b.Use ||
				known[two{a.audience, b.audience}] {
				continue
			}
			known[two{a.audience, b.audience}] = true
			if common, most := commonOf(a.audience, b.audience); most {
				out = append(out, lint.Pair{
					A: a.Segment.Name, B: b.Segment.Name, Destination: a.Destination.Name, InA: coarse(a.audience.Len()),
					InB: coarse(b.audience.Len()), Common: coarse(common),
				})
			}
		}
	}
	return out
}

// commonOf counts the common members of two audiences, if most of the smaller are in the larger.
func commonOf(a, b *segments.Audience) (common int, most bool) {
	common, smaller := a.Common(b), min(a.Len(), b.Len())
	return common, smaller > 0 && 100*common >= mostly*smaller
}
