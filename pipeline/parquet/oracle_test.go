package parquet_test

import (
	"bytes"
	"io"
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules/value"
)

// TestValuesAreThoseOfTheRowReader compares with parquet-go's row reader, which shares neither the walk over pages nor
// the assembly of columns with ours.
func TestValuesAreThoseOfTheRowReader(t *testing.T) {
	compared := 0
	for _, path := range parquetFiles(t, vectors(t, "data", "parquet")) {
		data := load(t, "", path)
		if _, err := readEverything(data, path); err != nil {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) { compared += compareWithRows(t, data) })
	}
	if compared < 100 {
		t.Errorf("compared %d columns", compared)
	}
}

func compareWithRows(t *testing.T, data []byte) (columns int) {
	schema, _, err := parquet.Infer(bytes.NewReader(data), int64(len(data)), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(schema.Columns) == 0 {
		return 0
	}
	var cursor parquet.Cursor
	got, err := read(data, schema, &cursor)
	if err != nil {
		t.Fatal(err)
	}
	leaves, want := rowsOf(t, data)
	for i, column := range schema.Columns {
		switch column.Type.Kind {
		case value.Decimal, value.Timestamp:
			continue // their units differ by design; TestEveryPhysicalFormReadsAsTheSchemasType has them
		}
		if diff := cmp.Diff(want[leaves[column.From]], got[i]); diff != "" {
			t.Errorf("column %s: %s", column.Name, diff)
		}
		columns++
	}
	return columns
}

// rowsOf reads a file's leaves by position, and tells the position of each path.
func rowsOf(t *testing.T, data []byte) (leaves map[string]int, cells [][]any) {
	f, err := upstream.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Skipf("parquet-go does not open it: %v", err)
	}
	leaves = map[string]int{}
	for i, path := range f.Schema().Columns() {
		name := path[0]
		for _, part := range path[1:] {
			name += "." + part
		}
		leaves[name] = i
		cells = append(cells, []any{})
	}
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buffer := make([]upstream.Row, 64)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				for _, v := range row {
					cells[v.Column()] = append(cells[v.Column()], plainValue(v))
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Skipf("parquet-go does not read it: %v", err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return leaves, cells
}

func plainValue(v upstream.Value) any {
	if v.IsNull() {
		return nil
	}
	switch v.Kind() {
	case upstream.Boolean:
		if v.Boolean() {
			return int64(1)
		}
		return int64(0)
	case upstream.Int32:
		return int64(v.Int32())
	case upstream.Int64:
		return v.Int64()
	case upstream.Float:
		return numberOrNull(float64(v.Float()))
	case upstream.Double:
		return numberOrNull(v.Double())
	}
	return string(v.ByteArray())
}

func numberOrNull(f float64) any {
	if math.IsNaN(f) {
		return nil
	}
	return f
}
