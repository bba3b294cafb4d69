package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

// lossy is a storage that creates objects and loses some of its answers, and shows some listings as they were before.
type lossy struct {
	backend
	lose, stale int
	before      []Object
}

func (l *lossy) create(ctx context.Context, key string, b []byte) error {
	err := l.backend.create(ctx, key, b)
	if l.lose > 0 {
		l.lose--
		return errors.New("connection reset by peer")
	}
	return err
}

func (l *lossy) list(ctx context.Context, prefix string) ([]Object, error) {
	if l.stale > 0 {
		l.stale--
		return append([]Object(nil), l.before...), nil
	}
	objects, err := l.backend.list(ctx, prefix)
	l.before = append([]Object(nil), objects...)
	return objects, err
}

// overLossy opens a bucket that tries again, or tries once.
func overLossy(t *testing.T, again bool) (*Bucket, *lossy) {
	t.Helper()
	o := Options{Memory: new(Memory)}
	if again {
		o.Sleep = func(context.Context, time.Duration) error { return nil }
	}
	b, err := Open(t.Context(), "mem://bucket", o)
	if err != nil {
		t.Fatal(err)
	}
	l := &lossy{backend: b.backend}
	b.backend = l
	return b, l
}

func take(t *testing.T, b *Bucket) *Lease {
	t.Helper()
	l, err := Acquire(t.Context(), b, "demo", Claim{Holder: "run", Now: time.Now, Idle: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestARenewalWhoseAnswerIsLostIsNoLostLease(t *testing.T) {
	b, storage := overLossy(t, false)
	l := take(t, b)
	storage.lose = 2
	for range 2 {
		if _, locked := errors.AsType[*ErrLocked](l.Renew(t.Context(), 0)); locked {
			t.Error("the lease counts as lost")
		}
	}
	if err := l.Renew(t.Context(), 0); err != nil || l.Fence() != 2 {
		t.Errorf("number %d, %v; want 2, which had been created", l.Fence(), err)
	}
	if err := l.Renew(t.Context(), 0); err != nil || l.Fence() != 3 {
		t.Errorf("number %d, %v; want 3", l.Fence(), err)
	}
}

func TestWhatIsCreatedAsOnesOwnSurvivesLostAnswers(t *testing.T) {
	b, storage := overLossy(t, true)
	storage.lose = 3
	l := take(t, b)
	storage.lose = 3
	if err := l.Renew(t.Context(), 0); err != nil || l.Fence() != 2 {
		t.Errorf("number %d, %v", l.Fence(), err)
	}
	storage.lose = 3
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	if next := take(t, b); next.Fence() != 4 {
		t.Errorf("number %d after a release, want 4", next.Fence())
	}
	if err := b.CreateOwn(t.Context(), "markers/1", []byte("mine")); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"longer", "it", "his_"} {
		if err := b.CreateOwn(t.Context(), "markers/1", []byte(other)); !errors.Is(err, ErrExists) {
			t.Errorf("%q over somebody else's: %v", other, err)
		}
	}
}

func TestAListingFromBeforeARenewalDoesNoHarm(t *testing.T) {
	b, storage := overLossy(t, false)
	l := take(t, b)
	if _, err := l.newest(t.Context()); err != nil { // lists number 1, which the renewal replaces
		t.Fatal(err)
	}
	was := storage.before
	if err := l.Renew(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	storage.before, storage.stale = was, 1
	_, err := Acquire(t.Context(), b, "demo", Claim{Holder: "other", Now: time.Now, Idle: time.Hour})
	if locked, ok := errors.AsType[*ErrLocked](err); !ok || locked.Holder != "run" {
		t.Errorf("want it held by run, got %v", err)
	}
}
