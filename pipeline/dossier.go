package pipeline

import (
	"context"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// dossier is everything a run read about one person, kept so that it can decide about that person again.
type dossier struct {
	*Evaluation
	*focus
	rows    [][]*held       // by source
	copies  [2][][][]uint32 // as of the job's moment, and as of later ones; by source and group
	records []*held         // of the table of customers
	stays   state.StayRecord
}

// dossier reads all sources once more for the rows that may be about the person.
func (e *Evaluation) dossier(ctx context.Context, f *focus) (*dossier, error) {
	d := &dossier{Evaluation: e, focus: f, rows: make([][]*held, len(e.Sources))}
	for i := range d.copies {
		d.copies[i] = make([][][]uint32, len(e.Sources))
	}
	for _, k := range e.Job.Stay {
		if k.ID == f.raw {
			d.stays = append(d.stays, k)
		}
	}
	person := d.person()
	for i := range e.Sources {
		if err := d.read(ctx, i, person); err != nil {
			return nil, err
		}
	}
	if f.customer() && len(e.attributes.Objects) > 0 {
		return d, d.readAttributes(ctx)
	}
	return d, nil
}

func (d *dossier) person() scan.Person {
	if !d.customer() {
		return scan.Person{Devices: map[string]bool{d.raw: true}}
	}
	p := scan.Person{Customer: d.raw, Devices: map[string]bool{}}
	for _, l := range d.logins { // also on devices that are no longer hers: whose a row is hangs on its own time
		if d.known && l.Customer == d.number {
			p.Devices[d.subjects.Name(l.Device)] = true
		}
	}
	return p
}

// hers leaves out the rows, without a login, of a device that somebody else used at the time: they are not the person's, and
// why they are refused is none of her business.
func (d *dossier) hers(g *parquet.RowGroup, schema *rules.Schema, rows []uint32) ([]uint32, error) {
	if d.star == nil || !d.customer() {
		return rows, nil
	}
	customers, err := roleTexts(g, schema, rules.RoleCustomer)
	if err != nil {
		return nil, err
	}
	devices, err := roleTexts(g, schema, rules.RoleDevice)
	if err != nil {
		return nil, err
	}
	column, _ := schema.WithRole(rules.RoleEventTime)
	a, err := g.Column(column.Name)
	if err != nil {
		return nil, err
	}
	times := a.(*array.Timestamp)
	return slices.DeleteFunc(rows, func(row uint32) bool {
		if customers(row) != "" {
			return false
		}
		device, ok := d.numberOf(identity.Device, devices(row))
		owner := d.star.Owner(device, evidence.None, evidence.None, min(int64(times.Value(int(row))), d.policy.Now), func(identity.Number) bool { return true })
		return !ok || times.IsNull(int(row)) || owner.How != identity.ByAttachment || owner.Customer != d.number
	}), nil
}

// roleTexts reads the ids in the column of a role, "" where there is none.
func roleTexts(g *parquet.RowGroup, schema *rules.Schema, role rules.Role) (func(row uint32) string, error) {
	column, ok := schema.WithRole(role)
	if !ok {
		return func(uint32) string { return "" }, nil
	}
	a, err := g.Column(column.Name)
	if err != nil {
		return nil, err
	}
	return func(row uint32) string { return identity.Normalise(scan.IDText(a, int(row))) }, nil
}

// each reads objects and keeps the rows that find returns, in the order of objects and row groups.
func (d *dossier) each(ctx context.Context, r folder.Reading, decide, name []string, find func(g *parquet.RowGroup) ([]uint32, error)) (map[scan.Unit]*held, error) {
	kept := map[scan.Unit]*held{}
	var mu sync.Mutex
	err := r.Each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
		rows, err := find(g)
		if err != nil || len(rows) == 0 {
			return err
		}
		h, err := hold(g, r.Objects[u.Object].Key, rows, decide, name)
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
	r := folder.Reading{Bucket: s.bucket, Objects: objects, Schema: s.Schema, Limits: d.Job.limits(), Workers: d.Job.Workers}
	decide, name := s.kept()
	kept, err := d.each(ctx, r, decide, name, func(g *parquet.RowGroup) ([]uint32, error) {
		rows, err := s.scanner.RowsOf(g, person)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		return d.hers(g, s.Schema, rows)
	})
	if err != nil {
		return s.wrap(err, objects)
	}
	number := s.numbers()
	for _, u := range unitsOf(kept) {
		h := kept[u]
		d.rows[source] = append(d.rows[source], h)
	}
	later := s.copies
	if d.comesLater(source) {
		if later, err = d.findCopies(ctx, s, d.Job.KnownBy, from, d.Job.KnownBy); err != nil {
			return err
		}
	}
	for _, u := range unitsOf(kept) {
		at := scan.Unit{Object: number[kept[u].object], RowGroup: u.RowGroup}
		for i, copies := range []*scan.Copies{s.copies, later} {
			d.copies[i][source] = append(d.copies[i][source], kept[u].numbers(copies.Of(at)))
		}
	}
	return nil
}

// comesLater reports whether some row of the person's in a source happened at as_of or after it: whether it is a copy only a later
// run would ask.
func (d *dossier) comesLater(source int) bool {
	column, _ := d.Sources[source].Schema.WithRole(rules.RoleEventTime)
	for _, h := range d.rows[source] {
		for row := range h.Rows() {
			if at, ok := h.instant(column.Name, row); ok && at >= d.Job.AsOf {
				return true
			}
		}
	}
	return false
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

// kept are the columns that deciding about a row takes, and those that name it.
func (s *SourceRun) kept() (decide, name []string) {
	decide = s.scanner.Columns()
	for _, role := range []rules.Role{rules.RoleReceivedAt, rules.RoleEventID, rules.RoleEventName, rules.RoleSession} {
		if c, ok := s.Schema.WithRole(role); ok && !slices.Contains(decide, c.Name) {
			name = append(name, c.Name)
		}
	}
	return decide, name
}

func (d *dossier) readAttributes(ctx context.Context) error {
	t, schema := d.Evaluation.attributes, d.Job.Attributes()
	plan, err := d.planAsOf(d.Job.AsOf, d.cover)
	if err != nil {
		return err
	}
	reader, err := scan.NewAttributes(d.scanPlan(plan), builtin.ProfileRecord, schema, d.Job.KnownBy, d.subjects)
	if err != nil {
		return fault.New(fault.Invalid, "SCHEMA", err, "see docs/how-to/schemas.md")
	}
	var columns []string
	for _, c := range schema.Columns {
		columns = append(columns, c.Name)
	}
	r := folder.Reading{Bucket: t.Bucket, Objects: t.Objects, Schema: schema, Limits: d.Job.limits(), Workers: 1}
	kept, err := d.each(ctx, r, columns, nil, func(g *parquet.RowGroup) ([]uint32, error) { return reader.RowsOfCustomer(g, d.raw) })
	for _, u := range unitsOf(kept) {
		d.records = append(d.records, kept[u])
	}
	return err
}
