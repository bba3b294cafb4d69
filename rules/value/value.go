// Package value is what columns and literals hold: types, exact numbers, durations, dates, and time zones with the
// calendar arithmetic of windows. Zones come from an embedded database, so that a rule means the same on every machine.
//
// It knows no text of files, no conditions and no rows.
package value

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is the family of a type.
type Kind uint8

// The kinds a column, a term or a literal can have.
const (
	Text Kind = iota + 1
	Integer
	Decimal
	Float
	Boolean
	Date
	Timestamp
	TimeOfDay
)

// Type is a kind with the precision and scale of a decimal.
type Type struct {
	Kind             Kind
	Precision, Scale int
}

// Value is one non-null value of some type. Text uses Text, Float uses Float, every other kind uses Int: integers as
// they are, decimals unscaled (units of 10^-scale), booleans as 0 and 1, dates as days since 1970-01-01, timestamps as
// microseconds since 1970-01-01T00:00:00Z, times of day as microseconds since midnight. An integer literal with a name,
// such as a weekday's, keeps the name in Text.
type Value struct {
	Kind  Kind
	Int   int64
	Float float64
	Text  string
}

// MaxTextBytes is how long a text of a log may be: rows with longer ones are left out.
const MaxTextBytes = 64 << 10

// Earliest is the first instant that an event can have, 1990-01-01 UTC: rows with earlier ones are left out.
const Earliest = 631_152_000 * 1_000_000

// Truth is the result of a test on one row in three-valued (SQL) logic. The zero value is False.
type Truth uint8

// The three truths; only True lets a row pass.
const (
	False Truth = iota
	True
	Unknown
)

// Number is an exact decimal literal: Int x 10^-Scale. Bounds of comparators and percentages are Numbers.
type Number struct {
	Int   int64
	Scale int
}

// OrderedFloat maps floats to integers of the same order; both zeros are one. NaN must not be asked.
func OrderedFloat(f float64) int64 {
	if f == 0 {
		return 0
	}
	b := int64(math.Float64bits(f))
	if b < 0 {
		return math.MinInt64 - b
	}
	return b
}

// TypeNames are the kinds as schemas write them.
var TypeNames = map[Kind]string{
	Text: "text", Integer: "integer", Decimal: "decimal", Float: "float", Boolean: "boolean",
	Date: "date", Timestamp: "timestamp", TimeOfDay: "time",
}

// String returns the type as schemas write it: decimal(18,2).
func (t Type) String() string {
	if t.Kind == Decimal {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return TypeNames[t.Kind]
}

// Describe says in a message what values of the type are.
func (t Type) Describe() string {
	switch t.Kind {
	case Integer:
		return "a number (integer)"
	case Decimal:
		return fmt.Sprintf("a number (decimal %d,%d)", t.Precision, t.Scale)
	case Float:
		return "a number (float)"
	case Boolean:
		return "true or false"
	case Date:
		return "a date"
	case Timestamp:
		return "a point in time (timestamp)"
	case TimeOfDay:
		return "a time of day"
	}
	return "text"
}

func DescribeKinds(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = TypeNames[k]
	}
	return strings.Join(names, ", ")
}

// Compare orders values of one kind.
func Compare(a, b Value) int {
	switch a.Kind {
	case Text:
		return strings.Compare(a.Text, b.Text)
	case Float:
		return cmp.Compare(a.Float, b.Float)
	}
	return cmp.Compare(a.Int, b.Int)
}

// Literal writes a value as a literal.
func (v Value) Literal(t Type) string {
	switch v.Kind {
	case Text:
		return Quote(v.Text)
	case Float:
		return strconv.FormatFloat(v.Float, 'f', -1, 64)
	case Decimal:
		return formatDecimal(v.Int, t.Scale)
	case Boolean:
		return strconv.FormatBool(v.Int == 1)
	case Date:
		return "date '" + FormatDays(v.Int) + "'"
	case Timestamp:
		return "timestamp '" + time.UnixMicro(v.Int).UTC().Format(time.RFC3339Nano) + "'"
	case TimeOfDay:
		return "time '" + time.UnixMicro(v.Int).UTC().Format("15:04:05.999999") + "'"
	}
	if v.Text != "" {
		return Quote(v.Text)
	}
	return strconv.FormatInt(v.Int, 10)
}

func BoolValue(v bool) Value {
	if v {
		return Value{Kind: Boolean, Int: 1}
	}
	return Value{Kind: Boolean}
}

func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
