// Package draw makes up rules, and logs whose rows lie where rules decide: at the borders of windows, gaps and
// sessions, on ties, on days with 23 and 25 hours.
//
// Out come texts of rules and worlds for the reference; everything is drawn with rapid, so that a seed gives the same
// again. The package does not know what a rule means, nor whether the engine accepts it.
package draw

import (
	"math/bits"

	"pgregory.net/rapid"
)

// dice are fair: rapid's own choices prefer the first.
type dice struct{ t *rapid.T }

// under is a number below n.
func (d dice) under(n int) int {
	out := 0
	for range bits.Len(uint(n-1)) + 3 {
		out <<= 1
		if rapid.Bool().Draw(d.t, "") {
			out++
		}
	}
	return out % n
}

// chance is true in so many of a hundred.
func (d dice) chance(percent int) bool { return d.under(100) < percent }

// one is one of these.
func one[T any](d dice, of ...T) T { return of[d.under(len(of))] }
