package decide

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/kept"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// keeping is what a hearing does with kept evidence of one source: of which objects it takes that, and of which others
// it keeps what it reads.
type keeping struct {
	*Decision
	source  *Source
	what    scan.Keepsake
	entries []*kept.Entry     // by object, nil where the log is read
	gather  []*kept.Gathering // by object that is read, nil where nothing is kept
}

// keeps asks what earlier runs kept of objects, and has the workers note what is worth keeping of others; nil where the
// run has no evidence.
func (h *hearing) keeps(s *Source, objects []store.Object, scans []*scan.Worker) *keeping {
	if h.Evidence == nil || h.Person != nil || h.mayLack(s) {
		return nil
	}
	what, ok := s.scanner.Keepsake()
	if !ok {
		return nil
	}
	k := &keeping{Decision: h.Decision, source: s, what: what, entries: make([]*kept.Entry, len(objects))}
	k.gather = make([]*kept.Gathering, len(objects))
	for i, o := range objects {
		k.entries[i], _ = h.Evidence.Find(k.name(o), o.Size, what, h.KnownBy)
	}
	if h.Evidence.Writes() {
		for _, w := range scans {
			w.Keep()
		}
	}
	return k
}

// mayLack reports whether an object may lack a column that a statistic reads: what is kept of it does not tell.
func (h *hearing) mayLack(s *Source) bool {
	for _, of := range h.Count {
		for _, name := range of.Reads() {
			if c, ok := s.Schema.Column(name); ok && (c.Optional || c.Since != "" || c.Until != "") {
				return true
			}
		}
	}
	return false
}

func (k *keeping) name(o store.Object) string {
	return kept.Object(k.Absolute(k.source.URL), k.source.Schema.Hash, k.what.Marks, o)
}

// fresh are the objects that nothing is kept of, and their places among all.
func (k *keeping) fresh(objects []store.Object) (fresh []store.Object, places []int) {
	for i, o := range objects {
		if k == nil || k.entries[i] == nil {
			fresh, places = append(fresh, o), append(places, i)
		}
	}
	return fresh, places
}

// opened begins to keep an object that is read.
func (k *keeping) opened(ctx context.Context, i int, o store.Object, f *parquet.File) {
	if k != nil && k.Evidence.Writes() && o.ETag != "" {
		k.gather[i] = k.Evidence.Gather(ctx, k.name(o), k.source.Schema, k.what, k.KnownBy, o.Size, f.Rows(),
			f.RowGroups())
	}
}

// take keeps what is worth it of a row group that was scanned.
func (k *keeping) take(ctx context.Context, i, group int, g *parquet.RowGroup, w *scan.Worker) error {
	if k == nil || k.gather[i] == nil {
		return nil
	}
	rows, classes, ok := w.Kept()
	if !ok {
		k.gather[i].Spoil()
	}
	if ok && k.Buried != nil {
		var err error
		if rows, classes, err = k.living(g, rows, classes); err != nil {
			return err
		}
	}
	return k.gather[i].Add(ctx, group, g, rows, classes, w.KeptFor)
}

// living are the rows that name nobody who is forgotten: of them nothing is kept, as long as the log may have them.
func (k *keeping) living(g *parquet.RowGroup, rows, classes []uint32) (left, of []uint32, err error) {
	forgotten := func(kind identity.Kind) func(id string) bool {
		return func(id string) bool { _, is := k.Buried(KindName(kind), id); return is }
	}
	named := make([]func(row int) bool, 0, 2)
	for kind, role := range map[identity.Kind]rules.Role{
		identity.Device: rules.RoleDevice, identity.Customer: rules.RoleCustomer,
	} {
		if c, there := k.source.Schema.WithRole(role); there {
			a, err := g.Column(c.Name)
			if err != nil {
				return nil, nil, err
			}
			named = append(named, scan.Named(a, forgotten(kind)))
		}
	}
	for i, row := range rows {
		gone := false
		for _, is := range named {
			gone = gone || is(int(row))
		}
		if !gone {
			left, of = append(left, row), append(of, classes[i])
		}
	}
	return left, of, nil
}

// resume scans the evidence that was kept and hands it to admit.
func (k *keeping) resume(ctx context.Context, task *Task, objects []store.Object, scans []*scan.Worker,
	admit func(worker int, b *evidence.Block),
) error {
	number := k.source.numbers()
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for w := range scans {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < len(objects); i = int(next.Add(1)) - 1 {
				e := k.entries[i]
				if e == nil {
					continue
				}
				copies := func(group int) []uint32 {
					return k.source.copies.Of(scan.Unit{Object: number[objects[i].Key], RowGroup: group})
				}
				states := scans[w].States(e.Classes, e.Number(k.what))
				err := k.Evidence.Each(ctx, e, k.source.Schema, func(g scan.RowGroup) error {
					block, err := scans[w].Resume(g, states, copies)
					if err == nil {
						admit(w, block)
					}
					return err
				})
				if err != nil {
					return err
				}
				task.add(objects[i].Size, e.Rows)
			}
			return nil
		})
	}
	return g.Wait()
}
