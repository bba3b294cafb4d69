package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// leave is the withdrawal of devices d<from> up to d<before> on a day, until whose evening the log reaches.
func (b *bank) leave(name, day string, from, before int) {
	acts := []act{{"", "heartbeat", "", day + "T21:00:00Z", day + "T21:00:00Z"}}
	for i := from; i < before; i++ {
		acts = append(acts, act{fmt.Sprintf("d%d", i), "withdraw", "*", day + "T20:00:00Z", day + "T20:00:00Z"})
	}
	b.acts(name, acts)
}

// A guard holds a list whose days are missing; of 60 who are held some withdrew. While 50 are left they stay, with 49
// the floor empties the list: what is owed is never held.
func TestAListThatIsHeldIsEmptiedBelowTheFloor(t *testing.T) {
	for _, c := range []struct{ withdraw, stay int }{{0, 60}, {10, 50}, {11, 0}} {
		b := newBank(t)
		_, err := b.run(night, runOne)
		check(t, err)
		b.leave("consent/before.parquet", "2026-04-24", 0, c.withdraw)
		report, err := b.run("2026-04-24T22:00:00Z", "20260424T220000Z-000002")
		check(t, err)
		held, removed := b.list(report.RunID, "snapshot"), b.list(report.RunID, "removes")
		if got := report.Manifest.Segments[0].Guard; got != pipeline.GuardIncomplete || len(held) != c.stay ||
			len(removed) != 60-c.stay || report.Manifest.Status != record.StatusPartial {
			t.Errorf("%d withdrew: held by %q are %d, %d left, the run is %s", c.withdraw, got, len(held), len(removed),
				report.Manifest.Status)
		}
	}
}

// Whoever withdrew is no swing of the list, however many did; whoever only stopped coming is.
func TestWhatConsentOwesIsNoSwing(t *testing.T) {
	for name, c := range map[string]struct {
		withdraw, come int
		guard          record.Guard
		left           int
	}{
		"160 of 300 withdraw":                   {160, 300, "", 160},
		"149 of 300 come":                       {0, 149, pipeline.GuardSwing, 0},
		"150 of 300 come":                       {0, 150, "", 150},
		"90 of 300 withdraw, 104 of 210 come":   {90, 104, pipeline.GuardSwing, 90},
		"90 of 300 withdraw, 105 of 210 come":   {90, 105, "", 195},
		"100 of 300 withdraw, 60 of 200 come":   {100, 60, "", 240}, // lists of 200 may change as they like
		"nobody withdraws, and everybody comes": {0, 300, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t)
			b.events("events/dt=2026-04-10/part.parquet", 0, 300)
			b.consent("consent/part.parquet", "2026-04-10T20:59:00Z", 0, 300)
			_, err := b.run(night, runOne)
			check(t, err)
			b.events("events/dt=2026-04-10/part.parquet", 300-c.come, 300)
			b.views("events/dt=2026-04-10/other.parquet", "/", "2026-04-10T10:00:00Z", 0, 1)
			b.leave("consent/before.parquet", "2026-04-10", 0, c.withdraw)
			report, err := b.run(night, runTwo)
			check(t, err)
			if got := report.Manifest.Segments[0].Guard; got != c.guard {
				t.Errorf("the guard is %q, want %q", got, c.guard)
			}
			if got := b.list(runTwo, "removes"); len(got) != c.left {
				t.Errorf("%d left, want %d", len(got), c.left)
			}
		})
	}
}

// Lists and state are padded: two lists of about as many people have one size, and what pads them is not read.
func TestListsArePadded(t *testing.T) {
	b := newBank(t)
	_, err := b.night(runOne, nil, nil)
	check(t, err)
	for _, o := range b.last().Objects {
		if o.Root != record.RootOutput {
			continue
		}
		plain, err := b.opens.Decrypt(bytes.NewReader(b.content("out/" + o.Name)))
		check(t, err)
		text, err := io.ReadAll(plain)
		check(t, err)
		if n := int64(len(text)); keys.Padded(n) != n || bytes.Contains(bytes.TrimRight(text, "\n"), []byte("\n\n")) {
			t.Errorf("%s has %d bytes, %d padded", o.Name, n, keys.Padded(n))
		}
	}
}

// over is a job of the bank over a storage.
func (b *bank) over(id string, around func(*store.Call, func() error) error) *pipeline.Job {
	stores := folder.NewStores(store.Options{Memory: b.memory, Around: around})
	b.t.Cleanup(func() { stores.Close() })
	return &pipeline.Job{
		Inputs: decide.Inputs{
			Loaded: b.loaded, Clock: func() time.Time { return time.UnixMicro(instant(b.t, night)) }, Workers: 1,
			Stores: stores, Log: slog.New(slog.DiscardHandler),
		}, RunID: id, Keys: b.ring,
	}
}

// A lock that could not be freed is not said to be free; one that is freed lets the next run in.
func TestUnlockSaysWhetherTheLockIsFree(t *testing.T) {
	b := newBank(t)
	broken := false
	around := func(c *store.Call, do func() error) error {
		if broken && strings.HasPrefix(c.Key, "locks/") && c.Op != "read" && c.Op != "stat" && c.Op != "list" {
			return errors.New("500 internal error")
		}
		return do()
	}
	check(t, pipeline.Unlock(context.Background(), b.over(runOne, around), false))
	calls := 0
	err := pipeline.Unlock(context.Background(), b.over(runOne, func(c *store.Call, do func() error) error {
		if strings.HasPrefix(c.Key, "locks/") && c.Op == "write" || c.Op == "delete" || c.Op == "create" {
			if calls++; calls > 1 { // it is taken, and not freed
				return errors.New("500 internal error")
			}
		}
		return do()
	}), false)
	if err == nil {
		t.Error("the lock was not freed, and nothing was said")
	}
	broken = true
	if err := pipeline.Unlock(context.Background(), b.over(runTwo, around), true); err == nil {
		t.Error("the lock could not be taken, and nothing was said")
	}
	broken = false
	check(t, pipeline.Unlock(context.Background(), b.over(runTwo, around), true))
	_, err = b.night(runThree, nil, nil)
	check(t, err)
}

// What is pruned is counted as it is, whether it is only looked at or done; what holds stays, and a line says it.
func TestWhatIsPrunedIsCounted(t *testing.T) {
	b := threeNights(t)
	var objects int
	var size int64
	for _, place := range []string{"mem://out/", "mem://state/"} {
		list, err := b.place(place).List(t.Context(), "")
		check(t, err)
		for _, o := range list {
			if (strings.Contains(o.Key, runPlain) || strings.Contains(o.Key, runStray)) && !strings.HasPrefix(o.Key, "locks/") {
				objects, size = objects+1, size+o.Size
			}
		}
	}
	before := time.UnixMicro(instant(t, "2026-04-10T22:30:00Z")) // the first run's clock was ahead
	for _, dry := range []bool{true, false} {
		p, err := pipeline.Prune(t.Context(), b.over(runNext, nil), before, dry)
		check(t, err)
		if p.Objects != objects || p.Bytes != size || !slices.Contains(p.Runs, runPlain) ||
			slices.Contains(p.Runs, runLast) || slices.Contains(p.Runs, runAhead) {
			t.Errorf("dry %t: %+v, want %d objects of %d bytes", dry, p, objects, size)
		}
		if left := b.left(runPlain); (left > 0) != dry || b.left(runLast) == 0 || b.left(runAhead) == 0 {
			t.Errorf("dry %t: of the run %d objects are left", dry, left)
		}
		if line := slices.Contains(b.keys("mem://audit/", ""), runNext+".json"); line == dry {
			t.Errorf("dry %t: there is a line: %t", dry, line)
		}
	}
	if v := b.verify(record.Check{}); len(v.Findings) > 0 || v.Pruned == 0 {
		t.Errorf("found %+v", v)
	}
}

// Whoever only looks at what would be pruned changes nothing, also where a kill left something to be written.
func TestALookAtWhatWouldBePrunedWritesNothing(t *testing.T) {
	b := threeNights(t)
	b.destroy("audit/"+runLast+".json", "heads/heads/000000000003.json", "out/lists/"+runLast+"/_SUCCESS.json")
	before := b.keys("mem://audit/", "")
	_, err := pipeline.Prune(t.Context(), b.over(runNext, nil), time.UnixMicro(instant(t, "2026-04-10T22:30:00Z")), true)
	check(t, err)
	if after := b.keys("mem://audit/", ""); !slices.Equal(before, after) {
		t.Errorf("the lines were %q, and are %q", before, after)
	}
}

// A list that was told although days are missing is on record with those days, and not asked again for the same.
func TestDaysThatAListLackedWhenItWasToldAreOnRecord(t *testing.T) {
	b := newBank(t)
	_, err := b.run(night, runOne)
	check(t, err)
	b.leave("consent/before.parquet", "2026-04-24", 0, 0)
	later := func(id string, override ...record.Override) *pipeline.Report {
		j := b.over(id, nil)
		j.Clock = func() time.Time { return time.UnixMicro(instant(t, "2026-04-24T22:00:00Z")) }
		j.Override = override
		report, err := pipeline.Run(t.Context(), j)
		check(t, err)
		return report
	}
	told := later("20260424T220000Z-000002",
		record.Override{Guard: pipeline.GuardIncomplete, Reason: "tested"},
		record.Override{Guard: pipeline.GuardEmpty, Reason: "tested"}).Manifest
	if lacks := told.ToldLacking["files/loan-visitors/file_csv"]; len(lacks) == 0 || len(told.ToldLacking) != 1 {
		t.Errorf("on record are %v", told.ToldLacking)
	}
}

// A run that is asked for what cannot be leaves no line: nothing happened.
func TestARunThatIsAskedForWhatCannotBeLeavesNoLine(t *testing.T) {
	b := newBank(t)
	_, err := b.night(runOne, nil, nil)
	check(t, err)
	_, err = b.run("2026-04-09T22:00:00Z", runTwo)
	if f, ok := fault.Classify(err); !ok || f.Reason != "TIME_BACK" {
		t.Errorf("the run ended with %v", err)
	}
	for _, c := range []struct {
		override record.Override
		says     string
	}{
		{
			record.Override{Guard: pipeline.Shrunk("loan-visitors"), Reason: "x"},
			`accept that list "loan-visitors" is shorter`,
		},
		{record.Override{Guard: "floor", Reason: "x"}, `override guard "floor": there is none`},
		{record.Override{Guard: pipeline.GuardSwing}, "override guard swing: no reason is given"},
		{record.Override{Guard: pipeline.Shrunk("protected")}, "no reason is given"},
	} {
		j := b.over(runTwo, nil)
		j.Override = []record.Override{c.override}
		_, err := pipeline.Run(t.Context(), j)
		if f, ok := fault.Classify(err); !ok || f.Kind != fault.Usage || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.override, err)
		}
	}
	if lines := b.keys("mem://audit/", ""); !slices.Equal(lines, []string{runOne + ".json"}) {
		t.Errorf("the lines are %q", lines)
	}
}
