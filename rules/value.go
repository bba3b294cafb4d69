package rules

import "math"

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
