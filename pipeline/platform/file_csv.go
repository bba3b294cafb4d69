package platform

import (
	"encoding/csv"
	"io"
	"iter"
	"strings"
	"time"
)

var _ = define(Platform{
	Type: "file_csv", Ext: "csv",
	Doc:   "Neutral CSV: UTF-8, LF, header subject,segment,as_of; as_of is RFC 3339 in UTC.",
	Parts: []Part{{Unsafe: formula, Write: writeNeutralCSV}},
})

func writeNeutralCSV(w io.Writer, l List) error {
	asOf := time.UnixMicro(l.AsOf).UTC().Format(time.RFC3339)
	return writeRows(w, []string{"subject", "segment", "as_of"}, func(yield func(row []string) bool) {
		for _, id := range l.Entries {
			if !yield([]string{id, l.Segment, asOf}) {
				return
			}
		}
	})
}

// writeRows writes CSV: a header and rows, each of which is written before the next is asked for.
func writeRows(w io.Writer, header []string, rows iter.Seq[[]string]) error {
	return writeTo(csv.NewWriter(w), header, rows)
}

// writeTo is writeRows with a writer of its own form; without a header where that is nil.
func writeTo(c *csv.Writer, header []string, rows iter.Seq[[]string]) error {
	if header != nil {
		if err := c.Write(header); err != nil {
			return err
		}
	}
	for row := range rows {
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// plain are the characters of ids, keys and hashes: with these alone no cell is a formula that does anything.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+/=-"

// formula reports an id that a spreadsheet would read as a formula: it begins with = + - or @ and holds a character
// that ids, keys and hashes do not have (docs/platforms.md, Neutral files).
func formula(id string) string {
	if id != "" && strings.ContainsRune("=+-@", rune(id[0])) &&
		strings.ContainsFunc(id, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
		return "a spreadsheet would read it as a formula"
	}
	return ""
}
