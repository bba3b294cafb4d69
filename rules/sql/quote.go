package sql

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Quote writes a text as a literal. What a dialect could read in two ways, and all that is not plain, becomes hex
// digits, so that no escape and no injection can arise.
func (d *Dialect) Quote(text string) string {
	for _, r := range text {
		if !d.isPlain(r) {
			return fmt.Sprintf(d.hexText, strings.ToUpper(hex.EncodeToString([]byte(text))))
		}
	}
	return "'" + text + "'"
}

// isPlain reports whether a character may stand in a literal: digits, Latin letters, and the dialect's punctuation.
// Bytes that are not UTF-8 come as a character that is no letter.
func (d *Dialect) isPlain(r rune) bool {
	return r >= '0' && r <= '9' || r <= '\u017f' && unicode.IsLetter(r) || strings.ContainsRune(d.plain, r)
}

var simpleName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// reserved are words that look like names and are none in one dialect or the other.
var reserved = map[string]bool{
	"all": true, "and": true, "any": true, "array": true, "as": true, "asc": true, "at": true, "between": true,
	"both": true, "by": true, "case": true, "cast": true, "check": true,
	"column": true, "cross": true, "current": true, "date": true, "default": true, "desc": true, "distinct": true,
	"do": true, "else": true, "end": true, "exists": true, "false": true,
	"fetch": true, "filter": true, "first": true, "for": true, "from": true, "full": true, "group": true, "having": true,
	"in": true, "inner": true, "interval": true, "into": true, "is": true, "join": true,
	"last": true, "left": true, "like": true, "limit": true, "natural": true, "not": true, "null": true, "offset": true,
	"on": true, "or": true, "order": true, "outer": true, "over": true,
	"partition": true, "primary": true, "range": true, "references": true, "right": true, "row": true, "rows": true,
	"select": true, "session": true, "set": true, "some": true, "table": true,
	"then": true, "time": true, "timestamp": true, "to": true, "true": true, "union": true, "unique": true, "user": true,
	"using": true, "values": true, "when": true, "where": true, "window": true, "with": true,
}

// Ident writes an identifier.
func (d *Dialect) Ident(name string) string {
	if simpleName.MatchString(name) && !reserved[name] {
		return name
	}
	return d.quote + strings.ReplaceAll(name, d.quote, d.quote+d.quote) + d.quote
}

// Path writes a column path as schemas have it: user.geo.country, Device ID, `a.b`.c.
func (d *Dialect) Path(path string) string {
	steps, _ := where.ParsePath(path)
	var parts []string
	for _, s := range steps {
		names := []string{s.Name}
		if !s.Quoted {
			names = strings.Split(s.Name, ".")
		}
		for _, name := range names {
			parts = append(parts, d.Ident(name))
		}
	}
	return strings.Join(parts, ".")
}

// Literal writes a value.
func (d *Dialect) Literal(v value.Value) string {
	switch v.Kind {
	case value.Text:
		return d.Quote(v.Text)
	case value.Float:
		return Float(v.Float)
	case value.Boolean:
		return strings.ToUpper(strconv.FormatBool(v.Int == 1))
	}
	return Integer(v.Int)
}

// Float writes a floating point number, read back bit by bit.
func Float(f float64) string {
	return "CAST('" + strconv.FormatFloat(f, 'g', -1, 64) + "' AS DOUBLE)"
}

// Integer writes a whole number.
func Integer(n int64) string {
	if n < 0 {
		return "(" + strconv.FormatInt(n, 10) + ")"
	}
	return strconv.FormatInt(n, 10)
}
