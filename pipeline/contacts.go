package pipeline

import (
	"context"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// contactSchema has the columns of the identifiers table (docs/how-to/destinations.md).
var contactSchema = newContactSchema()

func newContactSchema() *rules.Schema {
	text := value.Type{Kind: value.Text}
	s := &rules.Schema{Name: "identifiers", Columns: []rules.Column{{Name: "subject_type", Type: text}, {Name: "subject_id", Type: text}}}
	for _, c := range platform.Columns() {
		s.Columns = append(s.Columns, rules.Column{Name: c.String(), Type: text, Optional: true})
	}
	return s
}

// listContacts lists the objects of the identifiers table, if some list needs it. They are part of what a run depends on,
// though they are read last.
func (e *Evaluation) listContacts(ctx context.Context) error {
	conf := e.Job.Project.Identifiers
	if conf == nil || !e.identifies() {
		return nil
	}
	var err error
	e.contacts, err = e.Job.Stores.Table(ctx, "identifiers", e.Job.Absolute(conf.URL))
	return err
}

// readContacts reads the identifiers of members and of nobody else, nil where no list needs them.
func (e *Evaluation) readContacts(ctx context.Context) (*platform.Contacts, error) {
	if len(e.contacts.Objects) == 0 {
		return nil, nil
	}
	wanted := e.wantedContacts()
	shards := make([]*platform.Contacts, max(1, e.Job.Workers))
	for i := range shards {
		shards[i] = e.Job.newContacts()
	}
	read := folder.Reading{Bucket: e.contacts.Bucket, Objects: e.contacts.Objects, Schema: contactSchema, Limits: e.Job.limits(), Workers: e.Job.Workers}
	err := read.Each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error { return contactRows(g, wanted, shards[w]) })
	if err != nil {
		return nil, err
	}
	for _, s := range shards[1:] {
		shards[0].Merge(s)
	}
	return shards[0], nil
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
func (e *Evaluation) wantedContacts() (wanted [2]map[string]bool) {
	wanted = [2]map[string]bool{{}, {}}
	for _, l := range e.Lists {
		if t, ok := platform.Of(l.Destination.Type); !ok || !t.Identifies() {
			continue
		}
		kind := identity.Device
		if l.Segment.Level == rules.CustomerLevel {
			kind = identity.Customer
		}
		for id := range e.audience(l).Members() {
			wanted[kind][id] = true
		}
	}
	return wanted
}

// contactRows files the rows of wanted subjects. Who is wanted is asked once for each distinct id.
func contactRows(g *parquet.RowGroup, wanted [2]map[string]bool, into *platform.Contacts) error {
	kinds, err := textColumn(g, "subject_type")
	if err != nil {
		return err
	}
	ids, err := textColumn(g, "subject_id")
	if err != nil {
		return err
	}
	names := make([]string, ids.dict.Len())
	for i := range names {
		if ids.dict.IsNull(i) {
			continue
		}
		if id := identity.Normalise(ids.dict.Value(i)); wanted[identity.Device][id] || wanted[identity.Customer][id] {
			names[i] = strings.Clone(id)
		}
	}
	var columns [len(platform.Contact{})]text
	for _, c := range platform.Columns() {
		if columns[c], err = textColumn(g, c.String()); err != nil {
			return err
		}
	}
	for r := range g.Rows() {
		id := names[ids.codes[r]]
		if id == "" || kinds.null(r) {
			continue
		}
		customer := kinds.dict.Value(int(kinds.codes[r])) == "customer"
		kind := identity.Device
		if customer {
			kind = identity.Customer
		}
		if !wanted[kind][id] || !customer && kinds.dict.Value(int(kinds.codes[r])) != "device" {
			continue
		}
		into.Add(customer, id, contactRow(&columns, r))
	}
	return nil
}

func contactRow(columns *[len(platform.Contact{})]text, r int) (row platform.Contact) {
	for c := range columns {
		if !columns[c].null(r) {
			row[c] = strings.Clone(columns[c].dict.Value(int(columns[c].codes[r])))
		}
	}
	return row
}

// identifies reports whether some list goes to a platform that knows people by identifiers.
func (e *Evaluation) identifies() bool {
	return slices.ContainsFunc(e.Lists, func(l List) bool {
		t, ok := platform.Of(l.Destination.Type)
		return ok && t.Identifies()
	})
}
