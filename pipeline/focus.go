package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// focus is the one person a job asks about, and the segment that is in question. It begins with a keyed or a raw id; trace finds the other.
type focus struct {
	segment *rules.Segment
	keyed   string
	raw     string // as identity.Normalise leaves it
	number  identity.Number
	known   bool // a consent event, a login or a row named the person
}

func (f *focus) customer() bool { return f.segment.Level == rules.CustomerLevel }

func (f *focus) kind() (identity.Kind, keys.Label) {
	if f.customer() {
		return identity.Customer, keys.CustomerID
	}
	return identity.Device, keys.DeviceID
}

// newFocus takes a keyed id, or a raw one if raw says so.
func newFocus(ring *keys.Ring, segment *rules.Segment, subject string, raw bool) (*focus, error) {
	f := &focus{segment: segment}
	if !raw {
		if _, ok := keys.NumberOf(subject); !ok {
			return nil, fail(KindUsage, "SUBJECT", errors.New("the subject is no keyed id: one looks like k1.T9rSBS_C55xmPzfW2u-yvw"),
				"give - and write the raw id to standard input; what is printed then begins with its keyed id")
		}
		f.keyed = subject
		return f, nil
	}
	if f.raw = identity.Normalise(subject); f.raw == "" || identity.Blocked(f.raw) {
		return nil, fail(KindUsage, "SUBJECT", errors.New("the id on standard input is empty, or stands for nobody in particular"), "write one id of a "+string(segment.Level)+" and nothing else")
	}
	_, label := f.kind()
	keyer, err := ring.Keyer(label)
	if err != nil {
		return nil, err
	}
	f.keyed = keyer.Key(keys.NewID(f.raw))
	return f, nil
}

// trace finds the person among all who were named, and has the tally keep what the conditions are for that person.
func (e *Evaluation) trace(f *focus, tally *segments.Tally) error {
	kind, label := f.kind()
	if f.raw == "" {
		number, _ := keys.NumberOf(f.keyed)
		keyer, err := e.Job.Keys.KeyerOf(number, label)
		if err != nil {
			return fail(KindUsage, "SUBJECT", err, "give - and write the raw id to standard input")
		}
		for id := range e.subjects.Names {
			if keyer.Key(keys.NewID(id)) == f.keyed {
				f.raw = id
				break
			}
		}
		if f.raw == "" {
			return fail(KindUsage, "SUBJECT", fmt.Errorf("nobody in the consent log and the rows has the keyed id %s", f.keyed),
				"a segment of customers wants the keyed id of a customer, one of devices that of a device; with - the raw id is read from standard input")
		}
	}
	id := []byte(f.raw)
	hash := e.subjects.Hash(kind, id)
	if f.number, f.known = e.subjects.Lookup(hash, id); !f.known {
		f.number, f.known = e.subjects.LookupLate(hash, id)
	}
	if f.known {
		tally.Trace(f.number)
	}
	return nil
}

// dossier is everything a run read about one person, kept so that it can decide about that person again.
type dossier struct {
	*Evaluation
	*focus
	rows    [][]*held // by source
	copies  [][][]uint32
	records []*held // of the table of customers
}

// dossier reads all sources once more for the rows that may be about the person.
func (e *Evaluation) dossier(ctx context.Context, f *focus) (*dossier, error) {
	d := &dossier{Evaluation: e, focus: f, rows: make([][]*held, len(e.Sources)), copies: make([][][]uint32, len(e.Sources))}
	person := d.person()
	for i := range e.Sources {
		if err := d.read(ctx, i, person); err != nil {
			return nil, err
		}
	}
	if f.customer() && len(e.attributes.objects) > 0 {
		return d, d.readAttributes(ctx)
	}
	return d, nil
}

func (d *dossier) person() scan.Person {
	if !d.customer() {
		return scan.Person{Devices: map[string]bool{d.raw: true}}
	}
	p := scan.Person{Customer: d.raw, Devices: map[string]bool{}}
	if d.star != nil && d.known {
		for _, device := range d.star.Devices(d.number) {
			p.Devices[d.subjects.Name(device)] = true
		}
	}
	return p
}

// each reads objects and keeps the rows that find returns, in the order of objects and row groups.
func (d *dossier) each(ctx context.Context, r reading, columns []string, find func(g *parquet.RowGroup) ([]uint32, error)) (map[scan.Unit]*held, error) {
	kept := map[scan.Unit]*held{}
	var mu sync.Mutex
	err := r.each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
		rows, err := find(g)
		if err != nil || len(rows) == 0 {
			return err
		}
		h, err := hold(g, r.objects[u.Object].Key, rows, columns)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		kept[u] = h
		return nil
	})
	return kept, err
}

func unitsOf(kept map[scan.Unit]*held) (out []scan.Unit) {
	for u := range kept {
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b scan.Unit) int {
		if a.Object != b.Object {
			return a.Object - b.Object
		}
		return a.RowGroup - b.RowGroup
	})
	return out
}

func (d *dossier) read(ctx context.Context, source int, person scan.Person) error {
	s := &d.Sources[source]
	plan, err := d.planAsOf(d.Job.AsOf, d.cover)
	if err != nil {
		return err
	}
	from, _ := s.reach(d.Job, plan)
	objects := s.objects(from, d.Job.KnownBy) // also what lies behind a window now and enters it later
	r := reading{bucket: s.bucket, objects: objects, schema: s.Schema, limits: d.Job.limits(), workers: d.Job.Workers}
	kept, err := d.each(ctx, r, s.kept(), func(g *parquet.RowGroup) ([]uint32, error) { return s.scanner.RowsOf(g, person) })
	if err != nil {
		return s.wrap(err, objects)
	}
	number := s.numbers()
	for _, u := range unitsOf(kept) {
		h := kept[u]
		d.rows[source] = append(d.rows[source], h)
		d.copies[source] = append(d.copies[source], h.numbers(s.copies.Of(scan.Unit{Object: number[h.object], RowGroup: u.RowGroup})))
	}
	return nil
}

// numbers turns row numbers of the row group into those of what is held of it; others are left out.
func (h *held) numbers(rows []uint32) (out []uint32) {
	for _, row := range rows {
		if i, ok := slices.BinarySearch(h.rows, row); ok {
			out = append(out, uint32(i))
		}
	}
	return out
}

// kept are the columns that deciding and telling about a row takes.
func (s *SourceRun) kept() []string {
	columns := s.scanner.Columns()
	for _, role := range []rules.Role{rules.RoleEventTime, rules.RoleReceivedAt, rules.RoleEventID, rules.RoleEventName, rules.RoleDevice, rules.RoleCustomer} {
		if c, ok := s.Schema.WithRole(role); ok {
			columns = append(columns, c.Name)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

func (d *dossier) readAttributes(ctx context.Context) error {
	t, schema := d.Evaluation.attributes, d.Job.Attributes()
	plan, err := d.planAsOf(d.Job.AsOf, d.cover)
	if err != nil {
		return err
	}
	reader, err := scan.NewAttributes(d.scanPlan(plan), builtin.ProfileRecord, schema, d.Job.KnownBy, d.subjects)
	if err != nil {
		return fail(KindInvalid, "SCHEMA", err, "see docs/how-to/schemas.md")
	}
	var columns []string
	for _, c := range schema.Columns {
		columns = append(columns, c.Name)
	}
	r := reading{bucket: t.bucket, objects: t.objects, schema: schema, limits: d.Job.limits(), workers: 1}
	kept, err := d.each(ctx, r, columns, func(g *parquet.RowGroup) ([]uint32, error) { return reader.RowsOfCustomer(g, d.raw) })
	for _, u := range unitsOf(kept) {
		d.records = append(d.records, kept[u])
	}
	return err
}
