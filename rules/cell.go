package rules

import (
	"slices"
	"strconv"
	"strings"
)

// ParseTimestamp reads an RFC 3339 time, at most to the microsecond, as microseconds UTC.
func ParseTimestamp(text string) (int64, bool) { return parseInstant(text) }

// ParseType reads the name of a type: text, integer, decimal(18,2), float, boolean, date or timestamp.
func ParseType(text string) (Type, bool) {
	if parts := decimalForm.FindStringSubmatch(text); parts != nil {
		precision, _ := strconv.Atoi(parts[1]) // one to three digits
		scale, _ := strconv.Atoi(parts[2])
		return Type{Kind: Decimal, Precision: precision, Scale: scale}, precision > 0 && scale <= precision && precision <= maxDigits
	}
	for kind, name := range typeNames {
		if name == text && kind != Decimal {
			return Type{Kind: kind}, true
		}
	}
	return Type{}, false
}

// ParseValue reads the text of a cell as a value of a type, as tests of rules write it.
func ParseValue(t Type, text string) (Value, bool) {
	switch t.Kind {
	case Text:
		return Value{Kind: Text, Text: text}, true
	case Integer, Decimal:
		n, ok := ParseNumber(text)
		units, exact, fits := n.AtScale(t.Scale)
		return Value{Kind: t.Kind, Int: units}, ok && exact && fits
	case Float:
		f, err := strconv.ParseFloat(text, 64)
		return Value{Kind: Float, Float: f}, err == nil
	case Boolean:
		i := slices.Index([]string{"false", "true"}, strings.ToLower(text))
		return Value{Kind: Boolean, Int: int64(i)}, i >= 0
	case Date:
		return timeValue(literalDate, text)
	case Timestamp:
		return timeValue(literalTimestamp, text)
	case TimeOfDay:
		return timeValue(literalTime, text)
	}
	return Value{}, false
}
