// Package shown is how a number of people leaves the program: rounded, hidden where it is small, or estimated from a
// sample.
package shown

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/segments"
)

// Floor is the smallest number of people or rows that may be shown; smaller ones, none among them, hide behind "<50":
// whoever asks about one person must not learn from it whether there is one (docs/consent.md, What is counted).
const Floor = 50

// Count is a number of people or rows as it may leave the program: rounded down to tens, and 0 to 49 as "<50".
type Count int64

const few = "<50"

func (c Count) String() string {
	if c < Floor {
		return few
	}
	return strconv.FormatInt(int64(c)/10*10, 10)
}

// Crowd is the number of people of whom some were drawn, each of whom stands for so many: those drawn are hidden and
// rounded before they are multiplied, for who is drawn is no secret.
func Crowd(drawn, each int) Count { return Count(Count(drawn).Told() * each) }

// Any is a number of people that is not told where there is nobody: nil. Read back from a document it still differs
// from none, though a small one hides how many.
func Any(n int) *Count {
	if n == 0 {
		return nil
	}
	c := Count(n)
	return &c
}

// Or is the number, 0 for nil.
func (c *Count) Or() Count {
	if c == nil {
		return 0
	}
	return *c
}

// Few reports whether the number hides how many there are, and whether there is one.
func (c Count) Few() bool { return c < Floor }

// Told is what the number says to whoever is told it: what lies below the floor is none.
func (c Count) Told() int {
	if c < Floor {
		return 0
	}
	return int(c) / 10 * 10
}

// MarshalJSON writes a number, or the text "<50".
func (c Count) MarshalJSON() ([]byte, error) { return []byte(c.json()), nil }

func (c Count) json() string {
	if c.Few() {
		return `"` + few + `"`
	}
	return c.String()
}

// UnmarshalJSON reads what MarshalJSON wrote; "<50" becomes 0.
func (c *Count) UnmarshalJSON(b []byte) error {
	var small string
	if json.Unmarshal(b, &small) == nil && small == few {
		*c = 0
		return nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	*c = Count(n)
	return err
}

// People is a number of people that somebody counted: all of them, or those of a sample, from which the number of all
// is estimated. It leaves the program as a Count, an estimate with its interval, and nobody can take one for the other:
// a count is a number, an estimate an object.
type People struct {
	N      int
	Sample *segments.Sample // nil: everybody was counted
}

// normal95 is how many standard deviations lie on each side of 95 % of a normal distribution.
const normal95 = 1.959964

// Few reports whether the sample has 0 to 49 of these people.
func (p People) Few() bool { return p.Sample != nil && Count(p.N).Few() }

// drawn is between what the number of people drawn lies, for all that is told of it. Whoever knows the share could turn
// an estimate back into that number, and who is drawn is no secret: so it is hidden and rounded like a count before it
// is multiplied.
func (p People) drawn() (from, to int) {
	if p.Few() {
		return 0, Floor - 1
	}
	return p.N / 10 * 10, p.N/10*10 + 9
}

// estimate inverts the score test: each of m people was drawn with probability p, so N of them are likely as long as (N
// - m p)^2 <= z^2 m p (1-p). It is Wilson's interval turned round: the size is unknown, the share is known. The
// interval holds the number 19 times of 20, and is that of every number which the one drawn could be; its bounds are
// rounded outwards to tens. The estimate of few is only a bound: fewer than it says.
func (p People) estimate() (about, low, high int64) {
	share := float64(p.Sample.Parts) / segments.Whole
	spread := normal95 * normal95 * (1 - share)
	bound := func(drawn int, side float64) float64 {
		n := float64(drawn)
		return (2*n + spread + side*math.Sqrt(spread*(4*n+spread))) / (2 * share)
	}
	from, to := p.drawn()
	about = int64(math.Round(float64(from)/share)) / 10 * 10
	if p.Few() {
		about = int64(math.Ceil(Floor/share/10)) * 10
	}
	return about, int64(math.Floor(max(0, bound(from, -1))/10)) * 10, int64(math.Ceil(bound(to, 1)/10)) * 10
}

func (p People) String() string {
	if p.Sample == nil {
		return Count(p.N).String()
	}
	about, low, high := p.estimate()
	if p.Few() {
		return fmt.Sprintf("<%d (%d to %d)", about, low, high)
	}
	return fmt.Sprintf("%d (%d to %d)", about, low, high)
}

// MarshalJSON writes a Count, or an object with an estimate, low and high: the estimate is a text such as "<1000" where
// 0 to 49 of the sample stand behind it.
func (p People) MarshalJSON() ([]byte, error) {
	if p.Sample == nil {
		return Count(p.N).MarshalJSON()
	}
	about, low, high := p.estimate()
	text := strconv.FormatInt(about, 10)
	if p.Few() {
		text = `"<` + text + `"`
	}
	return fmt.Appendf(nil, `{"estimate":%s,"low":%d,"high":%d}`, text, low, high), nil
}

// Bar draws the number as a share of others, who take the whole width. It tells no more than the number does: 0 to 49
// people have a dot, however many the others are.
func (p People) Bar(of People, width int) string {
	n, whole := p.N/10*10, of.N/10*10
	if p.N < Floor || whole == 0 {
		return "·"
	}
	return strings.Repeat("█", max(1, min(width, width*n/whole)))
}
