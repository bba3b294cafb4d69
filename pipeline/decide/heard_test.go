package decide

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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

// Of a day is taken out what the forgotten said in it, in whatever order they said it.
func TestWhatTheForgottenSaidIsTakenOutOfItsDay(t *testing.T) {
	h := heard{lost: map[int64]*state.Day{5: {Rows: 3, Denials: []int64{9, 3, 7}}, 8: {Rows: 1}}}
	got := h.without(state.Heard{Days: map[int64]state.Day{
		5: {Rows: 10, Denials: []int64{1, 3, 5, 7, 9}}, 6: {Rows: 2, Denials: []int64{3}},
	}})
	want := state.Heard{Days: map[int64]state.Day{5: {Rows: 7, Denials: []int64{1, 5}}, 6: {Rows: 2, Denials: []int64{3}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
