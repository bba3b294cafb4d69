package shown

import (
	"math"
	"testing"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/segments"
)

// The interval must hold the true number 19 times of 20, whatever that number is: the chance is summed over every
// number of people that could be drawn.
func TestTheIntervalHoldsTheTrueNumber(t *testing.T) {
	for _, parts := range []int{100, 500, 2000, 5000, 9000} {
		for _, people := range []int{60, 200, 1000, 5000, 20000} {
			p, chance, all := float64(parts)/segments.Whole, 0.0, 0.0
			for drawn := range people + 1 {
				lg := func(n int) float64 { v, _ := math.Lgamma(float64(n) + 1); return v }
				mass := math.Exp(lg(people) - lg(drawn) - lg(people-drawn) + float64(drawn)*math.Log(p) +
					float64(people-drawn)*math.Log1p(-p))
				all += mass
				if _, low, high := (People{drawn, &segments.Sample{Parts: parts}}).estimate(); int64(low) <= int64(people) &&
					int64(people) <= int64(high) {
					chance += mass
				}
			}
			if math.Abs(all-1) > 1e-6 || chance < 0.94 {
				t.Errorf("%d people at %d parts: the interval holds them with a chance of %.3f (of %.3f), want 0.95", people, parts,
					chance, all)
			}
		}
	}
}

func TestACountIsANumberAndAnEstimateIsNone(t *testing.T) {
	twentieth := &segments.Sample{Parts: 500}
	for _, c := range []struct {
		of         People
		text, json string
	}{
		{People{N: 1234}, "1230", "1230"},
		{People{N: 7}, "<50", `"<50"`},
		{People{}, "<50", `"<50"`},
		{People{0, twentieth}, "<1000 (0 to 1290)", `{"estimate":"<1000","low":0,"high":1290}`},
		{People{2, twentieth}, "<1000 (0 to 1290)", `{"estimate":"<1000","low":0,"high":1290}`},
		{People{100, twentieth}, "2000 (1650 to 2620)", `{"estimate":2000,"low":1650,"high":2620}`},
	} {
		if got := c.of.String(); got != c.text {
			t.Errorf("%+v reads %q, want %q", c.of, got, c.text)
		}
		if got, err := c.of.MarshalJSON(); err != nil || string(got) != c.json {
			t.Errorf("%+v is %s in a document, want %s (%v)", c.of, got, c.json, err)
		}
	}
}

// Who is drawn is no secret, and three people drawn are three known people: what is shown of a sample says of the
// number drawn no more than what is shown of a count.
func TestAnEstimateSaysNoMoreOfThoseDrawnThanACount(t *testing.T) {
	for _, parts := range []int{1, 5, 500, 3333, 5000, 9999} {
		of := &segments.Sample{Parts: parts}
		for n := range 400 {
			if got, want := (People{n, of}).String() == (People{n + 1, of}).String(),
				Count(n).String() == Count(n+1).String(); !got && want {
				t.Errorf("at %d parts %d drawn read %q and %d %q, both are counted as %s", parts, n, People{n, of}, n+1,
					People{n + 1, of}, Count(n))
			}
		}
	}
}

func TestABarTellsNoMoreThanTheNumber(t *testing.T) {
	for _, c := range []struct {
		n, of, want int
	}{
		{0, 1000, 1},
		{1, 1000, 1},
		{49, 1000, 1},
		{49, 50, 1},
		{50, 50, 20},
		{59, 59, 20},
		{500, 1000, 10},
		{509, 1009, 10},
		{60, 100000, 1},
	} {
		got := People{N: c.n}.Bar(People{N: c.of}, 20)
		if n := utf8.RuneCountInString(got); n != c.want || (c.n < 50) != (got == "·") {
			t.Errorf("%d of %d: %q", c.n, c.of, got)
		}
	}
}
