package state

import (
	"cmp"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
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

var stayTable = table{what: "the stay record", its: "its", it: "it", format: 1, schema: &rules.Schema{
	Name: "stay", Columns: []rules.Column{
		{Name: "format", Type: integer},
		{Name: "segment", Type: text},
		{Name: "use", Type: text},
		{Name: "subject", Type: text},
		{Name: "entered", Type: instant},
		{Name: "last_qualified", Type: instant},
		{Name: "definition", Type: text},
	},
}}

// Write returns the record as an encrypted Parquet object; equal records have equal plain bytes.
func (r StayRecord) Write(ring *keys.Ring) ([]byte, error) {
	var segment, use, subject, entered, last, definition parquet.Values
	for _, s := range r {
		segment.Text, use.Text = append(segment.Text, s.Segment), append(use.Text, s.Use)
		subject.Text, definition.Text = append(subject.Text, s.ID), append(definition.Text, s.Definition)
		entered.Ints, last.Ints = append(entered.Ints, s.Entered), append(last.Ints, s.Last)
	}
	return stayTable.seal(ring, len(r), segment, use, subject, entered, last, definition)
}

// ReadStay decrypts and checks a stay record.
func ReadStay(sealed []byte, ring *keys.Ring) (out StayRecord, err error) {
	err = stayTable.open(sealed, ring, func(g *parquet.RowGroup) error { return out.take(g) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, Compare)
	return out, nil
}

// take adds the rows of a row group.
func (r *StayRecord) take(g *parquet.RowGroup) error {
	t, err := texts(g, "segment", "use", "subject", "definition")
	if err != nil {
		return err
	}
	entered, err := g.Column("entered")
	if err != nil {
		return err
	}
	last, err := g.Column("last_qualified")
	if err != nil {
		return err
	}
	for i := range g.Rows() {
		*r = append(*r, Stay{
			Segment: t[0].At(i), Use: t[1].At(i), ID: t[2].At(i), Definition: t[3].At(i),
			Entered: int64(entered.(*array.Timestamp).Value(i)), Last: int64(last.(*array.Timestamp).Value(i)),
		})
	}
	return nil
}
