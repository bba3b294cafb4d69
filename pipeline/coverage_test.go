package pipeline_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

// A log without partitions is covered from its first row on and to its last one, as long after it as it may be silent;
// times that cannot be true are no arrivals. Statistics narrow the search and change nothing.
func TestALogWithoutPartitionsIsCoveredAsFarAsItsLastArrival(t *testing.T) {
	asOf := instant(t, "2026-04-10T21:00:00Z")
	open := 0
	rapid.Check(t, func(rt *rapid.T) {
		b := newBank(t)
		source := &b.loaded.Project.Sources[0]
		source.Partition, source.URL = project.Partition{}, "mem://flat/"
		source.Expect.Every = value.Duration{N: rapid.IntRange(0, 3).Draw(rt, "silent days"), Unit: value.Day}
		var all []int64
		for i := range rapid.IntRange(1, 4).Draw(rt, "objects") {
			var v [6]parquet.Values
			n := rapid.IntRange(1, 20).Draw(rt, "rows")
			for k := range n {
				at := rapid.OneOf(rapid.Int64Range(asOf-5*value.MicrosPerDay, asOf-1),
					rapid.SampledFrom([]int64{0, asOf + 365*value.MicrosPerDay})).Draw(rt, "at")
				for c, text := range map[int]string{0: fmt.Sprintf("e%d-%d", i, k), 3: "page_view", 4: "d1", 5: "/lainat"} {
					v[c].Text = append(v[c].Text, text)
				}
				v[1].Ints, v[2].Ints = append(v[1].Ints, min(max(at, asOf-30*value.MicrosPerDay), asOf-1)), append(v[2].Ints, at)
				if at > 0 && at < asOf {
					all = append(all, at)
				}
			}
			var out bytes.Buffer
			w, err := parquet.NewWriter(&out, eventColumns(), parquet.WriterOptions{RowsPerGroup: 3})
			check(t, err)
			check(t, w.Write(n, v[:]))
			check(t, w.Close())
			b.put(fmt.Sprintf("flat/%d.parquet", i), out.Bytes())
		}
		if len(all) == 0 {
			return
		}
		j := b.job(night)
		defer j.Stores.Close()
		d, err := decide.Selected(t.Context(), j.Inputs, nil, decide.Options{})
		check(t, err)
		var want []decide.Span
		if end := j.Project.Zone.Step(slices.Max(all)+1, source.Expect.Every, 1); end < asOf {
			want, open = []decide.Span{{From: end, Before: asOf}}, open+1
		}
		got := d.Sources[0].Cover
		if got.From != slices.Min(all) || !slices.Equal(got.Missing, want) {
			rt.Fatalf("from %d without %v, want %d without %v", got.From, got.Missing, slices.Min(all), want)
		}
	})
	if open == 0 {
		t.Error("every log was covered to the end: the test asks nothing")
	}
}
