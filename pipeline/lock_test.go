package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// passing waits in the time of the test, which passes when everybody waits.
func passing(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// frozen is how a process waits that stands still: for it no time passes.
func frozen(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

// at is called once, before the first write of that kind.
func at(op, prefix string, do func()) func(op, key string) error {
	var once sync.Once
	return func(o, key string) error {
		if o == op && strings.HasPrefix(key, prefix) {
			once.Do(do)
		}
		return nil
	}
}

// inTime runs a test in a time of its own, in which mem:// lives too.
func inTime(t *testing.T, test func(b *bank)) {
	b := newBank(t)
	synctest.Test(t, func(t *testing.T) {
		b.t, b.memory = t, &store.Memory{}
		b.events("events/dt=2026-04-10/part.parquet", 0, 60)
		b.consent("consent/part.parquet", "2026-04-10T20:59:00Z", 0, 80)
		test(b)
	})
}

// last is the highest marker; every object it names must be there.
func (b *bank) last() (m record.Marker) {
	keys := b.keys("mem://out/", "markers/")
	data, err := b.place("mem://out/").ReadAll(context.Background(), keys[len(keys)-1], 1<<20)
	check(b.t, err)
	check(b.t, json.Unmarshal(data, &m))
	for _, o := range m.Objects {
		at := b.place(map[string]string{"output": "mem://out/", "state": "mem://state/"}[o.Root])
		if there, err := at.Exists(context.Background(), o.Name); !there || err != nil {
			b.t.Errorf("marker %d of run %s names %s, which is not there: %v", m.N, m.RunID, o.Name, err)
		}
	}
	return m
}

// stops checks that a run ended for that reason, without a line in the audit folder.
func (b *bank) stops(reason, run string, err error) {
	b.t.Helper()
	if f, ok := fault.Classify(err); !ok || f.Kind != fault.Locked || f.Reason != reason {
		b.t.Errorf("run %s ended with %v, want %s", run, err, reason)
	}
	if slices.Contains(b.keys("mem://audit/", ""), run+".json") {
		b.t.Errorf("run %s, which had lost the lock, wrote a manifest line", run)
	}
}

// begin starts a run that stops before its first write; finish lets it go on and returns how it ended.
func (b *bank) begin(id string) (finish func() error) {
	begun, on, over := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		_, err := b.night(id, passing, at("write", "lists/"+id, func() { close(begun); <-on }))
		over <- err
	}()
	<-begun
	return func() error { close(on); return <-over }
}

func TestARunOfManyHoursKeepsItsLock(t *testing.T) {
	inTime(t, func(b *bank) {
		_, err := b.night(runOne, passing, at("write", "lists/", func() {
			for range 20 {
				time.Sleep(15 * time.Minute)
				_, err := b.night(runTwo, passing, nil)
				b.stops("LOCKED", runTwo, err)
			}
		}))
		check(t, err)
		if m := b.last(); m.RunID != runOne || m.Fence < 5*60/2 {
			t.Errorf("marker of run %s with fence %d", m.RunID, m.Fence)
		}
	})
}

func TestARunThatSleptWhileAnotherTookOverStopsBeforePublishing(t *testing.T) {
	for _, asleep := range []string{"lists/", runOne + "/holdings"} {
		inTime(t, func(b *bank) {
			var other record.Marker
			_, err := b.night(runOne, frozen, at("write", asleep, func() {
				time.Sleep(20 * time.Minute)
				_, err := b.night(runTwo, passing, nil)
				check(t, err)
				other = b.last()
			}))
			b.stops("LOST", runOne, err)
			if m := b.last(); m.RunID != runTwo || m.N != other.N || m.Fence == 0 {
				t.Errorf("marker %d is of run %s, fence %d", m.N, m.RunID, m.Fence)
			}
			if b.left(runOne) == 0 {
				t.Error("the run that slept wrote nothing afterwards: nothing to sweep")
			}
			b.events("events/dt=2026-04-10/more.parquet", 60, 70)
			_, err = b.night(runThree, passing, nil)
			check(t, err)
			if n := b.left(runOne); n > 0 {
				t.Errorf("%d objects of run %s were never swept", n, runOne)
			}
			if m := b.last(); m.N != other.N+1 || m.Fence <= other.Fence {
				t.Errorf("marker %d with fence %d after %d with %d", m.N, m.Fence, other.N, other.Fence)
			}
		})
	}
}

func TestARunThatSleptStopsAlsoWhileTheOtherIsStillAtWork(t *testing.T) {
	inTime(t, func(b *bank) {
		var finish func() error
		_, err := b.night(runOne, frozen, at("write", runOne+"/holdings", func() {
			time.Sleep(20 * time.Minute)
			finish = b.begin(runTwo)
		}))
		b.stops("LOST", runOne, err)
		if markers := b.keys("mem://out/", "markers/"); len(markers) > 0 {
			t.Errorf("published: %q", markers)
		}
		check(t, finish())
		if m := b.last(); m.RunID != runTwo || m.N != 1 {
			t.Errorf("marker %d is of run %s", m.N, m.RunID)
		}
	})
}

// Between the last look at the lock and the marker there is always a moment in which a run can fall asleep.
func TestARunThatFallsAsleepAtItsMarkerPublishesAllOfItOrNothing(t *testing.T) {
	t.Run("the other has published", func(t *testing.T) {
		inTime(t, func(b *bank) {
			_, err := b.night(runOne, frozen, at("create", "markers/", func() {
				time.Sleep(20 * time.Minute)
				_, err := b.night(runTwo, passing, nil)
				check(t, err)
			}))
			b.stops("LOST", runOne, err)
			if m := b.last(); m.RunID != runTwo || m.N != 1 {
				t.Errorf("marker %d is of run %s", m.N, m.RunID)
			}
		})
	})
	t.Run("the other is at work", func(t *testing.T) {
		inTime(t, func(b *bank) {
			var finish func() error
			awake := make(chan struct{})
			sleeps := at("create", "markers/", func() {
				time.Sleep(20 * time.Minute)
				finish = b.begin(runTwo)
			})
			wakes := at("create", runOne+".json", func() {
				close(awake) // its next renewal finds that the lock is lost, when it has published
				synctest.Wait()
			})
			_, err := b.night(runOne, func(ctx context.Context, _ time.Duration) error {
				select {
				case <-ctx.Done():
				case <-awake:
				}
				return ctx.Err()
			}, func(op, key string) error { return errors.Join(sleeps(op, key), wakes(op, key)) })
			check(t, err)
			if !slices.Contains(b.keys("mem://audit/", ""), runOne+".json") {
				t.Error("the run that published wrote no manifest line")
			}
			first := b.last()
			b.stops("LOST", runTwo, finish())
			if m := b.last(); m.RunID != runOne || m.Fence != first.Fence {
				t.Errorf("marker %d is of run %s", m.N, m.RunID)
			}
			b.events("events/dt=2026-04-10/more.parquet", 60, 70)
			_, err = b.night(runThree, passing, nil) // the lock is free: nothing is to be waited for
			check(t, err)
			if b.last().RunID != runThree || b.left(runTwo) > 0 {
				t.Errorf("run %s holds, and %d objects of run %s are left", b.last().RunID, b.left(runTwo), runTwo)
			}
		})
	})
}

func TestALostLockStopsARunAsSoonAsItIsKnown(t *testing.T) {
	inTime(t, func(b *bank) {
		var broken atomic.Bool
		wrote := 0
		_, err := b.night(runOne, passing, func(op, key string) error {
			switch {
			case strings.HasPrefix(key, "locks/") && op == "create" && broken.Load():
				return errors.New("the network is down")
			case strings.HasPrefix(key, "lists/"+runOne):
				if wrote++; wrote == 1 {
					broken.Store(true)
					time.Sleep(11 * time.Minute)
					_, err := b.night(runTwo, passing, nil)
					check(t, err)
					broken.Store(false)
					time.Sleep(2 * time.Minute)
				}
			}
			return nil
		})
		b.stops("LOST", runOne, err)
		if wrote != 1 {
			t.Errorf("the run wrote %d lists after it had lost the lock", wrote-1)
		}
	})
}

func TestTheRunAfterAKillWaitsTenMinutesAndSweepsWhenItHasPublished(t *testing.T) {
	killed := fmt.Errorf("killed: %w", context.Canceled) // it tries nothing again
	inTime(t, func(b *bank) {
		dead := false
		_, err := b.night(runOne, frozen, func(_, key string) error {
			if dead = dead || strings.HasPrefix(key, "markers/"); dead {
				return killed
			}
			return nil
		})
		if !errors.Is(err, killed) || b.left(runOne) == 0 {
			t.Fatalf("the run ended with %v and left %d objects", err, b.left(runOne))
		}
		time.Sleep(10*time.Minute - time.Second)
		_, err = b.night(runTwo, passing, nil)
		b.stops("LOCKED", runTwo, err)
		time.Sleep(time.Second)
		there := b.left(runOne)
		_, err = b.night(runTwo, passing, at("create", "markers/", func() {
			if b.left(runOne) != there {
				t.Error("objects of the killed run were deleted before this one had published")
			}
		}))
		check(t, err)
		if n := b.left(runOne); n > 0 || b.last().RunID != runTwo {
			t.Errorf("run %s holds; %d objects of the killed one are left", b.last().RunID, n)
		}
	})
}

func TestFencesRiseAlsoWhenLocksWereDeleted(t *testing.T) {
	b := newBank(t)
	_, err := b.night(runOne, nil, nil)
	check(t, err)
	first := b.last()
	for _, key := range b.keys("mem://state/", "locks/") {
		check(t, b.place("mem://state/").Delete(t.Context(), key))
	}
	b.events("events/dt=2026-04-10/more.parquet", 60, 70)
	_, err = b.night(runTwo, nil, nil)
	check(t, err)
	if second := b.last(); first.N != 1 || first.Fence == 0 || second.N != 2 || second.Fence <= first.Fence {
		t.Errorf("markers %d and %d with fences %d and %d", first.N, second.N, first.Fence, second.Fence)
	}
}
