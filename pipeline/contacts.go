package pipeline

import (
	"context"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// contactSchema has the columns of the identifiers table (docs/how-to/destinations.md).
var contactSchema = newContactSchema()

func newContactSchema() *rules.Schema {
	text := value.Type{Kind: value.Text}
	s := &rules.Schema{
		Name: "identifiers", Columns: []rules.Column{
			{Name: "subject_type", Type: text}, {Name: "subject_id", Type: text, Role: rules.RoleCustomer},
		},
	}
	for _, c := range platform.Columns() {
		s.Columns = append(s.Columns, rules.Column{Name: c.String(), Type: text, Optional: true})
	}
	return s
}

// listContacts lists the objects of the identifiers table, if some destination needs it. They are part of what a run
// depends on, though they are read last.
func (r *run) listContacts(ctx context.Context) (t folder.Table, err error) {
	conf := r.Project.Identifiers
	if conf == nil || !slices.ContainsFunc(r.Project.Destinations, identifies) {
		return t, nil
	}
	return r.Stores.Table(ctx, "identifiers", r.Absolute(conf.URL))
}

// identify reads the identifiers of members and of nobody else, if some list needs them.
func (r *run) identify(ctx context.Context) error {
	if !slices.ContainsFunc(r.decision.Lists, func(l decide.List) bool { return identifies(l.Destination) }) {
		return nil
	}
	wanted := wantedContacts(r.decision)
	shards := make([]*platform.Contacts, max(1, r.Workers))
	for i := range shards {
		shards[i] = r.newContacts()
	}
	read := r.Reading("identifiers", r.table.Bucket, r.table.Objects, contactSchema)
	err := read.Each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error { return contactRows(g, wanted, shards[w]) })
	if err != nil {
		return err
	}
	for _, s := range shards[1:] {
		shards[0].Merge(s)
	}
	r.contacts = shards[0]
	return nil
}

// newContacts is an empty table with the forms that the project names.
func (j *Job) newContacts() *platform.Contacts {
	forms := map[platform.Column]platform.Form{}
	for name, profile := range j.Project.Identifiers.Hashed {
		c, _ := platform.ColumnOf(name)
		forms[c] = platform.Form{Hashed: true, Profile: profile}
	}
	return platform.NewContacts(forms, j.Project.Identifiers.Country)
}

// wantedContacts are the members, by device and customer, of lists whose platform knows people by identifiers.
func wantedContacts(d *decide.Decision) (wanted [2]map[string]bool) {
	wanted = [2]map[string]bool{{}, {}}
	for _, l := range d.Lists {
		if !identifies(l.Destination) {
			continue
		}
		kind := identity.Device
		if l.Segment.Level == rules.CustomerLevel {
			kind = identity.Customer
		}
		for id := range d.Audience(l).Members() {
			wanted[kind][id] = true
		}
	}
	return wanted
}

// contactRows files the rows of wanted subjects. Who is wanted is asked once for each distinct id.
func contactRows(g *parquet.RowGroup, wanted [2]map[string]bool, into *platform.Contacts) error {
	kinds, err := g.Text("subject_type")
	if err != nil {
		return err
	}
	ids, err := g.Text("subject_id")
	if err != nil {
		return err
	}
	names := make([]string, ids.Dict.Len())
	for i := range names {
		if ids.Dict.IsNull(i) {
			continue
		}
		if id := identity.Normalise(ids.Dict.Value(i)); wanted[identity.Device][id] || wanted[identity.Customer][id] {
			names[i] = strings.Clone(id)
		}
	}
	var columns [len(platform.Contact{})]parquet.Text
	for _, c := range platform.Columns() {
		if columns[c], err = g.Text(c.String()); err != nil {
			return err
		}
	}
	for r := range g.Rows() {
		id := names[ids.Codes[r]]
		if id == "" || kinds.Null(r) {
			continue
		}
		customer := kinds.Dict.Value(int(kinds.Codes[r])) == "customer"
		kind := identity.Device
		if customer {
			kind = identity.Customer
		}
		if !wanted[kind][id] || !customer && kinds.Dict.Value(int(kinds.Codes[r])) != "device" {
			continue
		}
		into.Add(customer, id, contactRow(&columns, r))
	}
	return nil
}

func contactRow(columns *[len(platform.Contact{})]parquet.Text, r int) (row platform.Contact) {
	for c := range columns {
		if !columns[c].Null(r) {
			row[c] = strings.Clone(columns[c].Dict.Value(int(columns[c].Codes[r])))
		}
	}
	return row
}

// identifies reports whether a destination knows people by identifiers.
func identifies(d project.Destination) bool {
	t, ok := platform.For(d)
	return ok && t.Identifies()
}
