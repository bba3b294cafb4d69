package platform

import (
	"encoding/csv"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

// formula reports a text that a spreadsheet would read as a formula: it begins with = + - or @, as they are or in full
// width, and holds a character that ids, keys and hashes do not have (docs/platforms.md, Neutral files). Where another
// separator is usual a spreadsheet begins a cell within the text, and everywhere it forgets the space before one.
func formula(text string) string {
	for start := true; text != ""; {
		first, size := utf8.DecodeRuneInString(text)
		if start && strings.ContainsRune("=+-@＝＋－＠", first) &&
			strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
			return "a spreadsheet would read it as a formula"
		}
		start = strings.ContainsRune(",;|\t", first) || start && unicode.IsSpace(first)
		text = text[size:]
	}
	return ""
}
