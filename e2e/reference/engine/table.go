package engine

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"

	pq "github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/e2e/reference"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// cells are the values of a row in the order of the columns, as a table stores them: string, int64, float64 or nil.
func cells(r *reference.Row, columns []rules.Column) []any {
	row := []any{r.At, r.Received, r.Seq, text(r.ID), text(r.Event), text(r.Device), text(r.Customer), text(r.Session)}
	for _, c := range columns[len(row):] {
		row = append(row, stored(r.Values[c.Name], c.Type, r.At))
	}
	return row
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// stored turns a value into that of a table; every other null of a float column is a NaN.
func stored(v any, t value.Type, at int64) any {
	switch v := v.(type) {
	case *big.Rat:
		if t.Kind == value.Float {
			f, _ := v.Float64()
			return f
		}
		for range t.Scale {
			v = new(big.Rat).Mul(v, big.NewRat(10, 1))
		}
		return v.Num().Int64()
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case reference.Instant:
		return int64(v)
	case reference.Date:
		return int64(v)
	case string:
		return v
	}
	if t.Kind == value.Float && at%2 == 0 {
		return math.NaN()
	}
	return nil
}

// table writes rows as one object, in a form that dice choose: by the writer of the program or by that of parquet-go,
// compressed in one way or another, with dictionaries or without, in one row group or many.
func table(columns []rules.Column, rows [][]any, dice *rand.Rand) ([]byte, error) {
	perGroup := []int{1 << 16, 1, 7, 50}[dice.IntN(4)]
	if dice.IntN(2) == 0 {
		codec := []parquet.Codec{parquet.Snappy, parquet.Zstd, parquet.Uncompressed}[dice.IntN(3)]
		return own(columns, rows, parquet.WriterOptions{RowsPerGroup: perGroup, Codec: codec})
	}
	return foreign(columns, rows, perGroup, dice)
}

// own writes rows with the writer of the program.
func own(columns []rules.Column, rows [][]any, o parquet.WriterOptions) ([]byte, error) {
	columns, values := slices.Clone(columns), make([]parquet.Values, len(columns))
	for i := range columns {
		columns[i].Optional = true
		v := &values[i]
		for _, row := range rows {
			v.Null = append(v.Null, row[i] == nil)
			s, _ := row[i].(string)
			n, _ := row[i].(int64)
			f, _ := row[i].(float64)
			switch columns[i].Type.Kind {
			case value.Text:
				v.Text = append(v.Text, s)
			case value.Float:
				v.Floats = append(v.Floats, f)
			default:
				v.Ints = append(v.Ints, n)
			}
		}
	}
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns, o)
	if err != nil {
		return nil, fmt.Errorf("begin a table: %w", err)
	}
	if err := w.Write(len(rows), values); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// foreign writes rows with parquet-go.
func foreign(columns []rules.Column, rows [][]any, perGroup int, dice *rand.Rand) ([]byte, error) {
	root := pq.Group{}
	codec := []pq.Node{
		pq.Compressed(pq.String(), &pq.Gzip), pq.Compressed(pq.String(), &pq.Zstd),
		pq.Compressed(pq.String(), &pq.Snappy), pq.Compressed(pq.String(), &pq.Uncompressed),
	}[dice.IntN(4)].Compression()
	dictionary := dice.IntN(2) == 0
	for _, c := range columns {
		n := node(c.Type)
		if dictionary && c.Type.Kind != value.Boolean {
			n = pq.Encoded(n, &pq.RLEDictionary)
		} else {
			n = pq.Encoded(n, &pq.Plain)
		}
		root[c.Name] = pq.Optional(pq.Compressed(n, codec))
	}
	var out bytes.Buffer
	schema := pq.NewSchema("log", root)
	w := pq.NewWriter(&out, schema, pq.MaxRowsPerRowGroup(int64(perGroup)), pq.DataPageVersion(1+dice.IntN(2)),
		pq.PageBufferSize([]int{64, 1 << 16}[dice.IntN(2)]))
	for _, row := range rows {
		record := make(pq.Row, len(columns))
		for i, c := range columns {
			leaf, ok := schema.Lookup(c.Name)
			if !ok {
				return nil, fmt.Errorf("write a table: column %s is lost", c.Name)
			}
			record[leaf.ColumnIndex] = cell(row[i], c.Type).Level(0, definition(row[i]), leaf.ColumnIndex)
		}
		if _, err := w.WriteRows([]pq.Row{record}); err != nil {
			return nil, fmt.Errorf("write a row with parquet-go: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("end a table with parquet-go: %w", err)
	}
	return out.Bytes(), nil
}

func definition(v any) int {
	if v == nil {
		return 0
	}
	return 1
}

func node(t value.Type) pq.Node {
	switch t.Kind {
	case value.Text:
		return pq.String()
	case value.Float:
		return pq.Leaf(pq.DoubleType)
	case value.Boolean:
		return pq.Leaf(pq.BooleanType)
	case value.Date:
		return pq.Date()
	case value.Timestamp:
		return pq.Timestamp(pq.Microsecond)
	case value.Decimal:
		return pq.Decimal(t.Scale, t.Precision, pq.Int64Type)
	}
	return pq.Int(64)
}

func cell(v any, t value.Type) pq.Value {
	switch v := v.(type) {
	case string:
		return pq.ByteArrayValue([]byte(v))
	case float64:
		return pq.DoubleValue(v)
	case int64:
		switch t.Kind {
		case value.Boolean:
			return pq.BooleanValue(v == 1)
		case value.Date:
			return pq.Int32Value(int32(v))
		}
		return pq.Int64Value(v)
	}
	return pq.NullValue()
}
