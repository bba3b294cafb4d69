package decide

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// listSchema has the columns of suppression and protected lists (docs/consent.md, Lists of people). A protected list
// needs no purpose: whoever stands on it is protected from all.
var listSchema = &rules.Schema{Name: "suppression-list", Columns: []rules.Column{
	{Name: "subject_type", Type: value.Type{Kind: value.Text}},
	{Name: "subject_id", Type: value.Type{Kind: value.Text}, Role: rules.RoleCustomer},
	{Name: "purpose", Type: value.Type{Kind: value.Text}, Optional: true},
}}

// maxList bounds the size of a suppression or protected list.
const maxList = 1 << 30

// suppress files the people of the suppression and the protected list.
func (d *Decision) suppress(ctx context.Context, l *consent.Loader, o owed) error {
	if err := d.listsStay(); err != nil {
		return err
	}
	for name, conf := range d.peopleLists() {
		bucket, object, err := d.listed(ctx, name, conf)
		if err != nil {
			return err
		}
		entries, err := d.readList(ctx, name, bucket, object)
		if err != nil {
			return err
		}
		distinct := map[consent.Denial]bool{}
		for _, e := range entries {
			distinct[e] = true
		}
		d.Heard.Lists[name] = int64(len(distinct))
		if err := d.kept(name, d.Heard.Lists[name], conf); err != nil {
			return err
		}
		d.Consent = append(d.Consent, folder.Pin(name, []store.Object{object}, nil)...)
		for _, e := range entries {
			d.excuse(o, e)
			// An id that stands for nobody in particular gets no number: with one, its rows would be somebody's.
			if !identity.Blocked(e.ID, d.Project.Identity.Blocked...) {
				l.Suppress(l.Subject(e.Kind, []byte(e.ID)), e.Pattern)
			}
		}
	}
	return nil
}

// readList reads the entries of a list.
func (d *Decision) readList(ctx context.Context, name string, bucket *store.Bucket,
	object store.Object,
) ([]consent.Denial, error) {
	data, err := bucket.ReadAll(ctx, object.Key, maxList)
	if err != nil {
		return nil, err
	}
	rows, err := listRows(object.Key, data, d.Limits())
	if err != nil {
		return nil, consentFailure(consent.Unreadable(fmt.Sprintf("the %s list: %v", name, err)))
	}
	out := make([]consent.Denial, len(rows))
	for i, r := range rows {
		if out[i], err = d.entry(name, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listed is a list as the inputs' listing found it, or as it is found now.
func (d *Decision) listed(ctx context.Context, name string, conf *project.List) (*store.Bucket, store.Object, error) {
	if l, done := d.Listing.lists[name]; done {
		return l.bucket, l.object, nil
	}
	return d.findList(ctx, name, conf)
}

// listedList is a list of people before it is read.
type listedList struct {
	bucket *store.Bucket
	object store.Object
}

// peopleLists are the lists of people that the project has, by name.
func (in *Inputs) peopleLists() iter.Seq2[string, *project.List] {
	conf := in.Project.Consent
	return func(yield func(string, *project.List) bool) {
		_ = (conf.Suppression == nil || yield("suppression", conf.Suppression)) &&
			(conf.Protected == nil || yield("protected", conf.Protected))
	}
}

// listsStay refuses settings that name no more a list that an accepted run saw: it has lost everybody.
func (in *Inputs) listsStay() error {
	named := maps.Collect(in.peopleLists())
	for _, name := range slices.Sorted(maps.Keys(in.Seen.Heard.Lists)) {
		if named[name] == nil {
			if err := in.kept(name, 0, &project.List{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// findList finds a list, if it is there and young enough.
func (in *Inputs) findList(ctx context.Context, name string, conf *project.List) (*store.Bucket, store.Object, error) {
	dir, key := path.Split(conf.URL)
	bucket, err := in.Bucket(ctx, dir)
	if err != nil {
		return nil, store.Object{}, err
	}
	listing, err := bucket.List(ctx, key)
	if err != nil && store.CodeOf(err) != store.NotFound {
		return nil, store.Object{}, err
	}
	if err := in.Stores.Plain(ctx, in.Absolute(dir)); err != nil {
		return nil, store.Object{}, err
	}
	i := slices.IndexFunc(listing, func(o store.Object) bool { return o.Key == key })
	object := store.Object{Key: key}
	if i >= 0 {
		object = listing[i]
	}
	age := in.KnownBy - object.ModTime.UnixMicro()
	return bucket, object, consentFailure(consent.CheckListAge(name, i >= 0, age, project.Micros(conf.MaxAge)))
}

// listRow is one entry: subject_type, subject_id, purpose ("" where the list has none).
type listRow [3]string

// listRows reads a list in either of its forms.
func listRows(name string, data []byte, limits parquet.Limits) ([]listRow, error) {
	if bytes.HasPrefix(data, []byte("PAR1")) {
		return listParquet(name, data, limits)
	}
	lines, header, err := export.CSV(bytes.NewReader(data), ',')
	if err != nil {
		return nil, err
	}
	rows, err := lines.ReadAll()
	if err != nil {
		return nil, errors.New("it is neither Parquet nor CSV with a header")
	}
	var at [3]int
	for i, column := range []string{"subject_type", "subject_id", "purpose"} {
		at[i] = slices.Index(header, column)
	}
	if at[0] < 0 || at[1] < 0 {
		return nil, errors.New("its header lacks subject_type or subject_id")
	}
	out := make([]listRow, 0, len(rows))
	for _, r := range rows {
		row := listRow{r[at[0]], r[at[1]]}
		if at[2] >= 0 {
			row[2] = r[at[2]]
		}
		out = append(out, row)
	}
	return out, nil
}

func listParquet(name string, data []byte, limits parquet.Limits) ([]listRow, error) {
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), name, listSchema, limits)
	if err != nil {
		return nil, err
	}
	var cursor parquet.Cursor
	var out []listRow
	for i := range f.RowGroups() {
		g := cursor.Move(f, i)
		var columns [3]parquet.Text
		for c := range listSchema.Columns {
			if columns[c], err = g.Text(listSchema.Columns[c].Name); err != nil {
				return nil, err
			}
		}
		for r := range g.Rows() {
			var row listRow
			for c := range columns {
				row[c] = columns[c].At(r)
			}
			out = append(out, row)
		}
	}
	return out, nil
}

// entry is what a row of a list denies.
func (d *Decision) entry(list string, r listRow) (e consent.Denial, err error) {
	kind, ok := map[string]identity.Kind{"device": identity.Device, "customer": identity.Customer}[r[0]]
	if !ok {
		return e, consentFailure(consent.Unreadable("the " + list + " list has a subject_type that is neither device nor " +
			"customer"))
	}
	e = consent.Denial{Kind: kind, ID: identity.Normalise(r[1]), Pattern: consent.EveryPurpose, Reason: consent.Suppressed}
	if r[2] != "" {
		if e.Pattern, err = d.policy.Purposes.Pattern(r[2]); err != nil {
			return e, consentFailure(consent.Unreadable("the " + list + " list has an unknown purpose"))
		}
	}
	return e, nil
}
