package pipeline_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// A preview decides one segment, and comes to what the run comes to that decides all of them; who else has its people
// is added, and changes no other number.
func TestAPreviewOfOneSegmentSaysWhatARunSays(t *testing.T) {
	b := newTown(t)
	for i, night := range townNights {
		night.bring(b)
		var foretold, told []string
		for _, name := range []string{"card-visitors", "loan-visitors"} {
			alone, beside := b.preview(night.clock, name, false), b.preview(night.clock, name, true)
			for k := range beside.Uses {
				u := &beside.Uses[k]
				for _, c := range u.Lists {
					foretold = append(foretold, fmt.Sprint(c.Segment, " at ", c.Destination, ": ", c.Members))
				}
				if u.Overlaps == nil || alone.Uses[k].Overlaps != nil {
					t.Errorf("night %d, %s: others are named though nobody asked, or not though somebody did", i, name)
				}
				u.Overlaps = nil
			}
			if diff := cmp.Diff(document(t, alone), document(t, beside)); diff != "" {
				t.Errorf("night %d, %s: beside others (+) it has other numbers than alone (-):\n%s", i, name, diff)
			}
		}
		report, err := b.tonight(night.clock, fmt.Sprintf("2026041%dT220000Z-000001", i), store.Options{})
		check(t, err)
		for _, c := range report.Manifest.Segments {
			told = append(told, fmt.Sprint(c.Segment, " at ", c.Destination, ": ", c.Members))
		}
		slices.Sort(foretold)
		slices.Sort(told)
		if !slices.Equal(foretold, told) || len(told) != 3 {
			t.Errorf("night %d: previews say %v, the run %v", i, foretold, told)
		}
	}
}

// preview looks at a segment of a bank.
func (b *bank) preview(clock, segment string, overlap bool) *preview.Preview {
	stores := folder.NewStores(store.Options{Memory: b.memory})
	defer stores.Close()
	p, err := preview.Of(b.t.Context(), &pipeline.Job{
		Inputs: decide.Inputs{
			Loaded: b.loaded, Clock: func() time.Time { return time.UnixMicro(instant(b.t, clock)) }, Workers: 2,
			Stores: stores, Log: slog.New(slog.DiscardHandler),
		}, RunID: "20260410T220000Z-a77ac0", Keys: b.ring,
	}, segment, preview.Options{Overlap: overlap})
	check(b.t, err)
	return p
}

func document(t *testing.T, p *preview.Preview) string {
	t.Helper()
	text, err := json.MarshalIndent(p, "", " ")
	check(t, err)
	return string(text)
}
