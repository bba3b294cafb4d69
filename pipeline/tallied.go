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
	Estimate Shown `json:"estimate"`
	Low      Shown `json:"low"`
	High     Shown `json:"high"`
}

// normal95 is how many standard deviations lie on each side of 95 % of a normal distribution.
const normal95 = 1.959964

// estimate inverts the score test: each of m people was drawn with probability p, so N of them are likely as long as
// (N - m p)^2 <= z^2 m p (1-p). It is Wilson's interval turned round: the size is unknown, the share is known. The bounds are
// rounded outwards to tens.
func (t Tallied) estimate() Estimate {
	n, p := float64(t.N), float64(t.Sample.Parts)/segments.Whole
	spread := normal95 * normal95 * (1 - p)
	middle, half := (2*n+spread)/(2*p), math.Sqrt(spread*(4*n+spread))/(2*p)
	return Estimate{Shown(math.Round(n / p)), Shown(math.Floor(max(0, middle-half)/10) * 10), Shown(math.Ceil((middle+half)/10) * 10)}
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
