// Package parquet reads event logs and other tables from Parquet objects as Arrow columns, decoded on demand, and
// writes the program's own tables. An object comes in as an io.ReaderAt with its name and a schema; out go row groups
// whose columns have the schema's types, whatever the file's physical form. Objects are not trusted: every size is
// checked before memory is taken for it, and whatever is wrong becomes a DamagedError. The package knows neither where
// objects lie nor what columns mean to the program.
//
// Footers, encodings and writing are parquet-go's; the walk over pages, decompression under a limit and the assembly of
// columns are our own, so that no length is believed unchecked and buffers last from row group to row group.
package parquet

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
)

// File is an opened object. It does not change and may be shared by the Cursors of many goroutines.
type File struct {
	name    string
	reader  io.ReaderAt
	limits  Limits
	groups  []groupMeta
	columns []binding
	byName  map[string]int
	ordered []bool // per leaf: the file declares how its statistics are ordered
	empties bool   // empty text is null
	rows    int64
}

// Open reads and checks the footer of an object of that size and finds the schema's columns in it. The name is only for
// messages. Columns that the schema calls optional, or limits by since or until, may be missing; they read as null. The
// error is a *DamagedError if the object is at fault, and the storage's own otherwise. The File keeps r and schema's
// columns; the caller closes r after the last use.
func Open(r io.ReaderAt, size int64, name string, schema *rules.Schema, limits Limits) (*File, error) {
	f := &File{name: name, reader: r, limits: limits.withDefaults(), empties: schema.EmptyIsNull}
	err := guard(func() error { return f.open(size, schema) })
	if err != nil {
		return nil, f.failure(err, "", -1)
	}
	return f, nil
}

func (f *File) open(size int64, schema *rules.Schema) error {
	meta, end, err := readFooter(f.reader, size)
	if err != nil {
		return err
	}
	root, leaves, err := buildTree(meta.Schema)
	if err != nil {
		return err
	}
	if err := f.takeGroups(meta.RowGroups, leaves, end); err != nil {
		return err
	}
	markVoid(leaves, f.groups)
	f.ordered = make([]bool, len(leaves))
	for i := range min(len(leaves), len(meta.ColumnOrders)) {
		f.ordered[i] = meta.ColumnOrders[i].Value != nil
	}
	if f.columns, err = (binder{root, f.rows == 0}).bind(schema); err != nil {
		return err
	}
	f.byName = make(map[string]int, len(f.columns))
	for i := range f.columns {
		f.byName[f.columns[i].column.Name] = i
	}
	return nil
}

// takeGroups checks the row groups of a file whose data ends at that offset. No byte belongs to two column chunks: else
// a small file could be read at great length.
func (f *File) takeGroups(groups []groupMeta, leaves []*node, end int64) error {
	left := end - magicBytes
	for i := range groups {
		g := &groups[i]
		if g.NumRows > f.limits.ChunkBytes/bytesPerValue {
			return faultf("row group %d: the footer declares %d rows, too many for the %d bytes that a column may take: "+
				"raise `limits`",
				i, g.NumRows, f.limits.ChunkBytes)
		}
		if err := checkRowGroup(g, leaves, end); err != nil {
			return faultf("row group %d: %v", i, err)
		}
		for j := range g.Columns {
			left -= g.Columns[j].MetaData.TotalCompressedSize
		}
		if left < 0 {
			return faultf("row group %d: the footer declares more bytes of columns than the object has", i)
		}
		f.rows += g.NumRows
	}
	f.groups = groups
	return nil
}

// checkRowGroup compares what a row group declares with the schema's leaves and the object's size.
func checkRowGroup(g *groupMeta, leaves []*node, end int64) error {
	switch {
	case g.NumRows < 0:
		return faultf("the footer declares %d rows", g.NumRows)
	case len(g.Columns) != len(leaves):
		return faultf("the footer has %d columns, its schema %d", len(g.Columns), len(leaves))
	}
	for i := range g.Columns {
		chunk := &g.Columns[i]
		if chunk.CryptoMetadata.Value != nil || len(chunk.EncryptedColumnMetadata) > 0 {
			return fault(encryptedReason)
		}
		if chunk.FilePath != "" {
			return faultf("column %q lies in another file, which is not read", leaves[i].path)
		}
		m := &chunk.MetaData
		// One flipped bit would make a column that may be missing one of nulls.
		if at := strings.Join(m.PathInSchema, "."); at != leaves[i].path {
			return faultf("column %q is called %q where its data are", leaves[i].path, at)
		}
		if start := chunkStart(m); m.TotalCompressedSize < 0 ||
			// Where there are no values, nothing is read, and writers leave the place at 0.
			m.NumValues != 0 && (start < magicBytes || start > end || m.TotalCompressedSize > end-start) {
			return faultf("column %q lies outside the object", leaves[i].path)
		}
		if m.Type != leaves[i].element.Type.V {
			return faultf("column %q has two types", leaves[i].path)
		}
		if m.NumValues < g.NumRows || (leaves[i].maxRep == 0 || g.NumRows == 0) && m.NumValues != g.NumRows {
			return faultf("column %q declares %d values in %d rows", leaves[i].path, m.NumValues, g.NumRows)
		}
	}
	return nil
}

// chunkStart is the offset of a column chunk's first page, which is the dictionary if there is one; some writers leave
// the dictionary's offset at 0.
func chunkStart(m *columnMeta) int64 {
	if d := m.DictionaryPageOffset; d > 0 && d < m.DataPageOffset {
		return d
	}
	return m.DataPageOffset
}

// failure adds object, column and row group to a fault, and passes on what the storage said.
func (f *File) failure(err error, column string, group int) error {
	if storage, ok := errors.AsType[*readError](err); ok {
		return fmt.Errorf("read parquet object %q: %w", f.name, storage.err)
	}
	if of, ok := errors.AsType[*columnError](err); ok {
		column = of.column
	}
	return &DamagedError{Object: f.name, Column: column, Group: group, Reason: err.Error()}
}

// Lacks reports whether the file has no such column of the schema, so that it is null in every row.
func (f *File) Lacks(column string) bool {
	i, known := f.byName[column]
	if !known || f.rows == 0 {
		return f.rows > 0
	}
	b := &f.columns[i]
	return b.leaf == nil && b.slots == nil && b.column.Value == ""
}

// Rows returns the number of rows of all row groups.
func (f *File) Rows() int64 { return f.rows }

// RowGroups returns how many row groups the file has.
func (f *File) RowGroups() int { return len(f.groups) }

// GroupRows returns the number of rows of row group i.
func (f *File) GroupRows(i int) int { return int(f.groups[i].NumRows) }

// Limits bound what one object may ask for. A zero field means its default.
type Limits struct {
	PageBytes  int64 // decoded size of one page, default 64 MiB
	ChunkBytes int64 // decoded size of one column of one row group, default 256 MiB
}

const (
	defaultPageBytes  = 64 << 20
	defaultChunkBytes = 256 << 20

	mostChunkBytes = 1 << 30 // offsets within a chunk are 32 bits wide

	maxFooterBytes = 16 << 20
	maxValueBytes  = 64 << 10 // of one text value
	maxListLength  = 1000     // entries of one key-value list

	// A page that grows more than this when it is decompressed is a bomb, once it is larger than plausible padding.
	maxRatio       = 200
	ratioFreeBytes = 16 << 20

	// What a declared size gets before anything has proven it: this many bytes for each stored one, and a few more.
	plausibleRatio = 64
	plausibleFree  = 64 << 10
)

// plausible is how many of the declared bytes are allocated at once for so many stored ones. The rest comes when what
// was declared turns out to be true, so that no lie costs more memory than the object's own size justifies.
func plausible(declared, stored int) int { return min(declared, plausibleRatio*stored+plausibleFree) }

func (l Limits) withDefaults() Limits {
	if l.PageBytes <= 0 {
		l.PageBytes = defaultPageBytes
	}
	if l.ChunkBytes <= 0 {
		l.ChunkBytes = defaultChunkBytes
	}
	l.ChunkBytes = min(l.ChunkBytes, mostChunkBytes)
	return l
}
