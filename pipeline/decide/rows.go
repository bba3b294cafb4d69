package decide

import (
	"context"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Rows are everything that a decision read about its one person, copied so that it can be made again.
type Rows struct {
	*Decision
	Records []*Copied       // of the table of customers
	groups  [][]*Copied     // by source
	copies  [2][][][]uint32 // as of the decision's moment, and as of later ones; by source and group
}

// Place is one of the copied rows.
type Place struct{ Source, Group, Row int }

// At returns the group of a place and the source that it came from.
func (r *Rows) At(p Place) (*Copied, *Source) {
	return r.groups[p.Source][p.Group], &r.Sources[p.Source]
}

// Each calls visit for every copied row of the sources that has a time.
func (r *Rows) Each(visit func(at int64)) {
	for i, groups := range r.groups {
		column, _ := r.Sources[i].Schema.WithRole(rules.RoleEventTime)
		for _, c := range groups {
			for row := range c.Rows() {
				if at, ok := c.Instant(column.Name, row); ok {
					visit(at)
				}
			}
		}
	}
}

// Rows reads all sources once more for the rows that may be about the person.
func (d *Decision) Rows(ctx context.Context) (*Rows, error) {
	r := &Rows{Decision: d, groups: make([][]*Copied, len(d.Sources))}
	for i := range r.copies {
		r.copies[i] = make([][][]uint32, len(d.Sources))
	}
	person := r.person()
	for i := range d.Sources {
		if err := r.read(ctx, i, person); err != nil {
			return nil, err
		}
	}
	if d.Person.Kind == identity.Customer && len(d.attributes.Objects) > 0 {
		return r, r.readRecords(ctx)
	}
	return r, nil
}

func (r *Rows) person() scan.Person {
	if r.Person.Kind != identity.Customer {
		return scan.Person{Devices: map[string]bool{r.Person.Raw: true}}
	}
	p := scan.Person{Customer: r.Person.Raw, Devices: map[string]bool{}}
	for _, l := range r.logins { // also on devices that are no longer hers: whose a row is hangs on its own time
		if r.Person.Known && l.Customer == r.Person.number {
			p.Devices[r.subjects.Name(l.Device)] = true
		}
	}
	return p
}

// hers leaves out the rows, without a login, of a device that somebody else used at the time: they are not the
// person's, and why they are refused is none of her business.
func (r *Rows) hers(g *parquet.RowGroup, schema *rules.Schema, rows []uint32) ([]uint32, error) {
	if r.star == nil || r.Person.Kind != identity.Customer {
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
		device, ok := r.subjects.Find(identity.Device, devices(row))
		owner := r.star.Owner(device, evidence.None, evidence.None, min(int64(times.Value(int(row))), r.policy.Now),
			func(identity.Number) bool { return true })
		return !ok || times.IsNull(int(row)) || owner.How != identity.ByAttachment || owner.Customer != r.Person.number
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

// copy reads objects and keeps the rows that find returns, in the order of objects and row groups.
func (r *Rows) copy(ctx context.Context, read *folder.Reading, decide, name []string,
	find func(g *parquet.RowGroup) ([]uint32, error),
) (map[scan.Unit]*Copied, error) {
	kept := map[scan.Unit]*Copied{}
	var mu sync.Mutex
	err := read.Each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
		rows, err := find(g)
		if err != nil || len(rows) == 0 {
			return err
		}
		h, err := copyRows(g, read.Objects[u.Object].Key, rows, decide, name)
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

func unitsOf(kept map[scan.Unit]*Copied) (out []scan.Unit) {
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

func (r *Rows) read(ctx context.Context, source int, person scan.Person) error {
	s := &r.Sources[source]
	plan, err := r.planAsOf(r.AsOf, r.cover)
	if err != nil {
		return err
	}
	from, _ := s.reach(r.Decision, plan)
	objects := s.Objects(from, r.KnownBy) // also what lies behind a window now and enters it later
	read := r.Reading("rows", s.bucket, objects, s.Schema)
	decide, name := s.kept()
	kept, err := r.copy(ctx, read, decide, name, func(g *parquet.RowGroup) ([]uint32, error) {
		rows, err := s.scanner.RowsOf(g, person)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		return r.hers(g, s.Schema, rows)
	})
	if err != nil {
		return s.wrap(err, objects)
	}
	number := s.numbers()
	for _, u := range unitsOf(kept) {
		r.groups[source] = append(r.groups[source], kept[u])
	}
	for _, u := range unitsOf(kept) {
		at := scan.Unit{Object: number[kept[u].Object], RowGroup: u.RowGroup}
		for i, copies := range []*scan.Copies{s.copies, s.later} {
			r.copies[i][source] = append(r.copies[i][source], kept[u].numbers(copies.Of(at)))
		}
	}
	return nil
}

// numbers turns row numbers of the row group into those of what was copied of it; others are left out.
func (c *Copied) numbers(rows []uint32) (out []uint32) {
	for _, row := range rows {
		if i, ok := slices.BinarySearch(c.Numbers, row); ok {
			out = append(out, uint32(i))
		}
	}
	return out
}

// kept are the columns that deciding about a row takes, and those that name it.
func (s *Source) kept() (decide, name []string) {
	decide = s.scanner.Columns()
	for _, role := range []rules.Role{rules.RoleReceivedAt, rules.RoleEventID, rules.RoleEventName, rules.RoleSession} {
		if c, ok := s.Schema.WithRole(role); ok && !slices.Contains(decide, c.Name) {
			name = append(name, c.Name)
		}
	}
	return decide, name
}

func (r *Rows) readRecords(ctx context.Context) error {
	t, schema := r.attributes, r.Attributes()
	plan, err := r.planAsOf(r.AsOf, r.cover)
	if err != nil {
		return err
	}
	reader, err := (&hearing{Decision: r.Decision, plan: plan, scan: r.scanPlan(plan)}).records()
	if err != nil {
		return err
	}
	var columns []string
	for _, c := range schema.Columns {
		columns = append(columns, c.Name)
	}
	read := r.Reading("attributes", t.Bucket, t.Objects, schema)
	read.Workers = 1
	kept, err := r.copy(ctx, read, columns, nil, func(g *parquet.RowGroup) ([]uint32, error) {
		return reader.RowsOfCustomer(g, r.Person.Raw)
	})
	for _, u := range unitsOf(kept) {
		r.Records = append(r.Records, kept[u])
	}
	return err
}
