package parquet

import (
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Description is what the footer of an object says about it. It holds no values.
type Description struct {
	Writer  string  // as the writer names itself; "" if it does not
	Rows    int64   // of all row groups
	Groups  []int64 // rows of each row group
	Columns []Leaf  // in file order
}

// Leaf is a column of a file: a place where values lie, be it within groups and lists.
type Leaf struct {
	Path      string
	Type      string   // physical type, then what it means
	List      bool     // a row may hold several values
	Codecs    []string // that its pages are compressed with, sorted
	Encodings []string // of its pages and levels, sorted
	Stored    int64    // bytes as stored
	Plain     int64    // bytes before compression
}

// Describe reads the footer of an object of that size. The error is a *DamagedError if the object is at fault, and the
// storage's own otherwise.
func Describe(r io.ReaderAt, size int64, name string) (*Description, error) {
	f := &File{name: name, reader: r, limits: Limits{}.withDefaults()}
	d := new(Description)
	err := guard(func() error { return d.read(f, size) })
	if err != nil {
		return nil, f.failure(err, "", -1)
	}
	return d, nil
}

func (d *Description) read(f *File, size int64) error {
	if err := f.open(size, new(rules.Schema)); err != nil {
		return err
	}
	meta, _, err := readFooter(f.reader, size)
	if err != nil {
		return err
	}
	_, leaves, err := buildTree(meta.Schema)
	if err != nil {
		return err
	}
	d.Writer, d.Rows = meta.CreatedBy, f.rows
	for i := range f.groups {
		d.Groups = append(d.Groups, f.groups[i].NumRows)
	}
	for i, n := range leaves {
		d.Columns = append(d.Columns, describeLeaf(n, f.groups, i))
	}
	return nil
}

func describeLeaf(n *node, groups []groupMeta, at int) Leaf {
	leaf := Leaf{Path: n.path, Type: n.String(), List: n.maxRep > 0}
	for i := range groups {
		m := &groups[i].Columns[at].MetaData
		leaf.Codecs = append(leaf.Codecs, m.Codec.String())
		for _, e := range m.Encoding {
			leaf.Encodings = append(leaf.Encodings, e.String())
		}
		leaf.Stored += m.TotalCompressedSize
		leaf.Plain += m.TotalUncompressedSize
	}
	slices.Sort(leaf.Codecs)
	slices.Sort(leaf.Encodings)
	leaf.Codecs, leaf.Encodings = slices.Compact(leaf.Codecs), slices.Compact(leaf.Encodings)
	return leaf
}

// Misfit is a column of a schema that an object does not hold as the schema says.
type Misfit struct {
	Column string
	Absent bool   // the object lacks it; otherwise it has another form
	Reason string // what the object holds and what was expected
}

// Difference is how an object departs from a schema.
type Difference struct {
	Misfits []Misfit // columns that make Open refuse the object
	Lacking []string // columns that the schema lets a file lack, and this one does
	Unnamed []string // paths of the file that no column of the schema reads
}

// Compare looks for every column of the schema in the footer of an object of that size. Errors are those of Describe.
func Compare(r io.ReaderAt, size int64, name string, schema *rules.Schema) (*Difference, error) {
	f := &File{name: name, limits: Limits{}.withDefaults()}
	d := new(Difference)
	err := guard(func() error {
		meta, end, err := readFooter(r, size)
		if err != nil {
			return err
		}
		root, leaves, err := buildTree(meta.Schema)
		if err != nil {
			return err
		}
		if err = f.takeGroups(meta.RowGroups, leaves, end); err == nil {
			markVoid(leaves, f.groups)
			d.compare(binder{root, f.rows == 0}, leaves, schema)
		}
		return err
	})
	if err != nil {
		return nil, f.failure(err, "", -1)
	}
	return d, nil
}

func (d *Difference) compare(in binder, leaves []*node, schema *rules.Schema) {
	used := make([]bool, len(leaves))
	for _, column := range schema.Columns {
		b, err := in.column(column)
		switch {
		case err != nil:
			n := in.locate(column)
			d.Misfits = append(d.Misfits, Misfit{Column: column.Name, Absent: n == nil, Reason: err.Error()})
			n.mark(used)
		case column.Value != "":
		case b.leaf == nil:
			d.Lacking = append(d.Lacking, column.Name)
		default:
			used[b.leaf.leaf] = true
			if b.key != nil {
				used[b.key.leaf] = true
			}
			for _, s := range b.slots {
				used[s.leaf.leaf] = true
			}
		}
	}
	for i, n := range leaves {
		if !used[i] {
			d.Unnamed = append(d.Unnamed, n.path)
		}
	}
}

// mark notes the leaves of a node, which may be nil.
func (n *node) mark(leaves []bool) {
	if n == nil {
		return
	}
	if n.leaf >= 0 {
		leaves[n.leaf] = true
	}
	for _, child := range n.children {
		child.mark(leaves)
	}
}

// Infer returns a schema that reads every column of the object that rules can name, by its path in the file and the
// type that loses nothing, and the paths it leaves out: lists, and types without a counterpart. Times without a zone
// are taken as UTC, so a person has to look at them.
func Infer(r io.ReaderAt, size int64, name string) (schema *rules.Schema, left []string, err error) {
	f := &File{name: name}
	err = guard(func() error {
		meta, _, err := readFooter(r, size)
		if err != nil {
			return err
		}
		root, leaves, err := buildTree(meta.Schema)
		if err != nil {
			return err
		}
		schema = &rules.Schema{Name: "inferred"}
		for _, n := range leaves {
			if column, ok := inferColumn(n); ok {
				column.From = n.written(root)
				schema.Columns = append(schema.Columns, column)
			} else {
				left = append(left, n.path)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, f.failure(err, "", -1)
	}
	return schema, left, nil
}

func inferColumn(n *node) (rules.Column, bool) {
	c := rules.Column{Name: n.path}
	is := n.logical()
	switch kind := n.element.Type.V; {
	case n.maxRep > 0:
		return c, false
	case kind == format.Boolean:
		c.Type.Kind = value.Boolean
	case isFloat(kind, is):
		c.Type.Kind = value.Float
	case kind == format.Int96:
		c.Type.Kind, c.INT96 = value.Timestamp, "utc"
	case isDecimal(kind, is) && is.precision <= maxDecimalDigits:
		c.Type = value.Type{Kind: value.Decimal, Precision: maxDecimalDigits, Scale: is.scale}
	case is.meaning == instant && kind == format.Int64:
		c.Type.Kind = value.Timestamp
		if !is.utc {
			c.Zone = "UTC"
		}
	case is.meaning == date && kind == format.Int32:
		c.Type.Kind = value.Date
	case isInteger(kind, is):
		c.Type.Kind = value.Integer
	case kind == format.ByteArray && (is.meaning == textual || is.meaning == plain), is.meaning == uuid:
		c.Type.Kind = value.Text
	default:
		return c, false
	}
	return c, true
}
