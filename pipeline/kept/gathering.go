package kept

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Gathering gathers what is worth keeping of an object while its row groups are read, by any number of goroutines.
type Gathering struct {
	store   *Store
	schema  *rules.Schema // of the table
	entry   Entry
	mu      sync.Mutex
	left    int // row groups to come
	spoilt  bool
	pieces  []*piece
	classes map[string]int
}

// piece is what is kept of one row group.
type piece struct {
	group  int
	rows   int
	values []parquet.Values
}

// Schema is that of the table in which columns of a log are kept.
func Schema(of *rules.Schema, columns []string) *rules.Schema {
	integer := value.Type{Kind: value.Integer}
	out := &rules.Schema{Name: "kept evidence", Columns: []rules.Column{
		{Name: scan.KeptRow, Type: integer}, {Name: scan.KeptClass, Type: integer},
	}}
	for _, name := range columns {
		if c, ok := of.Column(name); ok {
			out.Columns = append(out.Columns, rules.Column{Name: name, Type: c.Type, Optional: true})
		}
	}
	return out
}

// Gather begins to keep an object of so many rows and row groups, as a run that knows what had arrived by an instant
// reads it.
func (s *Store) Gather(ctx context.Context, object string, of *rules.Schema, what scan.Keepsake,
	knownBy, rows int64, groups int,
) *Gathering {
	o := &Gathering{
		store: s, schema: Schema(of, what.Columns), left: groups, classes: map[string]int{},
		entry: Entry{Of: object, Rows: rows, KnownBy: knownBy, Columns: what.Columns, Picks: what.Picks},
	}
	if groups == 0 {
		o.write(ctx)
	}
	return o
}

// Spoil says that the object cannot be kept.
func (o *Gathering) Spoil() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.spoilt = true
}

// Add takes rows of a row group, ascending, with their classes and what these are kept for. With the last row group the
// object is kept.
func (o *Gathering) Add(ctx context.Context, group int, g scan.RowGroup, rows, classes []uint32,
	of func(class uint32) scan.KeptFor,
) error {
	p := &piece{group: group, rows: len(rows)}
	if len(rows) > 0 {
		number := o.number(classes, of)
		row, class := make([]int64, len(rows)), make([]int64, len(rows))
		for i := range rows {
			row[i], class[i] = scan.PackRow(group, rows[i]), int64(number[classes[i]])
		}
		p.values = []parquet.Values{{Ints: row}, {Ints: class}}
		for _, c := range o.schema.Columns[2:] {
			a, err := g.Column(c.Name)
			if err != nil {
				return err
			}
			p.values = append(p.values, valuesOf(a, rows))
		}
	}
	o.mu.Lock()
	o.pieces = append(o.pieces, p)
	o.left--
	done := o.left == 0 && !o.spoilt
	o.mu.Unlock()
	if done {
		o.write(ctx)
	}
	return nil
}

// number gives the classes of a worker their numbers in the object's table.
func (o *Gathering) number(classes []uint32, of func(class uint32) scan.KeptFor) map[uint32]int {
	out := map[uint32]int{}
	last := ^uint32(0)
	for _, c := range classes {
		if c == last {
			continue
		}
		last = c
		if _, known := out[c]; known {
			continue
		}
		f := of(c)
		key := fmt.Sprint(f)
		o.mu.Lock()
		n, known := o.classes[key]
		if !known {
			n = len(o.entry.Classes)
			o.classes[key] = n
			o.entry.Classes = append(o.entry.Classes, f)
		}
		o.mu.Unlock()
		out[c] = n
	}
	return out
}

// write keeps the object. What cannot be written is not kept; the run goes on.
func (o *Gathering) write(ctx context.Context) {
	table, err := o.table()
	if err == nil {
		err = o.store.put(ctx, &o.entry, table)
	}
	if err != nil {
		o.store.log.Warn("evidence could not be kept; the next run reads the object again", "error", err)
	}
}

func (o *Gathering) table() ([]byte, error) {
	slices.SortFunc(o.pieces, func(a, b *piece) int { return a.group - b.group })
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, o.schema.Columns, parquet.WriterOptions{Size: keys.Padded})
	if err != nil {
		return nil, err
	}
	for _, p := range o.pieces {
		if p.rows == 0 {
			continue
		}
		if err := w.Write(p.rows, p.values); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

// valuesOf copies rows of a column.
func valuesOf(a arrow.Array, rows []uint32) (v parquet.Values) {
	null := func(r uint32) bool { return a.IsNull(int(r)) }
	if d, ok := a.(*array.Dictionary); ok {
		words := d.Dictionary().(*array.String)
		codes := d.Indices().(*array.Int32).Int32Values()
		null = func(r uint32) bool { return words.IsNull(int(codes[r])) }
		v.Codes, v.Dictionary = textsOf(codes, words, rows)
	} else {
		v.Ints, v.Floats = numbersOf(a, rows)
	}
	for i, r := range rows {
		if null(r) {
			if v.Null == nil {
				v.Null = make([]bool, len(rows))
			}
			v.Null[i] = true
		}
	}
	return v
}

// textsOf copies texts with a dictionary of those that rows show, in one piece of memory.
func textsOf(codes []int32, words *array.String, rows []uint32) (out []int32, dictionary []string) {
	const unmet = -1
	number := slices.Repeat([]int32{unmet}, words.Len())
	out = make([]int32, len(rows))
	var all strings.Builder
	var ends []int
	for i, r := range rows {
		code := codes[r]
		if number[code] == unmet {
			number[code] = int32(len(ends))
			all.WriteString(words.Value(int(code)))
			ends = append(ends, all.Len())
		}
		out[i] = number[code]
	}
	from := 0
	for _, to := range ends {
		dictionary = append(dictionary, all.String()[from:to])
		from = to
	}
	return out, dictionary
}

func numbersOf(a arrow.Array, rows []uint32) (ints []int64, floats []float64) {
	of := func(at func(r int) int64) []int64 {
		out := make([]int64, len(rows))
		for i, r := range rows {
			out[i] = at(int(r))
		}
		return out
	}
	switch a := a.(type) {
	case *array.Int64:
		return of(a.Value), nil
	case *array.Timestamp:
		return of(func(r int) int64 { return int64(a.Value(r)) }), nil
	case *array.Date32:
		return of(func(r int) int64 { return int64(a.Value(r)) }), nil
	case *array.Boolean:
		return of(func(r int) int64 {
			if a.Value(r) {
				return 1
			}
			return 0
		}), nil
	case *array.Float64:
		for _, r := range rows {
			floats = append(floats, a.Value(int(r)))
		}
	}
	return nil, floats
}
