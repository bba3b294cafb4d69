package pipeline_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
)

func TestAWithdrawalBetweenDecisionAndPublicationLeavesTheList(t *testing.T) {
	b := newBank(t)
	b.whileItWrites(func() {
		b.acts("consent/late.parquet", []act{
			{"d7", "withdraw", "*", "2026-04-10T21:59:00Z", "2026-04-10T21:59:30Z"},
			{"", "heartbeat", "", "2026-04-10T21:59:40Z", "2026-04-10T21:59:40Z"},
		})
	})
	report, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	got := b.list(report.RunID, "snapshot")
	if len(got) != 59 || slices.Contains(got, "d7") {
		t.Errorf("%d members, d7 among them: %t; want 59 without d7", len(got), slices.Contains(got, "d7"))
	}
	if want := "2026-04-10T21:59:40Z"; report.Manifest.Consent.RecheckWatermark != want {
		t.Errorf("watermark at the re-check is %s, want %s", report.Manifest.Consent.RecheckWatermark, want)
	}
}

// A writer of the consent log brings a withdrawal that is older than what another one has brought already, by days, and
// whose clock runs ahead.
func TestAWithdrawalThatWasWrittenLateLeavesTheList(t *testing.T) {
	b, beats := newBank(t), 0
	b.acts("consent/ahead.parquet", []act{{"", "heartbeat", "", "2026-04-10T22:50:00Z", "2026-04-10T22:50:00Z"}})
	b.watch = func(p decide.Progress) {
		if p.Phase == "write" { // over and over again, and the run ends all the same
			b.acts("consent/late.parquet", []act{
				{"d7", "withdraw", "*", "2026-04-03T20:00:00Z", "2026-04-03T20:00:30Z"},
				{"", "heartbeat", "", "2026-04-10T20:01:00Z", fmt.Sprintf("2026-04-10T20:01:%02dZ", beats%60)},
			})
			beats++
		}
	}
	report, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	if got := b.list(report.RunID, "snapshot"); len(got) != 59 || slices.Contains(got, "d7") {
		t.Errorf("%d members, d7 among them: %t; want 59 without d7", len(got), slices.Contains(got, "d7"))
	}
}

// A guard holds a list whose days are missing, and of those held d5 withdrew before the run and d7 while it wrote.
func TestAWithdrawalBeforePublicationLeavesAListThatIsHeld(t *testing.T) {
	b := newBank(t)
	_, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	b.acts("consent/before.parquet", []act{
		{"d5", "withdraw", "*", "2026-04-24T20:00:00Z", "2026-04-24T20:00:00Z"},
		{"", "heartbeat", "", "2026-04-24T21:00:00Z", "2026-04-24T21:00:00Z"},
	})
	b.whileItWrites(func() {
		b.acts("consent/late.parquet", []act{
			{"d7", "withdraw", "*", "2026-04-24T21:59:00Z", "2026-04-24T21:59:30Z"},
			{"", "heartbeat", "", "2026-04-24T21:59:40Z", "2026-04-24T21:59:40Z"},
		})
	})
	report, err := b.run("2026-04-24T22:00:00Z", "20260424T220000Z-000002")
	check(t, err)
	if got := report.Manifest.Segments[0].Guard; got != pipeline.GuardIncomplete {
		t.Fatalf("held by %q, want %s", got, pipeline.GuardIncomplete)
	}
	if got := b.list(report.RunID, "removes"); !slices.Equal(got, []string{"d5", "d7"}) {
		t.Errorf("%v left, want d5 and d7", got)
	}
	if got := b.list(report.RunID, "snapshot"); len(got) != 58 {
		t.Errorf("%d are held, want 58", len(got))
	}
}

func TestAFeedThatGetsStaleBeforePublicationStopsIt(t *testing.T) {
	b := newBank(t)
	b.watch = func(p decide.Progress) {
		if p.Phase == "write" {
			b.later.Store(int64(27 * time.Hour))
		}
	}
	_, err := b.run(night, "20260410T220000Z-000001")
	f, ok := fault.Classify(err)
	if !ok || f.Reason != "FEED_STALE" {
		t.Fatalf("the run ended with %v, want FEED_STALE", err)
	}
	at, err := store.Open(t.Context(), "mem://out/", store.Options{Memory: b.memory})
	check(t, err)
	markers, err := at.List(t.Context(), "markers/")
	check(t, err)
	if len(markers) != 0 {
		t.Errorf("published %v", markers)
	}
}

// whileItWrites does something once while a run writes its lists, after it has decided.
func (b *bank) whileItWrites(do func()) {
	var once sync.Once
	b.watch = func(p decide.Progress) {
		if p.Phase == "write" {
			once.Do(do)
		}
	}
}

// Outside of every window, two months ago or as long ago as rows are kept, a customer was logged in on d7; a withdrawal
// of his concerns d7, too.
func TestALateWithdrawalTakesOutWhomItsPersonWasLoggedInWith(t *testing.T) {
	for _, was := range []struct {
		day    string
		kept   int // days
		linked bool
	}{{"2026-02-10", 395, false}, {"2024-12-10", 700, false}, {"2024-12-10", 700, true}} {
		b := newBank(t)
		days := func(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }
		b.loaded.Project.Retention = days(was.kept)
		if was.linked {
			b.loaded.Project.Identity = project.Identity{
				Linked: true, AttachWindow: days(7), SharedWindow: days(90), KioskCustomers: 5, MaxDevices: 10,
			}
		}
		b.viewsBy("events/dt="+was.day+"/part.parquet", "/lainat/asunto", was.day+"T10:00:00Z", 7, 8, "c7")
		b.whileItWrites(func() {
			b.acts("consent/late.parquet", []act{{"c7", "withdraw", "*", "2026-04-10T21:59:00Z", "2026-04-10T21:59:30Z"}})
		})
		report, err := b.run(night, "20260410T220000Z-000001")
		check(t, err)
		if got := b.list(report.RunID, "snapshot"); len(got) != 59 || slices.Contains(got, "d7") {
			t.Errorf("%v: %d members, d7 among them: %t; want 59 without d7", was, len(got), slices.Contains(got, "d7"))
		}
	}
}

// While the run writes, the log is written anew: what the decision knew, d8's no before its yes among it, takes nobody
// out, and d7, who is new in it, leaves.
func TestALogThatIsWrittenAnewBringsOnlyWhatIsNew(t *testing.T) {
	b := newBank(t)
	again := []act{{"d8", "withdraw", "*", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"}}
	b.acts("consent/old.parquet", again)
	b.whileItWrites(func() {
		fresh := act{"d7", "object", "*", "2026-04-10T20:00:00Z", "2026-04-10T20:00:00Z"}
		b.acts("consent/old.parquet", append([]act{fresh}, again...))
	})
	report, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	got := b.list(report.RunID, "snapshot")
	if len(got) != 59 || slices.Contains(got, "d7") || !slices.Contains(got, "d8") {
		t.Errorf("%d members, d7 among them: %t, d8: %t; want 59 with d8 and without d7", len(got),
			slices.Contains(got, "d7"), slices.Contains(got, "d8"))
	}
}

// A list of people that is written anew while the run writes counts, too.
func TestAPersonWhoIsListedBeforePublicationLeavesTheList(t *testing.T) {
	b := newBank(t)
	b.loaded.Project.Consent.Protected = b.protected("device,d6\n")
	b.whileItWrites(func() { b.protected("device,d6\ndevice,d7\n") })
	report, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	if got := b.list(report.RunID, "snapshot"); len(got) != 58 || slices.Contains(got, "d7") {
		t.Errorf("%d members, d7 among them: %t; want 58 without d7", len(got), slices.Contains(got, "d7"))
	}
}

// A row without its times may be a denial that cannot be read.
func TestANewObjectThatCannotBeReadStopsThePublication(t *testing.T) {
	b := newBank(t)
	b.whileItWrites(func() {
		v := actValues(t, "late", []act{{"d7", "withdraw", "*", "2026-04-10T21:59:00Z", "2026-04-10T21:59:30Z"}})
		v[6].Null = []bool{true}
		columns := decide.ConsentColumns()
		columns[6].Optional = true
		b.put("consent/late.parquet", table(t, columns, 1, v))
	})
	_, err := b.run(night, "20260410T220000Z-000001")
	if f, ok := fault.Classify(err); !ok || f.Reason != "FEED_UNREADABLE" {
		t.Errorf("the run ended with %v, want FEED_UNREADABLE", err)
	}
}
