package state

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

var (
	text    = value.Type{Kind: value.Text}
	integer = value.Type{Kind: value.Integer}
	instant = value.Type{Kind: value.Timestamp}
	boolean = value.Type{Kind: value.Boolean}
)

// table is one kind of state: a Parquet table, encrypted to the project's state identity. Its first column says in
// every row of which format it is; one of a newer program is refused.
type table struct {
	what, its, it string // in messages
	format        int64
	schema        *rules.Schema
}

// stateLimits bound what state may take: it is the program's own.
var stateLimits = parquet.Limits{ChunkBytes: 8 << 30, PageBytes: 1 << 30}

// seal returns rows, given by column in the order of the schema after the format; equal rows have equal plain bytes.
func (t *table) seal(ring *keys.Ring, rows int, columns ...parquet.Values) ([]byte, error) {
	var out bytes.Buffer
	sealed, err := ring.EncryptState(&out)
	if err != nil {
		return nil, fmt.Errorf("encrypt %s: %w", t.what, err)
	}
	w, err := parquet.NewWriter(sealed, t.schema.Columns, parquet.WriterOptions{Codec: parquet.Zstd, Size: keys.Padded})
	if err == nil {
		format := parquet.Values{Ints: slices.Repeat([]int64{t.format}, rows)}
		err = w.Write(rows, slices.Concat([]parquet.Values{format}, columns))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", t.what, err)
	}
	if err := sealed.Close(); err != nil {
		return nil, fmt.Errorf("encrypt %s: %w", t.what, err)
	}
	return out.Bytes(), nil
}

// open decrypts and checks a table and hands its row groups to take.
func (t *table) open(sealed []byte, ring *keys.Ring, take func(*parquet.RowGroup) error) error {
	plain, err := ring.DecryptState(bytes.NewReader(sealed))
	if err != nil {
		return fmt.Errorf("decrypt %s: %w", t.what, err)
	}
	data, err := io.ReadAll(plain)
	if err != nil {
		return fmt.Errorf("decrypt %s: %w", t.what, err)
	}
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), t.schema.Name, t.schema, stateLimits)
	if err != nil {
		return err
	}
	var cursor parquet.Cursor
	for i := range f.RowGroups() {
		g := cursor.Move(f, i)
		if err := t.check(g); err != nil {
			return err
		}
		if err := take(g); err != nil {
			return err
		}
	}
	return nil
}

// check refuses rows of a newer format.
func (t *table) check(g *parquet.RowGroup) error {
	a, err := g.Column("format")
	if err != nil {
		return err
	}
	for _, v := range a.(*array.Int64).Int64Values() {
		if v > t.format {
			return fmt.Errorf("read %s: %s format is %d, this version reads up to %d: use the malgrupp that wrote %s, or a "+
				"newer one",
				t.what, t.its, v, t.format, t.it)
		}
	}
	return nil
}

// asInt is a truth as it is written.
func asInt(truth bool) int64 {
	if truth {
		return 1
	}
	return 0
}

// texts reads text columns.
func texts(g *parquet.RowGroup, names ...string) (out []parquet.Text, err error) {
	for _, name := range names {
		t, err := g.Text(name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}
