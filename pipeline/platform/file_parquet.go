package platform

import (
	"io"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

var _ = define(Platform{
	Type: "file_parquet", Ext: "parquet",
	Doc: "Neutral Parquet: text columns subject and segment, as_of a timestamp of microseconds in UTC; Zstd.",
	Write: func(w io.Writer, h Header, subjects []string) error {
		t, err := parquet.NewWriter(w, listColumns, parquet.WriterOptions{Codec: parquet.Zstd})
		if err != nil {
			return err
		}
		n := len(subjects)
		err = t.Write(n, []parquet.Values{
			{Text: subjects},
			{Codes: make([]int32, n), Dictionary: []string{h.Segment}},
			{Ints: slices.Repeat([]int64{h.AsOf}, n)},
		})
		if err != nil {
			return err
		}
		return t.Close()
	},
})

// listColumns are those of a neutral list.
var listColumns = []rules.Column{
	{Name: "subject", Type: rules.Type{Kind: rules.Text}},
	{Name: "segment", Type: rules.Type{Kind: rules.Text}},
	{Name: "as_of", Type: rules.Type{Kind: rules.Timestamp}},
}
