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
	if a.Len() > b.Len() {
		a, b = b, a
	}
	if a.Len() == 0 || plainlyApart(a, b) {
		return 0, false
	}
	missing := 0
	for id := range a.Members() {
		if b.Has(id) {
			common++
		} else if missing++; 100*missing > (100-mostly)*a.Len() {
			return 0, false
		}
	}
	return common, true
}

// glance is how many members are looked at before all are: with many segments nearly all pairs have little in common.
const glance = 64

// plainlyApart reports whether half of some members from all over a are not in b.
func plainlyApart(a, b *segments.Audience) bool {
	step := a.Len() / glance
	if step == 0 {
		return false
	}
	at, looked, missing := 0, 0, 0
	for id := range a.Members() {
		if at%step == 0 {
			looked++
			if !b.Has(id) {
				missing++
			}
		}
		at++
	}
	return 2*missing > looked
}
