package pipeline

import (
	"fmt"
	"math"

	"github.com/malgrupp/malgrupp/segments"
)

// Tallied is a number of people that a preview counted: all of them, or those of a sample, from which the number of all is
// estimated. It leaves the program as Shown, an estimate with its interval, and nobody can take one for the other: a count is a
// number, an estimate an object.
type Tallied struct {
	N      int
	Sample *segments.Sample // nil: everybody was counted
}

// Estimate is the number of all people behind a sample. The interval holds it 19 times of 20.
type Estimate struct {
	Estimate Estimated `json:"estimate"`
	Low      Shown     `json:"low"`
	High     Shown     `json:"high"`
}

// Estimated is an estimate as it may leave the program: a number, or "<1000" where 1 to 49 of a sample stand behind it.
type Estimated struct {
	Shown
	few bool // fewer than Shown says
}

func (e Estimated) String() string {
	if e.few {
		return "<" + e.Shown.String()
	}
	return e.Shown.String()
}

// MarshalJSON writes a number, or a text such as "<1000".
func (e Estimated) MarshalJSON() ([]byte, error) {
	if e.few {
		return encode(e.String())
	}
	return e.Shown.MarshalJSON()
}

// normal95 is how many standard deviations lie on each side of 95 % of a normal distribution.
const normal95 = 1.959964

// Few reports whether the sample has 1 to 49 of these people.
func (t Tallied) Few() bool { return t.Sample != nil && t.N > 0 && t.N < floor }

// drawn is between what the number of people drawn lies, for all that is told of it. Whoever knows the share could turn an
// estimate back into that number, and who is drawn is no secret: so it is hidden and rounded like a count before it is
// multiplied.
func (t Tallied) drawn() (from, to int) {
	switch {
	case t.N == 0:
		return 0, 0
	case t.Few():
		return 1, floor - 1
	}
	return t.N / 10 * 10, t.N/10*10 + 9
}

// estimate inverts the score test: each of m people was drawn with probability p, so N of them are likely as long as
// (N - m p)^2 <= z^2 m p (1-p). It is Wilson's interval turned round: the size is unknown, the share is known. The interval is
// that of every number which the one drawn could be; its bounds are rounded outwards to tens.
func (t Tallied) estimate() Estimate {
	p := float64(t.Sample.Parts) / segments.Whole
	spread := normal95 * normal95 * (1 - p)
	bound := func(drawn int, side float64) float64 {
		n := float64(drawn)
		return (2*n + spread + side*math.Sqrt(spread*(4*n+spread))) / (2 * p)
	}
	from, to := t.drawn()
	about := Estimated{Shown: Shown(math.Round(float64(from) / p))}
	if t.Few() {
		about = Estimated{Shown(math.Ceil(floor/p/10) * 10), true}
	}
	return Estimate{about, Shown(math.Floor(max(0, bound(from, -1))/10) * 10), Shown(math.Ceil(bound(to, 1)/10) * 10)}
}

func (t Tallied) String() string {
	if t.Sample == nil {
		return Shown(t.N).String()
	}
	e := t.estimate()
	return fmt.Sprintf("%s (%s to %s)", e.Estimate, e.Low, e.High)
}

// MarshalJSON writes a count as Shown, an estimate as an object.
func (t Tallied) MarshalJSON() ([]byte, error) {
	if t.Sample == nil {
		return Shown(t.N).MarshalJSON()
	}
	return encode(t.estimate())
}
