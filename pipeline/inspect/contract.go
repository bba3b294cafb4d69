package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
)

// ContractOptions say which objects are checked.
type ContractOptions struct {
	Sources []string // names; empty: all
	All     bool     // every object, not only those of the newest partition
}

// SourceContract is how the objects of a source depart from its schema.
type SourceContract struct {
	Source  string  `json:"source"`
	Schema  string  `json:"event_schema"`
	Checked int     `json:"objects_checked"`
	Listed  int     `json:"objects_listed"`
	Rows    int64   `json:"rows"`
	Drifts  []Drift `json:"drifts"`
}

// Drift is one departure with the objects that have it.
type Drift struct {
	Departure
	Rows    int64    `json:"rows,omitempty"`    // that are concerned, where single rows are
	Of      int64    `json:"of_rows,omitempty"` // of these objects
	Objects []string `json:"objects"`           // sorted
}

// Departure is what a drift consists in.
type Departure struct {
	Kind    DriftKind `json:"kind"`
	Broken  bool      `json:"broken"` // the contract does not hold; otherwise it is worth knowing
	Column  string    `json:"column,omitempty"`
	Message string    `json:"message"` // holds no values
}

// DriftKind says what sort of departure it is.
type DriftKind string

// The kinds of drift.
const (
	DriftDamaged DriftKind = "damaged"        // the object cannot be read
	DriftMissing DriftKind = "missing_column" // that the schema requires
	DriftType    DriftKind = "other_form"     // a column that cannot be read as its type
	DriftUnnamed DriftKind = "unnamed_column" // that the schema does not name
	DriftNull    DriftKind = "null"           // in a column that the schema requires
	DriftTime    DriftKind = "implausible_time"
	DriftText    DriftKind = "no_text"        // in a text column
	DriftCopies  DriftKind = "copies"         // of the event id, more than half of the rows
	DriftEnum    DriftKind = "unlisted_value" // of a column with an enum, or an event that events does not list
)

// Broken reports whether the source departs so far that a run would stop, or read something else than is meant.
func (s *SourceContract) Broken() bool {
	return slices.ContainsFunc(s.Drifts, func(d Drift) bool { return d.Broken })
}

// Contract checks the objects of a job's sources against their schemas.
func Contract(ctx context.Context, in decide.Inputs, o ContractOptions) ([]SourceContract, error) {
	sources, err := sourcesOf(in.Project, o.Sources)
	if err != nil {
		return nil, err
	}
	var out []SourceContract
	for _, conf := range sources {
		bucket, listing, err := in.List(ctx, conf.URL)
		if err != nil {
			return nil, err
		}
		listing = slices.DeleteFunc(listing, func(o store.Object) bool { return folder.Hidden(o) })
		if len(listing) == 0 {
			return nil, fault.BadInput("INPUT_MISSING",
				fmt.Sprintf("list source %s: %s holds no objects", conf.Name, bucket.URL()),
				"check the export and the url of the source in malgrupp.yaml")
		}
		c := &contract{
			in: &in, bucket: bucket, schema: in.Schemas[conf.Schema], copies: conf.CopiesExpected, found: map[Departure]*Drift{},
		}
		objects := newest(listing, conf.Partition)
		if o.All {
			objects = listing
		}
		if err := c.check(ctx, objects); err != nil {
			return nil, err
		}
		out = append(out, SourceContract{conf.Name, conf.Schema, len(objects), len(listing), c.rows, c.drifts()})
	}
	return out, nil
}

// newest are the objects of the last day, or the one written last where there are no days.
func newest(listing []store.Object, p project.Partition) []store.Object {
	sorted := slices.Clone(listing)
	newestFirst(sorted, p)
	if p.Key == "" {
		return sorted[:1]
	}
	last, _, _ := p.Locate(sorted[0].Key)
	return slices.DeleteFunc(sorted, func(o store.Object) bool {
		at, _, _ := p.Locate(o.Key)
		return at.Day != last.Day
	})
}

// contract checks the objects of one source, several at once.
type contract struct {
	in     *decide.Inputs
	bucket *store.Bucket
	schema *rules.Schema
	copies bool // most rows may be copies

	mu    sync.Mutex
	found map[Departure]*Drift
	rows  int64
	done  int64
}

func (c *contract) check(ctx context.Context, objects []store.Object) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, c.in.Workers))
	c.tell(len(objects))
	for _, o := range objects {
		g.Go(func() error {
			rows, err := c.object(ctx, o)
			if _, damaged := errors.AsType[*parquet.DamagedError](err); damaged {
				c.note(o, finding{Departure: Departure{DriftDamaged, true, "", err.Error()}})
				err = nil
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.rows += rows
			c.done++
			c.tell(len(objects))
			return err
		})
	}
	return g.Wait()
}

func (c *contract) tell(objects int) {
	c.in.Tell(decide.Progress{Phase: "check", Unit: decide.Objects, Done: c.done, Total: int64(objects), Rows: c.rows})
}

// object compares the footer, then the values of the columns that can be read.
func (c *contract) object(ctx context.Context, o store.Object) (rows int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	r, err := c.bucket.Open(ctx, o)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	diff, err := parquet.Compare(r, o.Size, o.Key, c.schema)
	if err != nil {
		return 0, err
	}
	readable := *c.schema
	readable.Columns = slices.Clone(c.schema.Columns)
	for _, m := range diff.Misfits {
		kind := DriftType
		if m.Absent {
			kind = DriftMissing
		}
		c.note(o, finding{Departure: Departure{kind, true, m.Column, m.Reason}})
		readable.Columns = slices.DeleteFunc(readable.Columns, func(x rules.Column) bool { return x.Name == m.Column })
	}
	for _, path := range diff.Unnamed {
		c.note(o, finding{Departure: Departure{DriftUnnamed, false, path, "the schema does not name it"}})
	}
	f, err := parquet.Open(r, o.Size, o.Key, &readable, c.in.Limits())
	if err != nil {
		return 0, err
	}
	t := newTests(&readable, diff.Lacking, c.in)
	if c.copies {
		t.ids = nil
	}
	if err := t.read(f); err != nil {
		return f.Rows(), err
	}
	for _, found := range t.findings(f.Rows()) {
		c.note(o, found)
	}
	return f.Rows(), nil
}

// finding is a departure of one object.
type finding struct {
	Departure
	rows, of int64
}

func (c *contract) note(o store.Object, f finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.found[f.Departure]
	if d == nil {
		d = &Drift{Departure: f.Departure}
		c.found[f.Departure] = d
	}
	d.Rows += f.rows
	d.Of += f.of
	d.Objects = append(d.Objects, o.Key)
}

// drifts are what was found, the broken first.
func (c *contract) drifts() []Drift {
	out := make([]Drift, 0, len(c.found))
	for _, d := range c.found {
		slices.Sort(d.Objects)
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Drift) int {
		if a.Broken != b.Broken && a.Broken {
			return -1
		} else if a.Broken != b.Broken {
			return 1
		}
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return out
}
