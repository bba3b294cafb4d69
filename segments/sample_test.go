package segments_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments"
)

// What becomes of people who are drawn is what becomes of them among all, where nobody's place depends on others.
func TestASampleIsTheRunOfWhoeverIsDrawn(t *testing.T) {
	drawn, left := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for i := range w.requests {
			w.requests[i].Segment.Top, w.requests[i].Segment.Cap = nil, nil
		}
		want := told(w.audiences(t), 0)
		w.sample = &segments.Sample{Parts: rapid.IntRange(2000, 8000).Draw(t, "parts")}
		for _, outcomes := range want {
			for who := range outcomes {
				if w.sample.Draws(who) {
					drawn++
				} else {
					delete(outcomes, who)
					left++
				}
			}
		}
		if diff := cmp.Diff(want, told(w.audiences(t), 0)); diff != "" {
			t.Fatalf("of all, and in the sample (-/+):\n%s", diff)
		}
	})
	if drawn == 0 || left == 0 {
		t.Errorf("%d people were drawn and %d not: the test asks nothing", drawn, left)
	}
}

// The draw is the same everywhere and for ever: two estimates are of the same people.
func TestTheDrawIsAHashOfTheID(t *testing.T) {
	s := &segments.Sample{Parts: 2500}
	for i := range 500 {
		id := fmt.Sprint("c-", i)
		if want := hashed("malgrupp/sample", id)%10_000 < 2500; s.Draws(id) != want {
			t.Errorf("%s is drawn: %t, want %t", id, !want, want)
		}
	}
	if none := (*segments.Sample)(nil); !none.Draws("anybody") {
		t.Error("without a sample everybody counts")
	}
}
