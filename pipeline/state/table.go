package state

import (
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// writeTable writes holdings, given by column in the order of the schema after the format.
func writeTable(w io.Writer, rows [textColumns][]string) error {
	t, err := parquet.NewWriter(w, schema.Columns, parquet.WriterOptions{Codec: parquet.Zstd})
	if err != nil {
		return err
	}
	n := len(rows[0])
	format := make([]int64, n)
	for i := range format {
		format[i] = formatVersion
	}
	values := []parquet.Values{{Ints: format}}
	for _, column := range rows {
		values = append(values, parquet.Values{Text: column})
	}
	if err := t.Write(n, values); err != nil {
		return err
	}
	return t.Close()
}

// take adds the rows of a row group.
func (h *Holdings) take(g *parquet.RowGroup) error {
	a, err := g.Column("format")
	if err != nil {
		return err
	}
	for _, v := range a.(*array.Int64).Int64Values() {
		if v > formatVersion {
			return fmt.Errorf("read the holdings: their format is %d, this version reads up to %d: use the malgrupp that wrote them, or a newer one", v, formatVersion)
		}
	}
	var columns [textColumns]func(i int) string
	for i, c := range schema.Columns[1:] {
		if columns[i], err = textOf(g, c.Name); err != nil {
			return err
		}
	}
	for i := range g.Rows() {
		l := List{Destination: columns[0](i), Segment: columns[1](i), Kind: columns[2](i), Part: columns[3](i)}
		p := holding{profile: columns[4](i), key: columns[5](i), entry: columns[6](i), runID: columns[8](i)}
		if l.Kind == "" {
			l.Kind = p.profile
		}
		h.lists[l] = append(h.lists[l], p)
	}
	return nil
}

// textOf reads a text column; a missing value is the empty text.
func textOf(g *parquet.RowGroup, name string) (func(row int) string, error) {
	a, err := g.Column(name)
	if err != nil {
		return nil, err
	}
	d := a.(*array.Dictionary)
	codes, dict := d.Indices().(*array.Int32).Int32Values(), d.Dictionary().(*array.String)
	return func(row int) string {
		if dict.IsNull(int(codes[row])) {
			return ""
		}
		return strings.Clone(dict.Value(int(codes[row])))
	}, nil
}
