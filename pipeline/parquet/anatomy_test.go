package parquet

import (
	"bytes"

	"github.com/parquet-go/parquet-go/format"
)

// Anatomy is where the parts of a good file lie, for tests that damage them one by one.
type Anatomy struct {
	Footer int // offset
	Pages  []Page
}

// Page is one page: its header begins at At, its stored bytes at Body, and it ends before End.
type Page struct {
	Group, Column int
	At, Body, End int
	Dictionary    bool
	HasCRC        bool
}

// Dissect finds the pages of all column chunks, in the order of the footer.
func Dissect(data []byte) (a Anatomy, err error) {
	meta, end, err := readFooter(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return a, err
	}
	a.Footer = int(end)
	for g := range meta.RowGroups {
		for c := range meta.RowGroups[g].Columns {
			m := &meta.RowGroups[g].Columns[c].MetaData
			at := int(chunkStart(m))
			for values, stop := int64(0), at+int(m.TotalCompressedSize); at < stop && values < m.NumValues; {
				h, n, err := readPageHeader(data[at:stop])
				if err != nil {
					return a, err
				}
				p := Page{Group: g, Column: c, At: at, Body: at + n, HasCRC: h.hasCRC, Dictionary: h.kind == format.DictionaryPage}
				if !p.Dictionary {
					values += int64(h.values)
				}
				at = p.Body + int(h.stored)
				p.End = at
				a.Pages = append(a.Pages, p)
			}
		}
	}
	return a, nil
}
