package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/kept"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Each call of a run fails once: the run says so and has published nothing, or all is as if it had not failed, once the
// next run has written what may be missing. TestAnyCallMayFailInAnyWay tries more ways, and one case of many.
func TestNoFailureOfACallGoesUnheard(t *testing.T) {
	whole := threeNights(t)
	for name, lost := range map[string][]string{
		"": nil,
		"after a kill right behind the marker": {
			"audit/" + runLast + ".json", "heads/heads/000000000003.json", "out/lists/" + runLast + "/_SUCCESS.json",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := whole.copied(t)
			b.destroy(lost...)
			everyCallOnce(t, b)
		})
	}
}

func everyCallOnce(t *testing.T, whole *bank) {
	want, unheard := 0, 0
	for n := 0; want == 0 || n <= want; n++ {
		b, calls, ofKept := whole.copied(t), 0, false
		clock := func() time.Time { return time.UnixMicro(instant(t, night)) }
		_, err := b.perform(context.Background(), runNext, 0, clock, store.Options{
			Memory: b.memory, Around: func(c *store.Call, do func() error) error {
				if calls++; calls == n {
					ofKept = strings.HasPrefix(c.Key, kept.Folder)
					return errors.New("500 internal error")
				}
				return do()
			},
		})
		if n == 0 {
			check(t, err)
			want = calls
			continue
		}
		if err != nil {
			if b.marker() != runLast {
				t.Errorf("call %d failed, and the run that published says %v", n, err)
			}
			continue
		}
		if !ofKept { // the next run reads the log instead
			unheard++
		}
		if got := b.list(runNext, "snapshot"); len(got) != 75 {
			t.Errorf("call %d failed, nothing was said, and %d are in the list; want 75", n, len(got))
		}
		for _, lock := range b.keys("mem://state/", "locks/") { // its release may be what failed
			b.destroy("state/" + lock)
		}
		if copied := b.keys("mem://out/", "lists/"+runLast+"/_SUCCESS.json"); len(copied) == 0 {
			t.Errorf("call %d failed, nothing was said, and the copy of the marker before is missing", n)
		}
		next, err := b.night(runAfter, nil, nil)
		check(t, err)
		if v := b.verify(record.Check{Opens: b.opens}); !next.NothingToDo || len(v.Findings) > 0 {
			t.Errorf("call %d failed, nothing was said: nothing to do %t, found %+v", n, next.NothingToDo, v.Findings)
		}
	}
	if unheard == 0 || unheard > want/4 {
		t.Errorf("%d of %d calls may fail: their writing can be put off", unheard, want)
	}
}

// What the next run cannot make good of the one before it says, whichever of the three it is.
func TestWhatCannotBeMadeGoodIsSaid(t *testing.T) {
	whole := threeNights(t)
	for _, lost := range []string{
		"audit/" + runLast + ".json", "heads/heads/000000000003.json", "out/lists/" + runLast + "/_SUCCESS.json",
	} {
		b := whole.copied(t)
		b.destroy(lost)
		_, err := b.night(runNext, nil, func(_, key string) error {
			if strings.HasSuffix(lost, key) {
				return errors.New("the network is down")
			}
			return nil
		})
		if err == nil || b.marker() != runLast {
			t.Errorf("%s could not be written again, and the run said %v", lost, err)
		}
	}
}

const runAfter = "20260410T220000Z-00000a"

// A run of some segments leaves the lists of the others as they are; of a segment that is no more, everybody leaves
// with the next run, whatever that selects.
func TestARunOfSomeSegmentsLeavesTheListsOfTheOthers(t *testing.T) {
	b := newBank(t)
	other, third := *b.loaded.Segments[0], *b.loaded.Segments[0]
	other.Name, third.Name = "other-visitors", "third-visitors"
	b.loaded.Segments = append(b.loaded.Segments, &other, &third)
	_, err := b.night(runOne, nil, nil)
	check(t, err)
	b.events("events/dt=2026-04-10/more.parquet", 60, 70)
	b.selected = []string{"loan-visitors"}
	_, err = b.night(runTwo, nil, nil)
	check(t, err)
	if added := b.list(runTwo, "adds"); len(added) != 10 || len(b.keys("mem://out/", "lists/"+runTwo)) != 3+1 {
		t.Errorf("%d were added, want 10; written were %q", len(added), b.keys("mem://out/", "lists/"+runTwo))
	}
	b.events("events/dt=2026-04-10/most.parquet", 70, 75)
	b.loaded.Segments = b.loaded.Segments[:2] // the third is no more
	_, err = b.night(runThree, nil, nil)
	check(t, err)
	if gone := b.members("lists/" + runThree + "/files/third-visitors.removes.csv.age"); len(gone) != 60 {
		t.Errorf("of a segment that is no more %d left, want 60", len(gone))
	}
	b.selected = nil
	const last = "20260410T220000Z-000004"
	_, err = b.night(last, nil, nil)
	check(t, err)
	added := b.members("lists/" + last + "/files/other-visitors.adds.csv.age")
	removed := b.members("lists/" + last + "/files/other-visitors.removes.csv.age")
	if len(added) != 15 || len(removed) != 0 || slices.Contains(added, "d59") {
		t.Errorf("of a segment that was not selected twice %d came and %d left; want 15 and 0", len(added), len(removed))
	}
}

// The floor is 50: a list of exactly 50 is told, one of 49 is not, and one that falls to 49 is emptied.
func TestAListOfExactlyTheFloorIsTold(t *testing.T) {
	for _, c := range []struct{ first, second, told, left int }{{50, 50, 50, 0}, {49, 49, 0, 0}, {50, 49, 0, 50}} {
		b := newBank(t)
		b.events("events/dt=2026-04-10/part.parquet", 0, c.first)
		_, err := b.night(runOne, nil, nil)
		check(t, err)
		b.events("events/dt=2026-04-10/part.parquet", 0, c.second)
		b.views("events/dt=2026-04-10/other.parquet", "/", "2026-04-10T10:00:00Z", 70, 71)
		_, err = b.night(runTwo, nil, nil)
		check(t, err)
		told, left := b.list(runTwo, "snapshot"), b.list(runTwo, "removes")
		if len(told) != c.told || len(left) != c.left {
			t.Errorf("%d, then %d: %d are told, %d left; want %d and %d", c.first, c.second, len(told), len(left), c.told,
				c.left)
		}
	}
}

// Whoever withdraws while the run writes is in no control group either.
func TestALateWithdrawalLeavesTheControlGroup(t *testing.T) {
	b := newTown(t)
	townNights[0].bring(b)
	group := func(b *bank, run string) []string { return b.members("control/" + run + "/loan-visitors.csv.age") }
	twin := b.elsewhere(t)
	_, err := twin.tonight(townNights[0].clock, runOne, store.Options{})
	check(t, err)
	before := group(twin, runOne)
	who := before[len(before)/2]
	b.whileItWrites(func() {
		b.acts("consent/late.parquet", []act{{who, "withdraw", "*", "2026-04-10T21:59:00Z", "2026-04-10T21:59:30Z"}})
	})
	_, err = b.tonight(townNights[0].clock, runOne, store.Options{})
	check(t, err)
	want := slices.DeleteFunc(slices.Clone(before), func(id string) bool { return id == who })
	if got := group(b, runOne); !slices.Equal(got, want) {
		t.Errorf("%s withdrew; of the control group %v is left, want %v", who, got, want)
	}
	controls := func(o record.Output) bool { return strings.HasPrefix(o.Name, "control/") }
	if !slices.ContainsFunc(b.last().Objects, controls) {
		t.Error("the marker names no control group")
	}
}
