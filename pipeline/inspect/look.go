package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// look gathers what several objects hold, column by column.
type look struct {
	options InspectOptions
	shipped []*rules.Schema
	misfits []bool // per shipped schema: an object does not fit
	covers  []int  // per shipped schema: how many of its columns, or of the file's, are there, in percent
	columns []*seen
	at      map[string]*seen // by path
	objects int
	rows    int64
	crowded []string
	remarks []string
	cursor  parquet.Cursor
	profile profiler

	delimiter rune // of the first object that is CSV; 0: there was none
}

func newLook(o InspectOptions) *look {
	l := &look{options: o, at: map[string]*seen{}}
	for _, name := range load.ShippedNames() {
		schema, _ := load.Shipped(name)
		l.shipped = append(l.shipped, schema)
	}
	l.misfits, l.covers = make([]bool, len(l.shipped)), make([]int, len(l.shipped))
	return l
}

// object looks at one object; all its sizes are checked as in a run.
func (l *look) object(ctx context.Context, bucket *store.Bucket, o store.Object) (InspectedObject, error) {
	out := InspectedObject{Key: o.Key, Size: o.Size, Modified: o.ModTime.UTC().Format(time.RFC3339)}
	stored, err := bucket.Open(ctx, o)
	if err != nil {
		return out, err
	}
	defer stored.Close()
	r, size, err := l.tabled(stored, o)
	if err != nil {
		return out, err
	}
	d, err := parquet.Describe(r, size, o.Key)
	if err != nil {
		return out, err
	}
	out.Writer, out.Rows, out.RowGroups = d.Writer, d.Rows, len(d.Groups)
	if r != io.ReaderAt(stored) {
		out.Writer = "CSV"
	}
	schema, _, err := parquet.Infer(r, size, o.Key)
	if err != nil {
		return out, err
	}
	params, crowded, err := parquet.Params(r, size, o.Key, l.options.Rows, parquet.Limits{})
	if _, damaged := errors.AsType[*parquet.DamagedError](err); damaged {
		l.remarks = union(l.remarks, []string{"lists were not read: " + err.Error()})
	} else if err != nil {
		return out, err
	}
	l.crowded = union(l.crowded, crowded)
	schema.Columns = append(schema.Columns, paramColumns(params)...)
	f, err := parquet.Open(r, size, o.Key, schema, parquet.Limits{})
	if err != nil {
		return out, err
	}
	l.objects++
	l.describe(d, schema)
	l.read(f, schema)
	return out, l.fit(d, func(s *rules.Schema) (*parquet.Difference, error) {
		return parquet.Compare(r, size, o.Key, s)
	})
}

// tabled is an object as Parquet; where CSV is asked for, the first one tells its delimiter.
func (l *look) tabled(r io.ReaderAt, o store.Object) (io.ReaderAt, int64, error) {
	if !l.options.csv {
		return r, o.Size, nil
	}
	if l.delimiter == 0 {
		l.delimiter = export.Delimiter(r, o.Size)
	}
	return export.Tabled(r, o.Size, o.Key, cmp.Or(l.delimiter, ','))
}

// plainKey is the form of a key that can only be a name, and that a schema can write.
var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$`)

// paramColumns makes a column of every key of a key-value list, named as a schema refers to it.
func paramColumns(params []parquet.Param) (out []rules.Column) {
	for _, p := range params {
		if plainKey.MatchString(p.Key) {
			name := fmt.Sprintf("param(%s, '%s', %s)", p.List, p.Key, p.Slot)
			out = append(out, rules.Column{Name: name, From: p.List, Param: p.Key, Slot: p.Slot, Type: value.Type{Kind: p.Kind}})
		}
	}
	return out
}

// describe takes the columns of a footer in, and those of the schema, which are the ones that can be read.
func (l *look) describe(d *parquet.Description, schema *rules.Schema) {
	for i := range d.Columns {
		leaf := &d.Columns[i]
		s := l.column(leaf.Path)
		if s.objects == 1 {
			s.typ, s.list = leaf.Type, leaf.List
		}
		s.codecs, s.encodings = union(s.codecs, leaf.Codecs), union(s.encodings, leaf.Encodings)
		s.stored += leaf.Stored
	}
	for _, column := range schema.Columns {
		s := l.at[column.Name]
		switch {
		case column.Param != "":
			s = l.column(column.Name)
			s.typ, s.column = column.Type.String(), column
		case s.column.Name == "":
			s.column = column
		case s.column.Type != column.Type:
			s.fault = "its type differs between objects"
		}
	}
}

// column finds a path among those seen, or adds it; one more object has it.
func (l *look) column(path string) *seen {
	s := l.at[path]
	if s == nil {
		s = &seen{path: path}
		l.at[path], l.columns = s, append(l.columns, s)
	}
	s.objects++
	return s
}

// read decodes the first row groups and looks at every column; a column that cannot be decoded is only noted.
func (l *look) read(f *parquet.File, schema *rules.Schema) {
	rows := int64(0)
	for i := range f.RowGroups() {
		sampled := i == 0 || rows+int64(f.GroupRows(i)) <= l.options.Rows
		g := l.cursor.Move(f, i)
		for _, column := range schema.Columns {
			s := l.at[column.Name]
			lo, hi, known := g.Bounds(column.Name)
			if known = known && column.Zone == ""; known { // bounds of wall clocks are wider than their values
				s.reach(lo, hi)
			}
			if !sampled || s.fault != "" {
				s.partly = s.partly || !known
				continue
			}
			a, err := g.Column(column.Name)
			if err != nil {
				s.fault = err.Error()
				continue
			}
			s.add(&l.profile, a, l.options.Values)
		}
		if sampled {
			rows += int64(f.GroupRows(i))
		}
	}
	l.rows += rows
}

// fit notes how well an object fits the shipped schemas.
func (l *look) fit(d *parquet.Description, compare func(*rules.Schema) (*parquet.Difference, error)) error {
	for i, s := range l.shipped {
		diff, err := compare(s)
		if err != nil {
			return err
		}
		l.misfits[i] = l.misfits[i] || len(diff.Misfits) > 0
		ofSchema := 100 * (len(s.Columns) - len(diff.Lacking)) / len(s.Columns)
		ofFile := 100 * (len(d.Columns) - len(diff.Unnamed)) / max(1, len(d.Columns))
		l.covers[i] = max(ofSchema, ofFile)
	}
	return nil
}

// enough is the share of columns in common, in percent, from which on a log has the shape of a schema.
const enough = 60

func (l *look) fitting() (names []string) {
	for i, s := range l.shipped {
		if !l.misfits[i] && l.covers[i] >= enough {
			names = append(names, s.Name)
		}
	}
	return names
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
