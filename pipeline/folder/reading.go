package folder

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// openObject is an object whose row groups are being read; the last reader closes it.
type openObject struct {
	number int
	file   *parquet.File
	bytes  io.Closer
	left   atomic.Int64
}

func (o *openObject) done() {
	if o.left.Add(-1) == 0 {
		_ = o.bytes.Close() // it was only read
	}
}

// unit is one row group to read.
type unit struct {
	object *openObject
	group  int
}

// Reading says which objects to read and how.
type Reading struct {
	Bucket  *store.Bucket
	Objects []store.Object
	Schema  *rules.Schema
	Limits  parquet.Limits
	Workers int
	// Shape, where it is not nil, says instead of Schema what an object is read from, and with which schema.
	Shape  func(r io.ReaderAt, size int64, name string) (io.ReaderAt, int64, *rules.Schema, error)
	Opened func(object int, f *parquet.File) // may be nil; called once for each object, from many goroutines
	Done   func(bytes, rows int64)           // may be nil; called when a part is read, from many goroutines
}

// Size is how many bytes objects have together: so many are done when a reading of them ends.
func Size(objects []store.Object) (total int64) {
	for _, o := range objects {
		total += o.Size
	}
	return total
}

// BadObject is a damaged object with its number in the reading.
type BadObject struct {
	Number int
	Err    error
}

func (b *BadObject) Error() string { return b.Err.Error() }

func (b *BadObject) Unwrap() error { return b.Err }

// earliest is the fault of the object that failed first, in the earliest of its row groups: workers that hold an
// earlier one read it to its end, so that every run names the same.
type earliest struct {
	mu  sync.Mutex
	of  unit
	err error
}

// awaits reports whether a row group could still hold an earlier fault.
func (e *earliest) awaits(u unit) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err != nil && e.of.object == u.object && u.group < e.of.group
}

// note takes a fault in and returns it.
func (e *earliest) note(u unit, err error) error {
	if _, damaged := errors.AsType[*BadObject](err); !damaged {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil || e.of.object == u.object && u.group < e.of.group {
		e.of, e.err = u, err
	}
	return err
}

// Each calls visit for every row group of every object, on that many goroutines with a cursor each; worker tells them
// apart. A bounded number of objects is open at once. The first error stops all; a damaged object is a *BadObject, of
// the first row group that is damaged.
func (r *Reading) Each(ctx context.Context, visit func(worker int, u scan.Unit, g *parquet.RowGroup) error) error {
	workers := max(1, r.Workers)
	units := make(chan unit, workers)
	g, stop := errgroup.WithContext(ctx)
	var next atomic.Int64
	var openers sync.WaitGroup
	var first earliest
	for range min(workers, len(r.Objects)) {
		openers.Add(1)
		g.Go(func() error {
			defer openers.Done()
			for i := int(next.Add(1)) - 1; i < len(r.Objects); i = int(next.Add(1)) - 1 {
				if err := r.open(ctx, stop, i, units); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error { openers.Wait(); close(units); return nil })
	for w := range workers {
		g.Go(func() error {
			var cursor parquet.Cursor
			for u := range units {
				err := stop.Err()
				if err == nil || ctx.Err() == nil && first.awaits(u) {
					g := cursor.Move(u.object.file, u.group)
					err = visit(w, scan.Unit{Object: u.object.number, RowGroup: u.group}, g)
					r.tell(u, int64(g.Rows()))
				}
				u.object.done()
				if err != nil {
					return first.note(u, r.blame(u.object.number, err))
				}
			}
			return nil
		})
	}
	err := g.Wait()
	for u := range units {
		u.object.done()
	}
	return cmp.Or(first.err, err)
}

// open puts the row groups of an object among the units until it is told to stop; what it opened can be read on.
func (r *Reading) open(ctx, stop context.Context, i int, units chan<- unit) error {
	o := r.Objects[i]
	bytes, err := r.Bucket.Open(ctx, o)
	if err != nil {
		return err
	}
	f, err := r.file(bytes, o)
	if err != nil {
		_ = bytes.Close()
		return r.blame(i, err)
	}
	if r.Opened != nil {
		r.Opened(i, f)
	}
	object := &openObject{number: i, file: f, bytes: bytes}
	object.left.Store(int64(f.RowGroups()))
	if f.RowGroups() == 0 {
		if r.Done != nil {
			r.Done(o.Size, 0)
		}
		return bytes.Close()
	}
	for group := range f.RowGroups() {
		select {
		case units <- unit{object, group}:
		case <-stop.Done():
			for range f.RowGroups() - group {
				object.done()
			}
			return stop.Err()
		}
	}
	return nil
}

// file opens what was stored in the form that the reading asks for.
func (r *Reading) file(bytes io.ReaderAt, o store.Object) (*parquet.File, error) {
	size, schema := o.Size, r.Schema
	if r.Shape != nil {
		var err error
		if bytes, size, schema, err = r.Shape(bytes, o.Size, o.Key); err != nil {
			return nil, err
		}
	}
	return parquet.Open(bytes, size, o.Key, schema, r.Limits)
}

// tell says that a row group was visited. Row groups stand for equal shares of their object's bytes.
func (r *Reading) tell(u unit, rows int64) {
	if r.Done == nil {
		return
	}
	size, groups, group := r.Objects[u.object.number].Size, int64(u.object.file.RowGroups()), int64(u.group)
	r.Done(size*(group+1)/groups-size*group/groups, rows)
}

func (r *Reading) blame(object int, err error) error {
	if _, damaged := errors.AsType[*parquet.DamagedError](err); damaged {
		return &BadObject{object, err}
	}
	return err
}

// Input is one object that was read, pinned by its etag.
type Input struct {
	Source string `json:"source"`
	Key    string `json:"key"`
	Size   int64  `json:"size"`
	ETag   string `json:"etag"`
	Rows   int64  `json:"rows,omitempty"`
}

// Pin pins objects by name and content for the manifest and the idempotence key.
func Pin(source string, objects []store.Object, rows []int64) []Input {
	out := make([]Input, len(objects))
	for i, o := range objects {
		out[i] = Input{Source: source, Key: o.Key, Size: o.Size, ETag: o.ETag}
		if rows != nil {
			out[i].Rows = rows[i]
		}
	}
	return out
}
