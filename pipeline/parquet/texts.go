package parquet

import (
	"hash/maphash"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// Text is a dictionary column as codes and values.
type Text struct {
	Codes []int32
	Dict  *array.String
}

// Null reports whether a row has no text.
func (t Text) Null(i int) bool { return t.Dict.IsNull(int(t.Codes[i])) }

// At returns a copy of a row's text, "" for none; it outlives the column.
func (t Text) At(i int) string {
	if t.Null(i) {
		return ""
	}
	return strings.Clone(t.Dict.Value(int(t.Codes[i])))
}

// Hash returns a hash of every dictionary entry; a null has 0.
func (t Text) Hash(seed maphash.Seed) []uint64 {
	out := make([]uint64, t.Dict.Len())
	for i := range out {
		if !t.Dict.IsNull(i) {
			out[i] = maphash.String(seed, t.Dict.Value(i))
		}
	}
	return out
}

// Text returns a text column as codes and values; they are valid as long as the column is.
func (g *RowGroup) Text(name string) (Text, error) {
	a, err := g.Column(name)
	if err != nil {
		return Text{}, err
	}
	d := a.(*array.Dictionary)
	return Text{d.Indices().(*array.Int32).Int32Values(), d.Dictionary().(*array.String)}, nil
}
