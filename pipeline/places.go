package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Stores opens the buckets of a project, each URL once, and keeps them until Close.
type Stores struct {
	options store.Options
	mu      sync.Mutex
	open    map[string]*store.Bucket
}

// NewStores returns stores with these options.
func NewStores(o store.Options) *Stores { return &Stores{options: o, open: map[string]*store.Bucket{}} }

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
			return o, fault.New(fault.Invalid, "FILE_ROOTS", fmt.Errorf("find folder %s: %w", root, err), "give an absolute path")
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

// OpenKeys reads the keys of a project.
func OpenKeys(l *load.Loaded, env func(string) (string, bool)) (*keys.Ring, error) {
	k := l.Project.Keys
	ring, err := keys.Open(keys.Source{Dir: l.Dir, Env: env, Mounted: k.Mounted},
		keys.Config{Master: k.Master, State: k.State, Recipients: k.Recipients, Signing: k.Signing})
	if err != nil {
		return nil, fault.New(fault.Invalid, "KEYS", err, "malgrupp secret keygen --dir keys makes a set; keys must be readable by their owner alone")
	}
	return ring, nil
}
