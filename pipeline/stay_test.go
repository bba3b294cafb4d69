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

// Whoever goes on to qualify entered when he first did, and qualified last today.
func TestTheStayRecordKeepsWhenSomebodyEntered(t *testing.T) {
	b := newBank(t)
	b.loaded.Segments[0].Stay = value.Duration{N: 10, Unit: value.Day}
	_, err := b.run(night, runOne)
	check(t, err)
	entered := b.stays(runOne)[0].Entered
	b.leave("consent/before.parquet", "2026-04-11", 0, 0)
	b.views("events/dt=2026-04-11/part.parquet", "/lainat/asunto", "2026-04-11T10:00:00Z", 0, 70)
	_, err = b.run("2026-04-11T22:00:00Z", runTwo)
	check(t, err)
	old, fresh := 0, 0
	for _, k := range b.stays(runTwo) {
		switch {
		case k.Last <= entered:
			t.Errorf("%s qualified last at %d, before the second night", k.ID, k.Last)
		case k.Entered == entered:
			old++
		case k.Entered == k.Last:
			fresh++
		}
	}
	if old != 60 || fresh != 10 {
		t.Errorf("%d entered in the first night, %d in the second; want 60 and 10", old, fresh)
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
