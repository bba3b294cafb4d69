package platform

import (
	"io"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = define(Platform{
	Type: "file_parquet", Ext: "parquet",
	Doc:   "Neutral Parquet: text columns subject and segment, as_of a timestamp of microseconds in UTC; Zstd.",
	Parts: []Part{{Write: writeNeutralParquet}},
})

func writeNeutralParquet(w io.Writer, l List) error {
	t, err := parquet.NewWriter(w, listColumns, parquet.WriterOptions{Codec: parquet.Zstd, Size: l.Size})
	if err != nil {
		return err
	}
	n := len(l.Entries)
	err = t.Write(n, []parquet.Values{
		{Text: l.Entries},
		{Codes: make([]int32, n), Dictionary: []string{l.Segment}},
		{Ints: slices.Repeat([]int64{l.AsOf}, n)},
	})
	if err != nil {
		return err
	}
	return t.Close()
}

// listColumns are those of a neutral list.
var listColumns = []rules.Column{
	{Name: "subject", Type: value.Type{Kind: value.Text}},
	{Name: "segment", Type: value.Type{Kind: value.Text}},
	{Name: "as_of", Type: value.Type{Kind: value.Timestamp}},
}
