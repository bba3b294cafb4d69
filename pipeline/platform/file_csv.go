package platform

import (
	"bufio"
	"encoding/csv"
	"io"
	"strings"
	"time"
)

var _ = define(Platform{
	Type: "file_csv", Ext: "csv",
	Doc:   "Neutral CSV: UTF-8, LF, header subject,segment,as_of; as_of is RFC 3339 in UTC.",
	Parts: []Part{{Unsafe: formula, Write: writeNeutralCSV}},
})

func writeNeutralCSV(w io.Writer, l List) error {
	buffered := bufio.NewWriter(w)
	c := csv.NewWriter(buffered)
	asOf := time.UnixMicro(l.AsOf).UTC().Format(time.RFC3339)
	rows := [][]string{{"subject", "segment", "as_of"}}
	for _, id := range l.Entries {
		rows = append(rows, []string{id, l.Segment, asOf})
	}
	if err := c.WriteAll(rows); err != nil {
		return err
	}
	return buffered.Flush()
}

// plain are the characters of ids, keys and hashes: with these alone no cell is a formula that does anything.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+/=-"

// formula reports an id that a spreadsheet would read as a formula: it begins with = + - or @ and holds a character that
// ids, keys and hashes do not have (docs/platforms.md, Neutral files).
func formula(id string) string {
	if id != "" && strings.ContainsRune("=+-@", rune(id[0])) && strings.ContainsFunc(id, func(r rune) bool { return !strings.ContainsRune(plain, r) }) {
		return "a spreadsheet would read it as a formula"
	}
	return ""
}
