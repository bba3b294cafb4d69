package sql

import (
	"fmt"
	"strings"
)

// Dialect is what two engines spell differently. Entries with %s or %[1]s are formats.
type Dialect struct {
	Name     string
	Text     string   // the type of texts
	Wide     string   // an exact type for sums, at least as wide as 126 bits or 38 digits
	Settings []string // what must be set before an expression means what it says

	quote      string // round an identifier
	plain      string // punctuation that may stand in a text literal as it is
	hexText    string // of hex digits: the text with these bytes
	startsWith string
	endsWith   string
	find       string // the function of a text and a part: its position from 1 on, or 0
	bytes      string // of a text: how many it has
	divide     string // whole numbers, towards zero
	trim       string // of a text and the characters to take off at both ends
	matches    string // of a text and a pattern for the whole of it
	holds      string // of a text and a pattern for a part of it
	pattern    string // what a whole pattern is wrapped in
	boundary   string // in a pattern: between a word and what is none, ASCII
	micros     string // of a time
	days       string // of a date
	addMonths  string // of days since 1970-01-01 and a number of months: days
	month      string // of days since 1970-01-01
	sha256     string // of two texts with a zero byte between them: lower-case hex digits
	hexNumber  string // of up to eight hex digits: their number
	floatBits  string // of a floating point number: its bits as an integer; "" where there is no way
	hexInteger string // of a 64-bit integer: its hex digits
	swap       string // of eight groups of a pattern: their order turned round
	hexBytes   string // of a text: the hex digits of its bytes, upper case
	hashHex    string // of hex digits: the SHA-256 of the bytes, hex digits
	valid      string // of a text: its bytes are UTF-8; "" where it cannot be otherwise
}

// DuckDB is the dialect of DuckDB 1.1 and later.
var DuckDB = &Dialect{
	Name: "duckdb", Text: "VARCHAR", Wide: "HUGEINT",
	quote: `"`, plain: ` -_./:?=&%+#,;@!~*()[]{}|^$<>\`,
	hexText: "decode(unhex('%s'))", startsWith: "starts_with(%s, %s)", endsWith: "suffix(%s, %s)", find: "strpos",
	bytes: "strlen(%s)", divide: "%s // %s", trim: "trim(%s, %s)",
	matches: "regexp_full_match(%s, %s)", holds: "regexp_matches(%s, %s)", pattern: "%s", boundary: `\b`,
	micros: "epoch_us(%s)", days: "CAST(date_diff('day', DATE '1970-01-01', %s) AS BIGINT)",
	addMonths: "date_diff('day', DATE '1970-01-01', CAST(DATE '1970-01-01' + CAST(%s AS INTEGER) + INTERVAL %d MONTH " +
		"AS DATE))",
	month:  "CAST(month(DATE '1970-01-01' + CAST(%s AS INTEGER)) AS BIGINT)",
	sha256: "sha256(%s || chr(0) || %s)", hexNumber: "CAST('0x' || %s AS BIGINT)",
	floatBits: "CAST(CAST(%s AS BIT) AS BIGINT)", hexInteger: "to_hex(%s)", swap: `\8\7\6\5\4\3\2\1`, hexBytes: "hex(%s)",
	hashHex: "sha256(unhex(%s))",
}

// Spark is the dialect of Spark SQL 3.5 and later, with spark.sql.ansi.enabled and in time zone UTC.
var Spark = &Dialect{
	Name: "spark", Text: "STRING", Wide: "DECIMAL(38,0)",
	Settings: []string{
		"SET spark.sql.ansi.enabled=true", "SET spark.sql.session.timeZone=UTC", "SET spark.sql.caseSensitive=true",
		"SET spark.sql.parquet.binaryAsString=true",
	},
	quote: "`", plain: " -_./:",
	hexText: "CAST(X'%s' AS STRING)", startsWith: "startswith(%s, %s)", endsWith: "endswith(%s, %s)", find: "instr",
	bytes: "octet_length(%s)", divide: "%s div %s", trim: "trim(BOTH %[2]s FROM %[1]s)",
	matches: "regexp_like(%s, %s)", holds: "regexp_like(%s, %s)", pattern: `\A(?:%s)\z`,
	boundary: `(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))`,
	micros:   "unix_micros(CAST(%s AS TIMESTAMP))", days: "CAST(unix_date(%s) AS BIGINT)",
	addMonths: "CAST(unix_date(add_months(date_from_unix_date(%s), %d)) AS BIGINT)",
	month:     "CAST(month(date_from_unix_date(%s)) AS BIGINT)",
	sha256:    "sha2(concat(CAST(%s AS BINARY), X'00', CAST(%s AS BINARY)), 256)",
	hexNumber: "CAST(conv(%s, 16, 10) AS BIGINT)", hexInteger: "hex(%s)", swap: "$8$7$6$5$4$3$2$1", hexBytes: "hex(%s)",
	hashHex: "sha2(unhex(%s), 256)", valid: "encode(%[1]s, 'UTF-8') = CAST(%[1]s AS BINARY)",
}

// Dialects are all of them, by name.
var Dialects = []*Dialect{DuckDB, Spark}

// Named returns the dialect of that name.
func Named(name string) (*Dialect, error) {
	var names []string
	for _, d := range Dialects {
		if d.Name == name {
			return d, nil
		}
		names = append(names, d.Name)
	}
	return nil, fmt.Errorf("there is no dialect %q, expected %s", name, strings.Join(names, " or "))
}

// StartsWith is true where text begins with part.
func (d *Dialect) StartsWith(text, part string) string { return fmt.Sprintf(d.startsWith, text, part) }

// EndsWith is true where text ends with part.
func (d *Dialect) EndsWith(text, part string) string { return fmt.Sprintf(d.endsWith, text, part) }

// Bytes is how many bytes a text has.
func (d *Dialect) Bytes(text string) string { return fmt.Sprintf(d.bytes, text) }

// Micros is a time as microseconds since 1970, UTC.
func (d *Dialect) Micros(time string) string { return fmt.Sprintf(d.micros, time) }

// Days is a date as days since 1970-01-01.
func (d *Dialect) Days(date string) string { return fmt.Sprintf(d.days, date) }

// UTF8 is a value made of a text, and null where the bytes of the text are not UTF-8.
func (d *Dialect) UTF8(text, value string) string {
	if d.valid == "" {
		return value
	}
	return "CASE WHEN " + fmt.Sprintf(d.valid, text) + " THEN " + value + " END"
}

// FloorDiv is a whole number divided by a positive one, rounded down.
func (d *Dialect) FloorDiv(a string, b int64) string {
	return "(" + fmt.Sprintf(d.divide, fmt.Sprintf("(%s - %s)", a, FloorMod(a, b)), fmt.Sprint(b)) + ")"
}

// FloorMod is what FloorDiv leaves over, never negative.
func FloorMod(a string, b int64) string { return fmt.Sprintf("((%s %% %d + %d) %% %d)", a, b, b, b) }

// AsWide is a whole number in the type of sums.
func (d *Dialect) AsWide(x string) string { return "CAST(" + x + " AS " + d.Wide + ")" }

// FloatBits are the bits of a floating point number as an integer; false where the dialect has no way to them.
func (d *Dialect) FloatBits(x string) (string, bool) {
	return strings.ReplaceAll(d.floatBits, "%s", x), d.floatBits != ""
}
