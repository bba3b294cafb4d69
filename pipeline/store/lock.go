package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/malgrupp/malgrupp/pipeline/local"
)

// ErrLocked says that somebody else holds a lease.
type ErrLocked struct {
	Name    string
	Holder  string
	Since   time.Time     // by the holder's clock
	Renewed time.Duration // how long ago, by the storage's clock; zero where that was not asked
	Process bool          // it ends with the holder's process
}

// Fault says what kind of failure it is to lose a lock that was held.
func (e *ErrLocked) Fault() (kind, reason, hint string) {
	return "locked", "LOST", "run again: this run published nothing"
}

func (e *ErrLocked) Error() string {
	more := ""
	switch {
	case e.Process:
		more = ", until its process ends"
	case e.Renewed > 0:
		more = fmt.Sprintf(", renewed %s ago", e.Renewed.Round(time.Second))
	}
	return fmt.Sprintf("lock %q: held by %s since %s%s", e.Name, e.Holder, e.Since.UTC().Format(time.RFC3339), more)
}

// Lease is the right to be the only one. It is the highest of numbered objects, each created once and never changed:
// renewing creates the next one, and who finds a number that is not his own has lost the lease. In a folder there is
// also a lock of the kernel on a file that is never deleted, freed when the process ends however it ends; elsewhere a
// lease that has not been renewed for a while can be taken.
type Lease struct {
	claim  Claim
	bucket *Bucket
	name   string
	file   *flock.Flock // nil outside folders
	mu     sync.Mutex   // guards held
	held   leaseRecord
}

// Claim is what somebody wants of a lease.
type Claim struct {
	Holder string           // shown to whoever comes too late
	Now    func() time.Time // the caller's clock: since when he holds it, when waiting ends; never whose it is
	Idle   time.Duration    // how long somebody else must not have renewed his lease to lose it
	Wait   time.Duration    // how long to wait for somebody else
}

// leaseRecord is the content of a lease object.
type leaseRecord struct {
	Fence    int64     `json:"fence"`
	Holder   string    `json:"holder"`
	Since    time.Time `json:"since"`
	Released bool      `json:"released,omitempty"`
}

func (r *leaseRecord) locked(name string, renewed time.Duration) *ErrLocked {
	return &ErrLocked{Name: name, Holder: r.Holder, Since: r.Since, Renewed: renewed}
}

const (
	maxLeaseBytes = 4096
	maxFence      = 1 << 53         // as a float of JSON holds it
	renewals      = 5               // within the time after which a lease is idle
	pollEvery     = 5 * time.Second // while waiting for somebody else
)

// Acquire takes the lease of that name, or returns an *ErrLocked. Leases lie below locks/ in the bucket.
func Acquire(ctx context.Context, b *Bucket, name string, c Claim) (*Lease, error) {
	if err := checkKey("locks/" + name); err != nil {
		return nil, b.failure("lock", name, err)
	}
	since := c.Now()
	for until := since.Add(c.Wait); ; {
		l := &Lease{claim: c, bucket: b, name: name, held: leaseRecord{Holder: c.Holder, Since: since}}
		err := l.take(ctx)
		if err == nil {
			return l, nil
		}
		left := until.Sub(c.Now())
		if _, locked := errors.AsType[*ErrLocked](err); !locked || b.sleep == nil || left <= 0 {
			return nil, err
		}
		if err := b.sleep(ctx, min(left, pollEvery)); err != nil {
			return nil, err
		}
	}
}

// take makes one attempt.
func (l *Lease) take(ctx context.Context) error {
	if f := l.bucket.folder; f != nil {
		if err := l.lockFile(ctx, f); err != nil {
			return err
		}
	}
	err := l.succeed(ctx)
	if err != nil && l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	return err
}

// succeed creates the lease object that follows the newest one, unless that still holds.
func (l *Lease) succeed(ctx context.Context) error {
	last, err := l.newest(ctx)
	if err != nil {
		return err
	}
	if l.file == nil && last.Fence > 0 && !last.Released {
		idle, err := l.idle(ctx, last.Fence)
		if err != nil {
			return err
		}
		if idle < l.claim.Idle {
			return last.locked(l.name, idle)
		}
	}
	l.held.Fence = last.Fence
	return l.next(ctx, 0)
}

// idle is for how long a lease has not been renewed: the age of its object beside one that is written now. Both times
// are the storage's, so that it does not matter whether the clocks of two holders agree.
func (l *Lease) idle(ctx context.Context, fence int64) (time.Duration, error) {
	clock := "locks/" + l.name + ".clock"
	if err := l.bucket.UploadBytes(ctx, clock, nil, ""); err != nil {
		return 0, err
	}
	now, err := l.bucket.Stat(ctx, clock)
	if err != nil {
		return 0, err
	}
	held, err := l.bucket.Stat(ctx, l.key(fence))
	if CodeOf(err) == NotFound { // replaced a moment ago
		return 0, nil
	}
	return now.ModTime.Sub(held.ModTime), err
}

// Keep renews the lease from time to time as long as the returned context lives. Its cause is an *ErrLocked if it
// ends because the lease was lost; a renewal that fails for another reason is made up for by the next. Stop ends the
// renewing.
func (l *Lease) Keep(ctx context.Context) (kept context.Context, stop func()) {
	kept, cancel := context.WithCancelCause(ctx)
	var keeper sync.WaitGroup
	if sleep := l.bucket.sleep; sleep != nil {
		keeper.Go(func() {
			for sleep(kept, l.claim.Idle/renewals) == nil {
				if lost, ok := errors.AsType[*ErrLocked](l.Renew(context.WithoutCancel(kept), 0)); ok {
					cancel(lost)
					return
				}
			}
		})
	}
	return kept, func() {
		cancel(nil)
		keeper.Wait()
	}
}

// Fence returns the lease's number. It rises with every renewal, and later leases of the same name have higher ones.
func (l *Lease) Fence() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held.Fence
}

// Renew proves that the lease is still held, or returns an *ErrLocked. Its number is higher than above from then on.
func (l *Lease) Renew(ctx context.Context, above int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next(ctx, above)
}

// Release gives the lease up, so that the next one need not wait for it to be idle.
func (l *Lease) Release(ctx context.Context) error {
	if l.file != nil {
		return l.bucket.failure("lock", l.name, l.file.Close())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held.Released = true
	err := l.next(ctx, 0)
	if _, taken := errors.AsType[*ErrLocked](err); taken { // already, by somebody who waited for it
		return nil
	}
	return err
}

func (l *Lease) key(fence int64) string { return fmt.Sprintf("locks/%s/%020d", l.name, fence) }

// next creates an object after the one that is held, and deletes those it replaces. A number that was deleted can be
// created once more by somebody who slept meanwhile; but the highest is never deleted, so he finds a number that is
// not his own.
func (l *Lease) next(ctx context.Context, above int64) error {
	record := l.held
	record.Fence = max(record.Fence, above) + 1
	content, err := json.Marshal(record)
	if err != nil {
		return l.bucket.failure("lock", l.name, err)
	}
	created := l.bucket.CreateOwn(ctx, l.key(record.Fence), content)
	if created != nil && !errors.Is(created, ErrExists) {
		return created
	}
	objects, err := l.objects(ctx)
	if err != nil {
		return err
	}
	replaced := slices.DeleteFunc(objects, func(o Object) bool { return o.Key == l.key(record.Fence) })
	if n := len(replaced); created != nil || n > 0 && replaced[n-1].Key > l.key(l.held.Fence) {
		winner, err := l.newest(ctx)
		if err != nil {
			return err
		}
		return winner.locked(l.name, 0)
	}
	l.held = record
	for _, o := range replaced {
		if err := l.bucket.Delete(ctx, o.Key); err != nil {
			return err
		}
	}
	return nil
}

// objects lists the lease's objects in the order of their numbers. What else lies there is left alone.
func (l *Lease) objects(ctx context.Context) ([]Object, error) {
	objects, err := l.bucket.List(ctx, "locks/"+l.name+"/")
	return slices.DeleteFunc(objects, func(o Object) bool { return l.number(o.Key) == 0 }), err
}

// number is that of a lease object, 0 for another object.
func (l *Lease) number(key string) int64 {
	n, err := strconv.ParseInt(path.Base(key), 10, 64)
	if err != nil || n < 1 || n > maxFence || l.key(n) != key {
		return 0
	}
	return n
}

// newest reads the lease object with the highest number; its fence is 0 if there is none. One that is not whole is a
// lease of somebody unknown.
func (l *Lease) newest(ctx context.Context) (leaseRecord, error) {
	for left := attempts; ; left-- {
		var record leaseRecord
		objects, err := l.objects(ctx)
		if err != nil || len(objects) == 0 {
			return record, err
		}
		key := objects[len(objects)-1].Key
		content, err := l.bucket.ReadAll(ctx, key, maxLeaseBytes)
		if CodeOf(err) == NotFound && left > 1 { // renewed in this moment: there is a higher one
			continue
		}
		if err != nil {
			return record, err
		}
		if n := l.number(key); json.Unmarshal(content, &record) != nil || record.Fence != n {
			record = leaseRecord{Fence: n, Holder: "somebody unknown, for " + key + " is damaged,"}
		}
		return record, nil
	}
}

// lockFile takes the kernel's lock on the lease's file, which stays empty; who holds it is in the lease objects.
func (l *Lease) lockFile(ctx context.Context, f *folder) error {
	key := "locks/" + l.name + ".lock"
	err := os.MkdirAll(f.root, dirMode)
	if err == nil {
		err = f.within(key, func(root *os.Root, name string) error {
			if err := local.Path(root, name); err != nil {
				return err
			}
			return f.mkdir(root, key, path.Dir(name))
		})
	}
	if err != nil {
		return l.bucket.failure("lock", l.name, err)
	}
	l.file = flock.New(filepath.Join(f.root, f.dir, filepath.FromSlash(key)), flock.SetPermissions(fileMode))
	var taken bool
	err = f.step("flock", key, func() (err error) {
		taken, err = l.file.TryLock()
		return err
	})
	if err != nil { // it may be taken all the same, and nobody else would get it while this process lives
		return l.bucket.failure("lock", l.name, errors.Join(err, l.file.Close()))
	}
	if taken {
		return nil
	}
	holder, err := l.newest(ctx)
	if err != nil {
		return errors.Join(err, l.file.Close())
	}
	if err := l.file.Close(); err != nil {
		return l.bucket.failure("lock", l.name, err)
	}
	locked := holder.locked(l.name, 0)
	locked.Process = true
	return locked
}
