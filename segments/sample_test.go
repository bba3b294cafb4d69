package segments_test

import (
	"fmt"
	"testing"

	"github.com/malgrupp/malgrupp/segments"
)

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
