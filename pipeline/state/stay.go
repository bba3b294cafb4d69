package state

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Stay is one person who qualified for a segment whose former qualifiers remain for a while (docs/language.md,
// Population steps). Times are microseconds UTC.
type Stay struct {
	Segment    string
	Use        string // the consent he qualified under
	ID         string
	Entered    int64
	Last       int64  // when he qualified last
	Definition string // hash of the rule, hex: a changed rule starts anew
}

// StayRecord is who may stay. It has one row for each segment, use and person, in the order of Compare.
type StayRecord []Stay

// Compare orders rows of a stay record.
func Compare(a, b Stay) int {
	return cmp.Or(strings.Compare(a.Segment, b.Segment), strings.Compare(a.Use, b.Use), strings.Compare(a.ID, b.ID))
}

var staySchema = &rules.Schema{Name: "stay", Columns: []rules.Column{
	{Name: "format", Type: integer},
	{Name: "segment", Type: text},
	{Name: "use", Type: text},
	{Name: "subject", Type: text},
	{Name: "entered", Type: value.Type{Kind: value.Timestamp}},
	{Name: "last_qualified", Type: value.Type{Kind: value.Timestamp}},
	{Name: "definition", Type: text},
}}

// stayFormat is in every row: records of a newer program are refused.
const stayFormat = 1

// Write returns the record as an encrypted Parquet object; equal records have equal plain bytes.
func (r StayRecord) Write(ring *keys.Ring) ([]byte, error) {
	var texts [4][]string
	var entered, last []int64
	for _, s := range r {
		for i, v := range [4]string{s.Segment, s.Use, s.ID, s.Definition} {
			texts[i] = append(texts[i], v)
		}
		entered, last = append(entered, s.Entered), append(last, s.Last)
	}
	var out bytes.Buffer
	sealed, err := ring.EncryptState(&out)
	if err != nil {
		return nil, fmt.Errorf("encrypt the stay record: %w", err)
	}
	t, err := parquet.NewWriter(sealed, staySchema.Columns, parquet.WriterOptions{Codec: parquet.Zstd})
	if err == nil {
		err = t.Write(len(r), []parquet.Values{
			{Ints: slices.Repeat([]int64{stayFormat}, len(r))}, {Text: texts[0]}, {Text: texts[1]}, {Text: texts[2]}, {Ints: entered}, {Ints: last}, {Text: texts[3]},
		})
	}
	if err == nil {
		err = t.Close()
	}
	if err == nil {
		err = sealed.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write the stay record: %w", err)
	}
	return out.Bytes(), nil
}

// ReadStay decrypts and checks a stay record.
func ReadStay(sealed []byte, ring *keys.Ring) (StayRecord, error) {
	plain, err := ring.DecryptState(bytes.NewReader(sealed))
	if err != nil {
		return nil, fmt.Errorf("decrypt the stay record: %w", err)
	}
	data, err := io.ReadAll(plain)
	if err != nil {
		return nil, fmt.Errorf("decrypt the stay record: %w", err)
	}
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), "stay", staySchema, stateLimits)
	if err != nil {
		return nil, err
	}
	var out StayRecord
	var cursor parquet.Cursor
	for i := range f.RowGroups() {
		if out, err = out.take(cursor.Move(f, i)); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, Compare)
	return out, nil
}

// take adds the rows of a row group.
func (r StayRecord) take(g *parquet.RowGroup) (StayRecord, error) {
	a, err := g.Column("format")
	if err != nil {
		return nil, err
	}
	for _, v := range a.(*array.Int64).Int64Values() {
		if v > stayFormat {
			return nil, fmt.Errorf("read the stay record: its format is %d, this version reads up to %d: use the malgrupp that wrote it, or a newer one", v, stayFormat)
		}
	}
	var texts [4]func(row int) string
	for i, name := range [4]string{"segment", "use", "subject", "definition"} {
		if texts[i], err = textOf(g, name); err != nil {
			return nil, err
		}
	}
	var times [2]*array.Timestamp
	for i, name := range [2]string{"entered", "last_qualified"} {
		a, err := g.Column(name)
		if err != nil {
			return nil, err
		}
		times[i] = a.(*array.Timestamp)
	}
	for i := range g.Rows() {
		r = append(r, Stay{
			Segment: texts[0](i), Use: texts[1](i), ID: texts[2](i), Definition: texts[3](i), Entered: int64(times[0].Value(i)), Last: int64(times[1].Value(i)),
		})
	}
	return r, nil
}
