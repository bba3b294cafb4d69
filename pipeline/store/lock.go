package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// LeaseFor is how long a lease on a cloud holds without being renewed.
const LeaseFor = 2 * time.Hour

// LockedError says that somebody else holds a lock.
type LockedError struct {
	Name, Holder string
	Expires      time.Time // zero: until the holder ends
}

func (e *LockedError) Error() string {
	if e.Expires.IsZero() {
		return fmt.Sprintf("lock %s: it is held by another run on this machine", e.Name)
	}
	return fmt.Sprintf("lock %s: it is held by run %s until %s", e.Name, e.Holder, e.Expires.UTC().Format(time.RFC3339))
}

// Lease is a lock that is held. Local locks are freed by the kernel when the process dies; on clouds a lease is a chain of
// objects, each created once: n is the fencing number, and renewing is creating n+1.
type Lease struct {
	bucket *Bucket
	name   string
	holder string
	now    func() time.Time
	n      int64
	file   *flock.Flock
}

type leaseRecord struct {
	Holder   string    `json:"holder"`
	Expires  time.Time `json:"expires"`
	Released bool      `json:"released,omitempty"`
}

// Acquire takes the lock of that name, or fails with a *LockedError.
func (b *Bucket) Acquire(ctx context.Context, name, holder string, now func() time.Time) (*Lease, error) {
	l := &Lease{bucket: b, name: "locks/" + name, holder: holder, now: now}
	if b.folder != "" {
		return l, l.lockFile()
	}
	last, record, err := l.last(ctx)
	if err != nil {
		return nil, err
	}
	if last > 0 && !record.Released && now().Before(record.Expires) {
		return nil, &LockedError{name, record.Holder, record.Expires}
	}
	l.n = last
	return l, l.create(ctx, false)
}

func (l *Lease) lockFile() error {
	if err := l.bucket.writable("lock", l.name+"/lock"); err != nil {
		return err
	}
	name := filepath.Join(l.bucket.folder, filepath.FromSlash(l.name), "lock")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return l.bucket.failed("lock", l.name, err)
	}
	l.file = flock.New(name, flock.SetPermissions(0o600))
	ok, err := l.file.TryLock()
	if err != nil {
		return l.bucket.failed("lock", l.name, err)
	}
	if !ok {
		return &LockedError{Name: l.name}
	}
	return nil
}

// last returns the newest record of the chain, 0 if there is none.
func (l *Lease) last(ctx context.Context) (n int64, r leaseRecord, err error) {
	objects, err := l.bucket.List(ctx, l.name+"/")
	if err != nil {
		return 0, r, err
	}
	for _, o := range objects {
		if i, err := strconv.ParseInt(strings.TrimPrefix(o.Key, l.name+"/"), 10, 64); err == nil && i > n {
			n = i
		}
	}
	if n == 0 {
		return 0, r, nil
	}
	data, err := l.bucket.ReadAll(ctx, l.key(n), 4096)
	if err != nil {
		return 0, r, err
	}
	return n, r, l.bucket.failed("lock", l.name, json.Unmarshal(data, &r))
}

func (l *Lease) key(n int64) string { return fmt.Sprintf("%s/%012d", l.name, n) }

func (l *Lease) create(ctx context.Context, released bool) error {
	data, err := json.Marshal(leaseRecord{l.holder, l.now().Add(LeaseFor).UTC(), released})
	if err != nil {
		return err
	}
	err = l.bucket.CreateOnce(ctx, l.key(l.n+1), data)
	if errors.Is(err, ErrExists) {
		return &LockedError{Name: l.name, Holder: "another", Expires: l.now().Add(LeaseFor)}
	}
	if err == nil {
		l.n++
	}
	return err
}

// Fence is the fencing number: larger for every later holder. Local locks, which cannot outlive their holder, have 0.
func (l *Lease) Fence() int64 { return l.n }

// Renew keeps a lease on a cloud; failing means that it is lost.
func (l *Lease) Renew(ctx context.Context) error {
	if l.file != nil {
		return nil
	}
	return l.create(ctx, false)
}

// Release gives the lock back.
func (l *Lease) Release(ctx context.Context) error {
	if l.file != nil {
		return l.bucket.failed("unlock", l.name, l.file.Unlock())
	}
	return l.create(ctx, true)
}
