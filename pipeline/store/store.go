// Package store reads and writes objects by URL: a folder (file://), memory (mem://, for tests), S3, Google Cloud
// Storage and Azure. Keys and bytes come in and go out, under names that cannot leave their place, with conditional
// creation and leases that hold between processes. The package does not know what objects contain.
package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
)

// Options say what URLs may name. The zero value admits the three clouds at their own addresses.
type Options struct {
	Roots    []string          // absolute folders below which file:// may lie
	Endpoint map[string]string // by scheme, s3 or azblob: a server that stands in for the cloud's own, as a URL

	AllowPrivateEndpoint bool // an endpoint may be http, loopback, link-local or private

	Memory *Memory // where mem:// buckets live; nil refuses them

	// Around, where set, is called instead of the storage and does the call itself, or not: tests fail any call with it in
	// any way.
	Around func(c *Call, do func() error) error

	// Sleep waits: between attempts at an operation that failed for a passing reason, between renewals of a lease, and
	// for somebody else's lease to end. Nil means one attempt, and that no lease is renewed by itself.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Memory holds mem:// buckets by name, so that whoever opens a name again finds what was written. The zero value is
// empty.
type Memory struct {
	mu      sync.Mutex
	buckets map[string]*blob.Bucket
}

// Bucket is a place for objects: a bucket or folder, or a prefix within it. It may be used by many goroutines.
type Bucket struct {
	backend backend
	folder  *folder // nil outside folders
	url     string  // for messages; holds no credentials
	prefix  string  // "" or ends in /
	sleep   func(context.Context, time.Duration) error
}

// writable checks the key of a write.
func (b *Bucket) writable(op, key string) error { return b.failure(op, key, checkKey(key)) }

// Object is one stored object as a listing shows it. Key is relative to the bucket's URL.
type Object struct {
	Key     string
	Size    int64
	ETag    string // changes when the content does; opaque
	ModTime time.Time
}

// backend is a storage without prefixes, retries and error dressing. Errors are the storage's own.
type backend interface {
	list(ctx context.Context, prefix string) ([]Object, error)
	open(ctx context.Context, key string, size int64) (Reader, error)
	upload(ctx context.Context, key string, r io.Reader, contentType string) error
	create(ctx context.Context, key string, b []byte) error
	delete(ctx context.Context, key string) error
	stat(ctx context.Context, key string) (Object, error)
	close() error
}

// Reader reads ranges of one object. It may be used by many goroutines.
type Reader interface {
	io.ReaderAt
	io.Closer
}

// Open opens the bucket that a URL names, which may go on with a prefix. A file:// folder need not exist: it is made by
// the first write. The error is a *URLError if the URL is not allowed.
func Open(ctx context.Context, url string, o Options) (*Bucket, error) {
	at, err := parse(url, &o)
	if err != nil {
		return nil, err
	}
	b := &Bucket{url: at.shown, prefix: at.prefix, sleep: o.Sleep}
	switch at.scheme {
	case "file":
		b.folder = &folder{root: at.root, dir: at.dir, step: func(_, _ string, do func() error) error { return do() }}
		b.backend = b.folder
	case "mem":
		b.backend = &cloud{bucket: o.Memory.open(at.bucket), shared: true}
	default:
		bucket, err := at.open(ctx)
		if err != nil {
			return nil, b.failure("open", "", err)
		}
		b.backend = &cloud{bucket: bucket}
	}
	if o.Around != nil {
		s := &surrounded{backend: b.backend, bucket: b, around: o.Around}
		if b.backend = s; b.folder != nil {
			b.folder.step = s.step
		}
	}
	return b, nil
}

// URL returns the bucket's URL without query.
func (b *Bucket) URL() string { return b.url }

// Close releases what the bucket holds open; mem:// buckets live on in their Memory.
func (b *Bucket) Close() error { return b.failure("close", "", b.backend.close()) }

// List returns all objects whose keys begin with prefix, at any depth, in the order of their keys. Nothing is left out,
// not even what exporters mark as temporary. A bucket that is not there, a folder too, is NotFound; a prefix is not.
func (b *Bucket) List(ctx context.Context, prefix string) ([]Object, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, b.failure("list", prefix, err)
	}
	var objects []Object
	err := b.try(ctx, func() (err error) {
		objects, err = b.backend.list(ctx, b.prefix+prefix)
		return err
	})
	if err != nil {
		return nil, b.failure("list", prefix, err)
	}
	for i := range objects {
		objects[i].Key = strings.TrimPrefix(objects[i].Key, b.prefix)
	}
	slices.SortFunc(objects, func(x, y Object) int { return strings.Compare(x.Key, y.Key) })
	return objects, nil
}

// Open opens an object that a listing named, for ranged reads of its first Size bytes. The caller closes the Reader.
func (b *Bucket) Open(ctx context.Context, o Object) (Reader, error) {
	if err := checkRead(o.Key); err != nil {
		return nil, b.failure("read", o.Key, err)
	}
	r, err := b.backend.open(ctx, b.prefix+o.Key, o.Size)
	if err != nil {
		return nil, b.failure("read", o.Key, err)
	}
	return &dressedReader{Reader: r, ctx: ctx, bucket: b, object: o}, nil
}

// ReadAll returns the whole content of an object; more than max bytes are an error.
func (b *Bucket) ReadAll(ctx context.Context, key string, max int64) ([]byte, error) {
	o, err := b.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if o.Size > max {
		return nil, b.failure("read", key, fmt.Errorf("%w: it has %d bytes, at most %d are read", errTooLarge, o.Size, max))
	}
	r, err := b.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content := make([]byte, o.Size)
	if n, err := r.ReadAt(content, 0); n < len(content) {
		return nil, err
	}
	return content, nil
}

// Upload writes an object whole, over what was there. It appears at once or, on an error, not at all.
func (b *Bucket) Upload(ctx context.Context, key string, r io.Reader, contentType string) error {
	if err := b.writable("write", key); err != nil {
		return err
	}
	write := func() error { return b.backend.upload(ctx, b.prefix+key, r, contentType) }
	seeker, again := r.(io.Seeker)
	if !again {
		return b.failure("write", key, write())
	}
	return b.failure("write", key, b.try(ctx, func() error {
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return write()
	}))
}

// UploadBytes is Upload of a slice.
func (b *Bucket) UploadBytes(ctx context.Context, key string, content []byte, contentType string) error {
	return b.Upload(ctx, key, bytes.NewReader(content), contentType)
}

// CreateOnce writes an object that must not exist yet. Of all who try, in this process or another, one succeeds and the
// others get an error for which errors.Is(err, ErrExists) holds. It is tried once only: after an unclear failure the
// object may exist, and only its content says whose it is.
func (b *Bucket) CreateOnce(ctx context.Context, key string, content []byte) error {
	if err := b.writable("create", key); err != nil {
		return err
	}
	return b.failure("create", key, b.backend.create(ctx, b.prefix+key, content))
}

// CreateOwn is CreateOnce for content that nobody else writes. It can be tried again: if an attempt succeeded and the
// answer got lost, the content that lies there says so.
func (b *Bucket) CreateOwn(ctx context.Context, key string, content []byte) error {
	if err := b.writable("create", key); err != nil {
		return err
	}
	return b.failure("create", key, b.try(ctx, func() error {
		err := b.backend.create(ctx, b.prefix+key, content)
		if classify(err) != Exists {
			return err
		}
		there, unread := b.ReadAll(ctx, key, int64(len(content)))
		switch {
		case bytes.Equal(there, content) && unread == nil:
			return nil
		case CodeOf(unread) == Unavailable:
			return unread
		}
		return err
	}))
}

// Delete removes an object; one that does not exist is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.writable("delete", key); err != nil {
		return err
	}
	err := b.failure("delete", key, b.try(ctx, func() error { return b.backend.delete(ctx, b.prefix+key) }))
	if CodeOf(err) == NotFound {
		return nil
	}
	return err
}

// Sweep deletes what killed writers left beside their objects. Whoever calls it holds the lock under which is written.
func (b *Bucket) Sweep(ctx context.Context) error {
	if b.folder == nil {
		return nil
	}
	return b.failure("sweep", "", b.folder.sweep(ctx))
}

// Exists says whether there is an object of that key.
func (b *Bucket) Exists(ctx context.Context, key string) (bool, error) {
	_, err := b.Stat(ctx, key)
	if CodeOf(err) == NotFound {
		return false, nil
	}
	return err == nil, err
}

// Stat returns what a listing would show of one object.
func (b *Bucket) Stat(ctx context.Context, key string) (Object, error) {
	if err := checkRead(key); err != nil {
		return Object{}, b.failure("read", key, err)
	}
	var o Object
	err := b.try(ctx, func() (err error) {
		o, err = b.backend.stat(ctx, b.prefix+key)
		return err
	})
	o.Key = key
	return o, b.failure("read", key, err)
}

// dressedReader retries reads and gives their errors the bucket's form.
type dressedReader struct {
	Reader
	ctx    context.Context
	bucket *Bucket
	object Object
}

func (r *dressedReader) ReadAt(p []byte, offset int64) (n int, err error) {
	err = r.bucket.try(r.ctx, func() (err error) {
		n, err = r.Reader.ReadAt(p, offset)
		if end := offset + int64(n); err == io.EOF && n < len(p) && end < r.object.Size {
			err = fmt.Errorf("it ends after %d of %d bytes: %w", end, r.object.Size, io.ErrUnexpectedEOF)
		}
		return err
	})
	if err == io.EOF {
		return n, err
	}
	return n, r.bucket.failure("read", r.object.Key, err)
}
