// Package store is the dock: it opens buckets by URL, lists them, reads ranges, uploads objects and creates names once.
//
// In come URLs and names, out go bytes. It does not know that objects are Parquet or lists. All of it goes through
// gocloud.dev, but for reading local files, which are opened as they are.
package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
)

// Options fence what may be opened.
type Options struct {
	Roots        []string          // folders below which file:// may reach
	Endpoints    map[string]string // by scheme, instead of the cloud's own
	AllowPrivate bool              // endpoints may be private addresses and plain http
	Memory       bool              // mem:// is allowed: tests only
	// Fault, where set, is asked before every write; what it returns fails the write. Tests use it to kill a run anywhere.
	Fault func(op, key string) error
}

// Stores opens buckets and keeps them: one URL is one bucket.
type Stores struct {
	options Options
	mu      sync.Mutex
	open    map[string]*Bucket
	memory  map[string]*blob.Bucket
}

// New returns a set of stores. Roots must be absolute.
func New(o Options) *Stores {
	return &Stores{options: o, open: map[string]*Bucket{}, memory: map[string]*blob.Bucket{}}
}

// Close closes every bucket.
func (s *Stores) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, b := range s.open {
		if b.blob != nil {
			errs = append(errs, b.blob.Close())
		}
	}
	s.open = map[string]*Bucket{}
	return errors.Join(errs...)
}

// Object is one object of a listing.
type Object struct {
	Key     string
	Size    int64
	ETag    string // changes whenever the content does
	ModTime time.Time
}

// Bucket is a bucket, or a folder of one. It is safe for concurrent use.
type Bucket struct {
	url    string // as messages show it
	folder string // of a file:// bucket
	stores *Stores
	blob   *blob.Bucket
}

// Open returns the bucket of a URL. A *URLError is a URL that may not be opened. A local folder need not exist: it is made
// by the first write, and reading from one that is not there is NotFound.
func (s *Stores) Open(ctx context.Context, text string) (*Bucket, error) {
	p, shown, err := parse(text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.open[text]; b != nil {
		return b, nil
	}
	b := &Bucket{url: strings.TrimSuffix(shown, "/") + "/", stores: s}
	switch p.scheme {
	case "mem":
		if !s.options.Memory {
			return nil, &URLError{shown, "mem:// holds nothing that a run could read: it is for tests"}
		}
		b.blob = s.inMemory(p)
	case "file":
		if err := inside(p.bucket, s.options.Roots); err != nil {
			return nil, &URLError{shown, err.Error()}
		}
		b.folder = p.bucket
	default:
		if b.blob, err = s.cloud(ctx, p, shown); err != nil {
			return nil, err
		}
	}
	s.open[text] = b
	return b, nil
}

// inMemory returns a view of the one in-memory bucket of a name; memblob itself would make a new one at each opening.
func (s *Stores) inMemory(p place) *blob.Bucket {
	b := s.memory[p.bucket]
	if b == nil {
		b = memblob.OpenBucket(nil)
		s.memory[p.bucket] = b
	}
	if p.prefix == "" {
		return b
	}
	return blob.PrefixedBucket(b, p.prefix)
}

func (s *Stores) cloud(ctx context.Context, p place, shown string) (*blob.Bucket, error) {
	q := p.query
	if endpoint := s.options.Endpoints[p.scheme]; endpoint != "" {
		if err := checkEndpoint(endpoint, s.options.AllowPrivate); err != nil {
			return nil, &URLError{shown, fmt.Sprintf("endpoint of %s: %v", p.scheme, err)}
		}
		if p.scheme == "s3" {
			q.Set("endpoint", endpoint)
			q.Set("use_path_style", "true")
		}
	}
	url := p.scheme + "://" + p.bucket
	if len(q) > 0 {
		url += "?" + q.Encode()
	}
	b, err := blob.OpenBucket(ctx, url)
	if err != nil {
		return nil, &Error{Op: "open", URL: shown, Code: codeOf(err), Err: err}
	}
	if p.prefix != "" {
		b = blob.PrefixedBucket(b, p.prefix)
	}
	return b, nil
}

// files opens the folder of a file:// bucket, making it where write says so.
func (b *Bucket) files(write bool) (*blob.Bucket, error) {
	b.stores.mu.Lock()
	defer b.stores.mu.Unlock()
	if b.blob != nil {
		return b.blob, nil
	}
	if info, err := os.Stat(b.folder); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("it is no folder")
	} else if err != nil && !write {
		return nil, err
	}
	var err error
	b.blob, err = fileblob.OpenBucket(b.folder, &fileblob.Options{CreateDir: write, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	return b.blob, err
}

// URL is the bucket's URL as messages show it, with a slash at its end.
func (b *Bucket) URL() string { return b.url }

// List returns the objects whose keys begin with prefix, sorted by key.
func (b *Bucket) List(ctx context.Context, prefix string) ([]Object, error) {
	bucket, err := b.files(false)
	if err != nil {
		return nil, b.failed("list", prefix, err)
	}
	var out []Object
	it := bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, b.failed("list", prefix, err)
		}
		if o.IsDir {
			continue
		}
		etag, err := b.etag(ctx, bucket, o)
		if err != nil {
			return nil, b.failed("list", o.Key, err)
		}
		out = append(out, Object{Key: o.Key, Size: o.Size, ETag: etag, ModTime: o.ModTime})
	}
	slices.SortFunc(out, func(x, y Object) int { return strings.Compare(x.Key, y.Key) })
	return out, nil
}

// etag finds what changes with an object's content: its MD5 where the listing has one, for local files size and time,
// else the storage's own tag, asked object by object.
func (b *Bucket) etag(ctx context.Context, bucket *blob.Bucket, o *blob.ListObject) (string, error) {
	switch {
	case len(o.MD5) > 0:
		return hex.EncodeToString(o.MD5), nil
	case b.folder != "":
		h := sha256.Sum256(fmt.Appendf(nil, "%d %d", o.Size, o.ModTime.UnixNano()))
		return hex.EncodeToString(h[:16]), nil
	}
	a, err := bucket.Attributes(ctx, o.Key)
	if err != nil {
		return "", err
	}
	return strings.Trim(a.ETag, `"`), nil
}

// Reader reads ranges of one object.
type Reader interface {
	io.ReaderAt
	io.Closer
}

// ReaderAt opens an object for ranged reading; the caller closes it.
func (b *Bucket) ReaderAt(ctx context.Context, o Object) (Reader, error) {
	if b.folder == "" {
		return &ranges{ctx: ctx, bucket: b, object: o}, nil
	}
	root, err := os.OpenRoot(b.folder)
	if err != nil {
		return nil, b.failed("open", o.Key, err)
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(o.Key))
	if err != nil {
		return nil, b.failed("open", o.Key, err)
	}
	return f, nil
}

// readAhead is the least a ranged read asks for: a round trip costs more than these bytes.
const readAhead = 256 << 10

// ranges reads an object of a cloud; neighbouring small reads share one request.
type ranges struct {
	ctx    context.Context // io.ReaderAt has no context of its own
	bucket *Bucket
	object Object
	mu     sync.Mutex
	from   int64
	buf    []byte
}

func (r *ranges) Close() error { return nil }

func (r *ranges) ReadAt(p []byte, off int64) (int, error) {
	if off >= r.object.Size {
		return 0, io.EOF
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	want := min(int64(len(p)), r.object.Size-off)
	if off < r.from || off+want > r.from+int64(len(r.buf)) {
		length := min(max(want, readAhead), r.object.Size-off)
		in, err := r.bucket.blob.NewRangeReader(r.ctx, r.object.Key, off, length, nil)
		if err != nil {
			return 0, r.bucket.failed("read", r.object.Key, err)
		}
		r.buf = slices.Grow(r.buf[:0], int(length))[:length]
		_, err = io.ReadFull(in, r.buf)
		if closeErr := in.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			r.buf = r.buf[:0]
			return 0, r.bucket.failed("read", r.object.Key, err)
		}
		r.from = off
	}
	n := copy(p[:want], r.buf[off-r.from:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// ReadAll returns an object of at most that many bytes.
func (b *Bucket) ReadAll(ctx context.Context, key string, most int64) ([]byte, error) {
	bucket, err := b.files(false)
	if err != nil {
		return nil, b.failed("read", key, err)
	}
	r, err := bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, b.failed("read", key, err)
	}
	defer r.Close()
	if r.Size() > most {
		return nil, b.failed("read", key, fmt.Errorf("it has %d bytes, expected are at most %d", r.Size(), most))
	}
	data, err := io.ReadAll(r)
	return data, b.failed("read", key, err)
}

// Upload writes an object, replacing what was there. A name that another run could take is never uploaded: see CreateOnce.
func (b *Bucket) Upload(ctx context.Context, key string, data []byte) error {
	return b.write(ctx, "upload", key, data, false)
}

// CreateOnce writes an object under a name that must be free; ErrExists says that it was taken.
func (b *Bucket) CreateOnce(ctx context.Context, key string, data []byte) error {
	if b.folder != "" {
		return b.linkOnce(key, data)
	}
	err := b.write(ctx, "create", key, data, true)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == Exists {
		return ErrExists
	}
	return err
}

// linkOnce creates a local file once, also between processes, where fileblob cannot: the content is written beside it and
// then linked under the name, which fails if the name exists.
func (b *Bucket) linkOnce(key string, data []byte) error {
	if err := b.writable("create", key); err != nil {
		return err
	}
	name := filepath.Join(b.folder, filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return b.failed("create", key, err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".once-*")
	if err != nil {
		return b.failed("create", key, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return b.failed("create", key, err)
	}
	switch err := os.Link(f.Name(), name); {
	case errors.Is(err, os.ErrExist):
		return ErrExists
	default:
		return b.failed("create", key, err)
	}
}

// writable checks a name before anything is written under it.
func (b *Bucket) writable(op, key string) error {
	if err := checkKey(key); err != nil {
		return b.failed(op, key, err)
	}
	if b.folder != "" {
		if err := plainBelow(b.folder, filepath.Dir(filepath.FromSlash(key))); err != nil {
			return b.failed(op, key, err)
		}
	}
	if f := b.stores.options.Fault; f != nil {
		return b.failed(op, key, f(op, key))
	}
	return nil
}

func (b *Bucket) write(ctx context.Context, op, key string, data []byte, once bool) error {
	if err := b.writable(op, key); err != nil {
		return err
	}
	bucket, err := b.files(true)
	if err != nil {
		return b.failed(op, key, err)
	}
	// Upload, never NewWriter: the latter panics on a failed Azure write.
	err = bucket.Upload(ctx, key, bytes.NewReader(data), &blob.WriterOptions{ContentType: "application/octet-stream", IfNotExist: once})
	return b.failed(op, key, err)
}

// Delete removes an object; one that is not there is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.writable("delete", key); err != nil {
		return err
	}
	bucket, err := b.files(false)
	if err != nil {
		return b.failed("delete", key, err)
	}
	err = b.failed("delete", key, bucket.Delete(ctx, key))
	if e, ok := errors.AsType[*Error](err); ok && e.Code == NotFound {
		return nil
	}
	return err
}
