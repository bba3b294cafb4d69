package pipeline_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Whoever may not be kept leaves the stay record with the run that knows it, also of segments that it does not decide:
// d5 withdrew before the run, d7 while it wrote.
func TestWhoMayNotBeKeptLeavesTheStayRecordAtOnce(t *testing.T) {
	b := newBank(t)
	b.loaded.Segments[0].Stay = value.Duration{N: 10, Unit: value.Day}
	other := *b.loaded.Segments[0]
	other.Name = "other-visitors"
	b.loaded.Segments = append(b.loaded.Segments, &other)
	_, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	if got := b.stays("20260410T220000Z-000001"); len(got) != 120 {
		t.Fatalf("%d stay after the first night, want 60 in each segment", len(got))
	}
	b.acts("consent/before.parquet", []act{
		{"d5", "withdraw", "*", "2026-04-12T20:00:00Z", "2026-04-12T20:00:00Z"},
		{"", "heartbeat", "", "2026-04-12T21:00:00Z", "2026-04-12T21:00:00Z"},
	})
	var once sync.Once
	b.watch = func(p decide.Progress) {
		if p.Phase == "write" {
			once.Do(func() {
				b.acts("consent/late.parquet", []act{
					{"d7", "withdraw", "*", "2026-04-12T21:59:00Z", "2026-04-12T21:59:30Z"},
					{"", "heartbeat", "", "2026-04-12T21:59:40Z", "2026-04-12T21:59:40Z"},
				})
			})
		}
	}
	b.selected = []string{"loan-visitors"}
	_, err = b.run("2026-04-12T22:00:00Z", "20260412T220000Z-000002")
	check(t, err)
	got := b.stays("20260412T220000Z-000002")
	if len(got) != 116 || slices.ContainsFunc(got, func(k state.Stay) bool { return k.ID == "d5" || k.ID == "d7" }) {
		t.Errorf("%d stay after the second night, want 58 in each segment and neither d5 nor d7", len(got))
	}
}

// stays opens the stay record of a run.
func (b *bank) stays(run string) state.StayRecord {
	at, err := store.Open(b.t.Context(), "mem://state/", store.Options{Memory: b.memory})
	check(b.t, err)
	sealed, err := at.ReadAll(b.t.Context(), run+"/stay.parquet.age", 1<<20)
	check(b.t, err)
	record, err := state.ReadStay(sealed, b.ring)
	check(b.t, err)
	return record
}
