package folder

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Stores opens the buckets of a project, each URL once, and keeps them until Close.
type Stores struct {
	options store.Options
	mu      sync.Mutex
	open    map[string]*store.Bucket
	plain   map[string]bool // folders that lie in no lakehouse table
}

// NewStores returns stores with these options.
func NewStores(o store.Options) *Stores {
	return &Stores{options: o, open: map[string]*store.Bucket{}, plain: map[string]bool{}}
}

// StoreOptions are what the project's security section allows: local files below file_roots (by default the project
// folder) and endpoints instead of the clouds' own.
func StoreOptions(dir string, p *project.Project) (store.Options, error) {
	o := store.Options{Endpoint: p.Security.Endpoints, AllowPrivateEndpoint: p.Security.AllowPrivateEndpoint, Sleep: sleep}
	roots := p.Security.FileRoots
	if len(roots) == 0 {
		roots = []string{"."}
	}
	for _, root := range roots {
		if !filepath.IsAbs(root) {
			root = filepath.Join(dir, root)
		}
		abs, err := filepath.Abs(root)
		if err != nil {
			return o, fault.New(fault.Invalid, "FILE_ROOTS", fmt.Errorf("find folder %s: %w", root, err),
				"give an absolute path")
		}
		o.Roots = append(o.Roots, abs)
	}
	return o, nil
}

// sleep waits between attempts at a storage that failed for a passing reason.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Open returns the bucket of a URL.
func (s *Stores) Open(ctx context.Context, url string) (*store.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.open[url]; b != nil {
		return b, nil
	}
	b, err := store.Open(ctx, url, s.options)
	if err == nil {
		s.open[url] = b
	}
	return b, err
}

// List opens a place and lists all of it. A place that is or lies in a lakehouse table is refused.
func (s *Stores) List(ctx context.Context, url string) (*store.Bucket, []store.Object, error) {
	b, err := s.Open(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	listing, err := b.List(ctx, "")
	if err != nil {
		return b, nil, err
	}
	return b, withoutStubs(listing), s.noTable(ctx, url, listing)
}

// Close closes every bucket.
func (s *Stores) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, b := range s.open {
		errs = append(errs, b.Close())
	}
	s.open = map[string]*store.Bucket{}
	return errors.Join(errs...)
}

// Table is a folder of Parquet objects that is read whole.
type Table struct {
	Bucket  *store.Bucket
	Objects []store.Object
}

// Table lists a folder that a setting names; one without objects is an input that is missing.
func (s *Stores) Table(ctx context.Context, setting, url string) (Table, error) {
	bucket, listing, err := s.List(ctx, url)
	if err != nil {
		return Table{}, err
	}
	return TableOf(setting, url, bucket, listing)
}

// TableOf is the table of a folder that was listed.
func TableOf(setting, url string, bucket *store.Bucket, listing []store.Object) (t Table, err error) {
	t.Bucket = bucket
	parts, err := Partitions(url, project.Partition{}, listing)
	if err != nil {
		return t, err
	}
	for _, p := range parts {
		t.Objects = append(t.Objects, p.Objects...)
	}
	if len(t.Objects) == 0 {
		return t, fault.BadInput("INPUT_MISSING", fmt.Sprintf("list %s: %s holds no objects", setting, t.Bucket.URL()),
			"check the export and the url of "+setting+": in malgrupp.yaml")
	}
	return t, nil
}
