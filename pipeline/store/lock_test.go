package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/store"
)

const idle = 10 * time.Minute

// claim is one by a clock that is ahead of the others, or behind them.
func claim(holder string, ahead time.Duration) store.Claim {
	return store.Claim{Holder: holder, Now: func() time.Time { return time.Now().Add(ahead) }, Idle: idle}
}

func acquire(t *testing.T, b *store.Bucket, c store.Claim) *store.Lease {
	t.Helper()
	l, err := store.Acquire(t.Context(), b, "demo", c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func renew(t *testing.T, l *store.Lease) {
	t.Helper()
	if err := l.Renew(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
}

func release(t *testing.T, l *store.Lease) {
	t.Helper()
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// heldBy checks that a claim fails because of that holder.
func heldBy(t *testing.T, b *store.Bucket, holder string, c store.Claim) *store.ErrLocked {
	t.Helper()
	l, err := store.Acquire(t.Context(), b, "demo", c)
	return lostTo(t, holder, l, err)
}

func lostTo(t *testing.T, holder string, l *store.Lease, err error) *store.ErrLocked {
	t.Helper()
	locked, ok := errors.AsType[*store.ErrLocked](err)
	if !ok || locked.Holder != holder || l != nil {
		t.Fatalf("want it held by %s, got %v, %v", holder, l, err)
	}
	return locked
}

// inMemory runs a test with a bucket in memory. Time is that of the test, also for the storage, and passes only when
// everybody sleeps.
func inMemory(t *testing.T, fault func(op, key string) error, test func(t *testing.T, b *store.Bucket)) {
	synctest.Test(t, func(t *testing.T) {
		o := store.Options{Memory: new(store.Memory), Around: beforeWrites(fault), Sleep: sleep}
		test(t, openAt(t, "mem://bucket/some/prefix", o))
	})
}

// beforeWrites asks before every write, and fails it with what it is told.
func beforeWrites(ask func(op, key string) error) func(*store.Call, func() error) error {
	return func(c *store.Call, do func() error) error {
		if ask != nil && slices.Contains([]string{"write", "create", "delete"}, c.Op) {
			if err := ask(c.Op, c.Key); err != nil {
				return err
			}
		}
		return do()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func TestALeaseHasOneHolderAndRisingNumbers(t *testing.T) {
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		first := acquire(t, b, claim("run 1", 0))
		if since := heldBy(t, b, "run 1", claim("run 2", 0)).Since; time.Since(since) > time.Hour {
			t.Errorf("held since %s", since)
		}
		taken := first.Fence()
		renew(t, first)
		renewed := first.Fence()
		release(t, first)
		next := acquire(t, b, claim("run 2", 0))
		if taken < 1 || renewed <= taken || next.Fence() <= renewed {
			t.Errorf("number %d, renewed %d, that of the next holder %d", taken, renewed, next.Fence())
		}
		release(t, next)
		if left := keys(t, b, "locks/demo/"); len(left) != 1 {
			t.Errorf("of leases that are over %q is left, want the last", left)
		}
	})
}

func TestALeaseThatNobodyRenewsIsTakenAfterItsTimeWhateverTheClocksOfBothSay(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, 0, time.Hour} {
		inMemory(t, nil, func(t *testing.T, b *store.Bucket) {
			killed := acquire(t, b, claim("killed", 0))
			time.Sleep(time.Minute)
			renew(t, killed)
			time.Sleep(idle - time.Second)
			if locked := heldBy(t, b, "killed", claim("next", ahead)); locked.Renewed != idle-time.Second ||
				!strings.HasSuffix(locked.Error(), ", renewed 9m59s ago") {
				t.Errorf("a second before the time: %v", locked)
			}
			time.Sleep(time.Second)
			next := acquire(t, b, claim("next", ahead))
			if next.Fence() <= killed.Fence() {
				t.Errorf("number %d after %d", next.Fence(), killed.Fence())
			}
			lostTo(t, "next", nil, killed.Renew(t.Context(), 0))
		})
	}
}

func TestALeaseIsKeptAsLongAsTheRunWorks(t *testing.T) {
	inMemory(t, nil, func(t *testing.T, b *store.Bucket) {
		l := acquire(t, b, claim("long", 0))
		ctx, stop := l.Keep(t.Context())
		for range 5 * 60 {
			time.Sleep(time.Minute)
			heldBy(t, b, "long", claim("other", time.Hour))
		}
		if ctx.Err() != nil || l.Fence() < 5*60/2 {
			t.Errorf("after five hours: %v, number %d", context.Cause(ctx), l.Fence())
		}
		if left := keys(t, b, "locks/demo/"); len(left) != 1 {
			t.Errorf("renewing leaves %d objects", len(left))
		}
		stop()
		release(t, l)
		acquire(t, b, claim("other", 0))
	})
}

// network fails creations while it is broken.
func network() (broken *atomic.Bool, fault func(op, key string) error) {
	broken = new(atomic.Bool)
	return broken, func(op, _ string) error {
		if broken.Load() && op == "create" {
			return errors.New("the network is down")
		}
		return nil
	}
}

func TestARenewalThatFailsIsMadeUpForByTheNext(t *testing.T) {
	broken, fault := network()
	inMemory(t, fault, func(t *testing.T, b *store.Bucket) {
		l := acquire(t, b, claim("run", 0))
		ctx, stop := l.Keep(t.Context())
		defer stop()
		for range 10 {
			broken.Store(true)
			time.Sleep(idle - 3*time.Minute)
			heldBy(t, b, "run", claim("other", 0))
			broken.Store(false)
			time.Sleep(3 * time.Minute)
			heldBy(t, b, "run", claim("other", 0))
		}
		if ctx.Err() != nil {
			t.Errorf("the lease was given up: %v", context.Cause(ctx))
		}
	})
}

func TestWhoLosesALeaseIsToldByItsContext(t *testing.T) {
	broken, fault := network()
	inMemory(t, fault, func(t *testing.T, b *store.Bucket) {
		l := acquire(t, b, claim("cut off", 0))
		ctx, stop := l.Keep(t.Context())
		defer stop()
		broken.Store(true)
		time.Sleep(idle + time.Minute) // between two attempts
		if ctx.Err() != nil {
			t.Fatalf("nobody took the lease, and it was given up: %v", context.Cause(ctx))
		}
		broken.Store(false)
		acquire(t, b, claim("next", 0))
		<-ctx.Done()
		lostTo(t, "next", nil, context.Cause(ctx))
	})
}

// Numbers below the newest are deleted, and one that is deleted could be created again.
func TestWhoSleptFindsOutHoweverManyCameAndWentMeanwhile(t *testing.T) {
	for others := range 4 {
		inMemory(t, nil, func(t *testing.T, b *store.Bucket) {
			sleeper := acquire(t, b, claim("sleeper", 0))
			time.Sleep(idle)
			for i := range others {
				other := acquire(t, b, claim("other", 0))
				renew(t, other)
				renew(t, other)
				if i%2 == 1 {
					time.Sleep(idle) // this one was killed
					continue
				}
				release(t, other)
			}
			last := acquire(t, b, claim("last", 0))
			renew(t, last)
			lostTo(t, "last", nil, sleeper.Renew(t.Context(), 0))
			lostTo(t, "last", nil, sleeper.Renew(t.Context(), 1)) // as one that has seen the number of a marker
			release(t, sleeper)
			renew(t, last)
			heldBy(t, b, "last", claim("next", 0))
		})
	}
}

func TestWaitingEndsWhenTheLeaseDoesOrThePatience(t *testing.T) {
	inMemory(t, nil, func(t *testing.T, b *store.Bucket) {
		begin := time.Now()
		patient := claim("patient", 0)
		patient.Wait = 12 * time.Minute
		acquire(t, b, claim("killed", 0))
		next := acquire(t, b, patient)
		if waited := time.Since(begin); waited < idle || waited > idle+10*time.Second {
			t.Errorf("waited %s for a lease that nobody renewed", waited)
		}
		_, stop := next.Keep(t.Context())
		begin = time.Now()
		heldBy(t, b, "patient", patient)
		if waited := time.Since(begin); waited != patient.Wait {
			t.Errorf("waited %s for a lease that is renewed, want %s", waited, patient.Wait)
		}
		stop()
		begin = time.Now()
		time.AfterFunc(time.Minute, func() { release(t, next) })
		acquire(t, b, patient)
		if waited := time.Since(begin); waited > time.Minute+10*time.Second {
			t.Errorf("waited %s for a lease that was released after a minute", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := store.Acquire(ctx, b, "demo", patient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who is told to stop while he waits says %v", err)
		}
	})
}

func TestNumbersRiseAboveThoseOfAnEarlierTime(t *testing.T) {
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		first := acquire(t, b, claim("run 1", 0))
		release(t, first)
		for _, key := range keys(t, b, "locks/") {
			if err := b.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		next := acquire(t, b, claim("run 2", 0))
		if err := next.Renew(t.Context(), 40); err != nil || next.Fence() != 41 {
			t.Errorf("number %d above 40, %v", next.Fence(), err)
		}
		release(t, next)
		if last := acquire(t, b, claim("run 3", 0)); last.Fence() <= 41 {
			t.Errorf("number %d after 41", last.Fence())
		}
	})
}

func TestNothingIsAskedOfAStorageWithoutNeedWhereTheLockIsFree(t *testing.T) {
	var asked []string
	fault := func(op, key string) error {
		asked = append(asked, op+" "+strings.TrimLeft(filepath.Base(key), "0"))
		return nil
	}
	inMemory(t, fault, func(t *testing.T, b *store.Bucket) {
		release(t, acquire(t, b, claim("run 1", 0)))
		acquire(t, b, claim("run 2", 0))
	})
	if want := []string{"create 1", "create 2", "delete 1", "create 3", "delete 2"}; !slices.Equal(asked, want) {
		t.Errorf("writes %q, want %q", asked, want)
	}
}

// holdLease is the child that takes a lease and waits for its end.
func holdLease(ctx context.Context, b *store.Bucket) {
	l, err := store.Acquire(ctx, b, "demo", claim("child", 0))
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Fence())
	time.Sleep(time.Hour)
}

func TestInAFolderAKilledProcessHoldsNothing(t *testing.T) {
	root := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childRoot+"="+root, childHolds+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "1\n" {
		t.Errorf("the child says %q, %v", line, err)
	}
	b := openFolder(t, root, "")
	heldBy(t, b, "child", claim("next", 0))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if next := acquire(t, b, claim("next", 0)); next.Fence() != 2 {
		t.Errorf("number %d after the child's 1", next.Fence())
	}
}

// A storage that stored half of it, a hand that slipped, a file that somebody put there: none of it locks a project.
func TestADamagedLeaseEndsByItselfAndStrayObjectsAreNone(t *testing.T) {
	for _, stray := range []string{"zzz", "99999999999999999999", "09223372036854775807", ".swp"} {
		inMemory(t, nil, func(t *testing.T, b *store.Bucket) {
			write(t, b, "locks/demo/00000000000000000007", `{"fence": 7, "hol`)
			write(t, b, "locks/demo/"+stray, "")
			if _, err := store.Acquire(t.Context(), b, "demo", claim("next", 0)); err == nil {
				t.Error("a lease that may be held was taken at once")
			}
			time.Sleep(idle)
			l := acquire(t, b, claim("next", 0))
			renew(t, l)
			if l.Fence() != 9 {
				t.Errorf("number %d after 7", l.Fence())
			}
			release(t, l)
			release(t, acquire(t, b, claim("last", 0)))
		})
	}
	b := openFolder(t, t.TempDir(), "")
	write(t, b, "locks/demo/00000000000000000007", `{"fence": 7, "hol`)
	if l := acquire(t, b, claim("next", 0)); l.Fence() != 8 { // whoever held it has died
		t.Errorf("number %d after 7", l.Fence())
	}
}

// A lock of the kernel that is taken and reported as failed is given back at once, not when the collector comes.
func TestALockThatIsTakenAndReportedAsFailedIsGivenBack(t *testing.T) {
	root := t.TempDir()
	failed := false
	b := openAt(t, "file://"+root, store.Options{
		Roots: []string{root}, Around: func(c *store.Call, do func() error) error {
			err := do()
			if c.Op == "flock" && !failed {
				failed = true
				return errors.Join(err, errors.New("no answer"))
			}
			return err
		},
	})
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the collector would give it back
	if l, err := store.Acquire(t.Context(), b, "demo", claim("first", 0)); err == nil {
		t.Fatalf("the lock is had: %v", l)
	}
	release(t, acquire(t, b, claim("second", 0)))
}
