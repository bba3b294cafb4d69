package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Unsaid is something that a statement cannot say, and why.
type Unsaid struct{ Construct, Reason string }

// UnsaidError says that a segment cannot be written as SQL.
type UnsaidError struct {
	Unsaid
	Segment string
}

func (e *UnsaidError) Error() string {
	return fmt.Sprintf("write segment %s as SQL: it needs %s, which cannot be said: %s", e.Segment, e.Construct, e.Reason)
}

// What cannot be said. Sequences, sessions and windows can.
var (
	unsaidLinked = Unsaid{
		"identity.attach: linked",
		"whose row it is depends on all logins around it, with a consent to link of its own; a statement knows the row's " +
			"own login only",
	}
	unsaidParam = Unsaid{
		"a column that is read with param(...)",
		"how a file nests its lists is known when it is open; name a table in which the parameter is a column",
	}
	unsaidBytes = Unsaid{
		"a column with an encoding",
		"whether a file holds its bytes or their text is known when it is open; name a table in which they are text",
	}
	unsaidFloats = Unsaid{
		"dedupe over a schema with a float column, in Spark",
		"versions that arrive at one instant are ordered by a hash of their bytes, and Spark SQL has no bytes of a float; " +
			"set dedupe: none",
	}
	unsaidWords = Unsaid{
		"identity.blocked with letters beyond U+017F", "letters are made small by a table that ends there",
	}
	unsaidMarks = Unsaid{
		"complete: success or manifest",
		"which partitions are complete is known from their listing; name a table that holds those alone",
	}
	unsaidMapped = Unsaid{
		"consent.map",
		"what a platform's words mean is read with the map; name a table with the columns of the consent log",
	}
	unsaidCSV = Unsaid{
		"a suppression or protected list in CSV, in Spark", "Spark reads CSV without a header in plain SQL; name a table",
	}
	unsaidFile = Unsaid{
		"a suppression or protected list whose name ends neither in .parquet nor in .csv",
		"which of the two it is shows when it is open; name a table",
	}
)

// CannotSay lists what a statement cannot say, each with its reason.
func CannotSay() []Unsaid {
	return []Unsaid{
		unsaidLinked, unsaidParam, unsaidBytes, unsaidFloats, unsaidWords, unsaidMarks, unsaidMapped, unsaidCSV, unsaidFile,
	}
}

// Linked, Incomplete, MappedLog and ListFile are what only the project says: it refuses a statement for them.
func Linked(segment string) error { return &UnsaidError{unsaidLinked, segment} }

// Incomplete refuses a source whose partitions count when they are complete.
func Incomplete(segment string) error { return &UnsaidError{unsaidMarks, segment} }

// MappedLog refuses a consent log that is the export of a platform.
func MappedLog(segment string) error { return &UnsaidError{unsaidMapped, segment} }

// ListFile refuses a list that a dialect cannot read.
func ListFile(segment, url string) error {
	if strings.HasSuffix(url, ".csv") {
		return &UnsaidError{unsaidCSV, segment}
	}
	return &UnsaidError{unsaidFile, segment}
}

// check refuses what cannot be said.
func (w *writer) check() error {
	target := w.q.Target
	for _, word := range w.q.Blocked {
		if strings.ContainsFunc(word, func(r rune) bool { return r > '\u017f' }) {
			return &UnsaidError{unsaidWords, target}
		}
	}
	for _, source := range w.q.Sources {
		if _, bits := w.d.FloatBits("x"); !bits && source.Dedupe > 0 &&
			slices.ContainsFunc(source.Schema.Columns, func(c rules.Column) bool { return c.Type.Kind == value.Float }) {
			return &UnsaidError{unsaidFloats, target}
		}
	}
	return nil
}

// read is a column of a table as rules.Value holds it.
func (w *writer) read(c *rules.Column, s *rules.Schema) (string, error) {
	switch {
	case c.Value != "":
		return w.d.Quote(c.Value), nil
	case c.Param != "":
		return "", &UnsaidError{unsaidParam, w.q.Target}
	case c.Encoding != "":
		return "", &UnsaidError{unsaidBytes, w.q.Target}
	}
	x := w.d.Path(c.Path())
	switch c.Type.Kind {
	case value.Text:
		text := "CAST(" + x + " AS " + w.d.Text + ")"
		if s.EmptyIsNull {
			text = "nullif(" + text + ", '')"
		}
		return text, nil
	case value.Integer:
		return "CAST(" + x + " AS BIGINT)", nil
	case value.Decimal:
		exact := fmt.Sprintf("CAST(%s AS DECIMAL(%d,%d))", x, c.Type.Precision, c.Type.Scale)
		return fmt.Sprintf("CAST(%s * 1%s AS BIGINT)", exact, strings.Repeat("0", c.Type.Scale)), nil
	case value.Float:
		return fmt.Sprintf("CASE WHEN NOT isnan(%[1]s) THEN CAST(%[1]s AS DOUBLE) + CAST('0' AS DOUBLE) END", x), nil
	case value.Date:
		return w.d.Days(x), nil
	case value.Timestamp:
		return w.instant(c, x)
	}
	return x, nil
}

// instant is a time as microseconds, however the log counts it.
func (w *writer) instant(c *rules.Column, x string) (string, error) {
	count := "CAST(" + x + " AS BIGINT)"
	switch c.Unit {
	case "s":
		return count + " * 1000000", nil
	case "ms":
		return count + " * 1000", nil
	case "us":
		return count, nil
	case "ns":
		return w.d.FloorDiv(count, 1000), nil
	}
	if c.Zone == "" {
		return w.d.Micros(x), nil
	}
	zone, err := value.LoadZone(c.Zone)
	if err != nil {
		return "", fmt.Errorf("read column %s: %w", c.Name, err)
	}
	return w.d.Clock(zone, earliest, w.q.Policy.Now).Earliest(w.d.Micros(x)), nil
}

// earliest is 1990-01-01: a time before it is an error of units (docs/language.md, Time).
const earliest = 631152000 * 1_000_000

// blocked is true for an id, trimmed, that may not be used (docs/identity.md, Blocked ids).
func (w *writer) blocked(id string) string {
	words := make([]string, len(w.q.Blocked))
	for i := range words {
		words[i] = w.d.Quote(w.q.Blocked[i])
	}
	bare := fmt.Sprintf("replace(%s, '-', '')", id)
	tests := []string{
		w.d.Bytes(id) + " > 128", w.d.HasControl(id),
		fmt.Sprintf("%s = repeat(substr(%s, 1, 1), char_length(%s)) AND (substr(%s, 1, 1) IN ('', '0') OR "+
			"char_length(%s) >= 4)", bare, bare, bare, bare, bare),
	}
	if len(words) > 0 {
		lower := fmt.Sprintf("translate(%s, '\u212a', 'k')", sql.Lower(id)) // the Kelvin sign has a small form too
		tests = append(tests, lower+" IN ("+strings.Join(words, ", ")+")")
	}
	return strings.Join(tests, " OR ")
}

// FolderTable is what stands after FROM for a folder of Parquet files, as a project names it.
func FolderTable(d *sql.Dialect, url string) string {
	if d == sql.Spark {
		return "parquet." + d.Ident(url)
	}
	return "read_parquet(" + d.Quote(strings.TrimSuffix(url, "/")+"/**/*.parquet") + ", hive_partitioning = false, " +
		"union_by_name = true, binary_as_string = true)"
}

// FileTable is what stands after FROM for one file, by its name Parquet or CSV with a header; false where the dialect
// cannot say it. Nothing of a CSV's form is left to be guessed.
func FileTable(d *sql.Dialect, url string) (string, bool) {
	csv, parquet := strings.HasSuffix(url, ".csv"), strings.HasSuffix(url, ".parquet")
	switch {
	case parquet && d == sql.Spark:
		return "parquet." + d.Ident(url), true
	case parquet:
		return "read_parquet(" + d.Quote(url) + ", binary_as_string = true)", true
	case csv && d != sql.Spark:
		return "read_csv(" + d.Quote(url) + `, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', ` +
			`comment = '', skip = 0, nullstr = '')`, true
	}
	return "", false
}
