package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked says that somebody else holds a lease.
type ErrLocked struct {
	Name    string
	Holder  string
	Since   time.Time
	Expires time.Time // zero where the lease ends with its process
}

func (e *ErrLocked) Error() string {
	until := "until its process ends"
	if !e.Expires.IsZero() {
		until = "until " + e.Expires.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("lock %q: held by %s since %s, %s", e.Name, e.Holder, e.Since.UTC().Format(time.RFC3339), until)
}

// Lease is the right to be the only one. In a folder it is a lock of the kernel on a file that is never deleted, freed
// when the process ends however it ends. Elsewhere it is the highest of numbered objects that has not expired, each created
// once and never changed: renewing creates the next one, and who finds the next one taken has lost the lease. The numbers
// exist in both.
type Lease struct {
	bucket *Bucket
	name   string
	now    func() time.Time
	ttl    time.Duration
	file   *flock.Flock // nil outside folders
	held   leaseRecord
}

// leaseRecord is the content of a lease object, and of a lock file.
type leaseRecord struct {
	Fence    int64     `json:"fence"`
	Holder   string    `json:"holder"`
	Since    time.Time `json:"since"`
	Expires  time.Time `json:"expires"`
	Released bool      `json:"released,omitempty"`
}

func (r *leaseRecord) locked(name string) *ErrLocked {
	return &ErrLocked{Name: name, Holder: r.Holder, Since: r.Since, Expires: r.Expires}
}

const maxLeaseBytes = 4096

// Acquire takes the lease of that name for ttl, or returns an *ErrLocked. Leases lie below locks/ in the bucket. The
// holder is shown to whoever comes too late; now is the caller's clock.
func Acquire(ctx context.Context, b *Bucket, name, holder string, now func() time.Time, ttl time.Duration) (*Lease, error) {
	if err := checkKey("locks/" + name); err != nil {
		return nil, b.failure("lock", name, err)
	}
	l := &Lease{bucket: b, name: name, now: now, ttl: ttl}
	l.held = leaseRecord{Holder: holder, Since: now(), Expires: now().Add(ttl)}
	if f, ok := b.backend.(*folder); ok {
		l.held.Expires = time.Time{}
		if err := l.lockFile(ctx, f); err != nil {
			return nil, err
		}
	}
	if err := l.take(ctx); err != nil {
		if l.file != nil {
			err = errors.Join(err, l.file.Close())
		}
		return nil, err
	}
	return l, nil
}

// take creates the lease object that follows the newest one, unless that still holds.
func (l *Lease) take(ctx context.Context) error {
	last, err := l.newest(ctx)
	if err != nil {
		return err
	}
	if l.file == nil && last.Fence > 0 && !last.Released && l.now().Before(last.Expires) {
		return last.locked(l.name)
	}
	l.held.Fence = last.Fence
	if err := l.next(ctx); err != nil {
		return err
	}
	return l.sweep(ctx)
}

// Fence returns the lease's number. Later leases of the same name have higher ones.
func (l *Lease) Fence() int64 { return l.held.Fence }

// Renew prolongs the lease by its ttl from now, or returns an *ErrLocked if it was lost.
func (l *Lease) Renew(ctx context.Context) error {
	if l.file != nil {
		return nil
	}
	l.held.Expires = l.now().Add(l.ttl)
	return l.next(ctx)
}

// Release gives the lease up, so that the next one need not wait for it to expire.
func (l *Lease) Release(ctx context.Context) error {
	if l.file != nil {
		return l.bucket.failure("lock", l.name, l.file.Close())
	}
	l.held.Released = true
	return l.next(ctx)
}

func (l *Lease) key(fence int64) string { return fmt.Sprintf("locks/%s/%020d", l.name, fence) }

// next creates the object after the one that is held.
func (l *Lease) next(ctx context.Context) error {
	record := l.held
	record.Fence++
	content, err := json.Marshal(record)
	if err != nil {
		return l.bucket.failure("lock", l.name, err)
	}
	err = l.bucket.CreateOnce(ctx, l.key(record.Fence), content)
	if errors.Is(err, ErrExists) {
		winner, err := l.newest(ctx)
		if err != nil {
			return err
		}
		return winner.locked(l.name)
	}
	if err != nil {
		return err
	}
	l.held = record
	return nil
}

// newest reads the lease object with the highest number; its fence is 0 if there is none.
func (l *Lease) newest(ctx context.Context) (leaseRecord, error) {
	var record leaseRecord
	objects, err := l.bucket.List(ctx, "locks/"+l.name+"/")
	if err != nil || len(objects) == 0 {
		return record, err
	}
	key := objects[len(objects)-1].Key
	fence, err := strconv.ParseInt(path.Base(key), 10, 64)
	if err != nil {
		return record, l.bucket.failure("lock", key, errors.New("a lock's name is not a number: delete it if no run is active"))
	}
	content, err := l.bucket.ReadAll(ctx, key, maxLeaseBytes)
	if err != nil {
		return record, err
	}
	if err := json.Unmarshal(content, &record); err != nil || record.Fence != fence {
		return record, l.bucket.failure("lock", key, errors.New("a lock's content is damaged: delete it if no run is active"))
	}
	return record, nil
}

// sweep deletes what the newest lease has replaced.
func (l *Lease) sweep(ctx context.Context) error {
	objects, err := l.bucket.List(ctx, "locks/"+l.name+"/")
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o.Key < l.key(l.held.Fence) {
			if err := l.bucket.Delete(ctx, o.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// lockFile takes the kernel's lock on the lease's file, which stays empty; who holds it is in the lease objects.
func (l *Lease) lockFile(ctx context.Context, f *folder) error {
	key := "locks/" + l.name + ".lock"
	err := os.MkdirAll(f.root, dirMode)
	if err == nil {
		err = f.within(key, func(root *os.Root, name string) error {
			if err := checkPath(root, name); err != nil {
				return err
			}
			return root.MkdirAll(path.Dir(name), dirMode)
		})
	}
	if err != nil {
		return l.bucket.failure("lock", l.name, err)
	}
	l.file = flock.New(filepath.Join(f.root, f.dir, filepath.FromSlash(key)), flock.SetPermissions(fileMode))
	taken, err := l.file.TryLock()
	if err != nil {
		return l.bucket.failure("lock", l.name, err)
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
	return holder.locked(l.name)
}
