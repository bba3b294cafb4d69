package decide

import (
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules/value"
)

// The log must hold the days back to the longest of 395 days, what is retained and how long a grant lasts.
func TestTheLogReachesBackAsFarAsAnythingDoes(t *testing.T) {
	const now = 20_000 * value.MicrosPerDay
	days := func(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }
	for _, c := range []struct{ retention, age, back int }{
		{100, 200, 395}, {400, 200, 400}, {100, 410, 410}, {395, 395, 395},
	} {
		in := Inputs{Loaded: &load.Loaded{Project: &project.Project{
			Retention: days(c.retention), Consent: project.Consent{MaxConsentAge: days(c.age)},
		}}}
		for at, want := range map[int64]int64{now: 20_000, now - 1: 19_999, now + 1: 20_000} {
			in.KnownBy = at
			first := want - int64(c.back)
			if got := in.firstHeard(); got != first {
				t.Errorf("%+v at %d: the first day is %d, want %d", c, at-now, got, first)
			}
			for on, ok := range map[int64]bool{first - 1: true, first: false, first + 1: false} {
				in.Seen.Heard = state.Heard{Days: map[int64]state.Day{on: {Rows: 1}}}
				if err := in.grown(state.Heard{}); (err == nil) != ok {
					t.Errorf("%+v: day %d of %d is gone: %v", c, on, first, err)
				}
			}
		}
	}
}
