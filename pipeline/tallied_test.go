package pipeline

import (
	"math"
	"testing"

	"github.com/malgrupp/malgrupp/segments"
)

// The interval must hold the true number 19 times of 20, whatever that number is: the chance is summed over every number of
// people that could be drawn.
func TestTheIntervalHoldsTheTrueNumber(t *testing.T) {
	for _, parts := range []int{100, 500, 2000, 5000, 9000} {
		for _, people := range []int{60, 200, 1000, 5000, 20000} {
			p, chance, all := float64(parts)/segments.Whole, 0.0, 0.0
			for drawn := range people + 1 {
				lg := func(n int) float64 { v, _ := math.Lgamma(float64(n) + 1); return v }
				mass := math.Exp(lg(people) - lg(drawn) - lg(people-drawn) + float64(drawn)*math.Log(p) + float64(people-drawn)*math.Log1p(-p))
				all += mass
				if e := (Tallied{drawn, &segments.Sample{Parts: parts}}).estimate(); int64(e.Low) <= int64(people) && int64(people) <= int64(e.High) {
					chance += mass
				}
			}
			if math.Abs(all-1) > 1e-6 || chance < 0.94 {
				t.Errorf("%d people at %d parts: the interval holds them with a chance of %.3f (of %.3f), want 0.95", people, parts, chance, all)
			}
		}
	}
}

func TestACountIsANumberAndAnEstimateIsNone(t *testing.T) {
	twentieth := &segments.Sample{Parts: 500}
	for _, c := range []struct {
		of         Tallied
		text, json string
	}{
		{Tallied{N: 1234}, "1230", "1230"},
		{Tallied{N: 7}, "<50", `"<50"`},
		{Tallied{0, twentieth}, "0 (0 to 80)", `{"estimate":0,"low":0,"high":80}`},
		{Tallied{2, twentieth}, "<50 (<50 to 150)", `{"estimate":"<50","low":"<50","high":150}`},
		{Tallied{100, twentieth}, "2000 (1650 to 2430)", `{"estimate":2000,"low":1650,"high":2430}`},
	} {
		if got := c.of.String(); got != c.text {
			t.Errorf("%+v reads %q, want %q", c.of, got, c.text)
		}
		if got, err := encode(c.of); err != nil || string(got) != c.json {
			t.Errorf("%+v is %s in a document, want %s (%v)", c.of, got, c.json, err)
		}
	}
}
