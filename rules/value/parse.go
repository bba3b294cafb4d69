package value

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var decimalForm = regexp.MustCompile(`^decimal\(([0-9]{1,3}), ?([0-9]{1,3})\)$`)

// ParseType reads the name of a type: text, integer, decimal(18,2), float, boolean, date or timestamp. A decimal that
// we do not have is returned with false.
func ParseType(text string) (Type, bool) {
	if parts := decimalForm.FindStringSubmatch(text); parts != nil {
		precision, _ := strconv.Atoi(parts[1]) // one to three digits
		scale, _ := strconv.Atoi(parts[2])
		return Type{
			Kind: Decimal, Precision: precision, Scale: scale,
		}, precision > 0 && scale <= precision && precision <= MaxDigits
	}
	for kind, name := range TypeNames {
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
	}
	return ParseTime(t.Kind, text)
}

// ParseTime reads a date, a timestamp or a time of day, as literals of a `where` write it.
func ParseTime(kind Kind, text string) (Value, bool) {
	v, ok := int64(0), false
	switch kind {
	case Date:
		v, ok = ParseDays(text)
	case Timestamp:
		v, ok = ParseTimestamp(text)
	case TimeOfDay:
		v, ok = parseTimeOfDay(text)
	}
	return Value{Kind: kind, Int: v}, ok
}

// MeantTimestamp is the point in time that a date or a local time without an offset was probably meant for: on the
// clock of the zone, with its offset. "" if the text is neither.
func MeantTimestamp(text string, z *Zone) string {
	const seconds = "2006-01-02T15:04:05"
	for _, layout := range []string{seconds, "2006-01-02T15:04", time.DateOnly, time.DateTime, "2006-01-02 15:04"} {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		wall := at.UnixMicro()
		ahead := z.Offset(z.Earliest(wall)) / MicrosPerMinute
		sign := '+'
		if ahead < 0 {
			sign, ahead = '-', -ahead
		}
		return fmt.Sprintf("%s%c%02d:%02d", at.Format(seconds), sign, ahead/60, ahead%60)
	}
	return ""
}

// FormatTimestamp writes microseconds UTC as an RFC 3339 time.
func FormatTimestamp(us int64) string { return time.UnixMicro(us).UTC().Format(time.RFC3339Nano) }

// ParseTimestamp reads an RFC 3339 time, at most to the microsecond, as microseconds UTC.
func ParseTimestamp(text string) (int64, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Nanosecond()%1000 != 0 || strings.Contains(text, ",") {
		return 0, false
	}
	return t.UnixMicro(), true
}

// parseTimeOfDay reads 08:30, 08:30:15 or 08:30:15.250, at most to the microsecond.
func parseTimeOfDay(text string) (int64, bool) {
	layout := "15:04:05"
	if len(text) == len("15:04") {
		layout = "15:04"
	}
	t, err := time.Parse(layout, text)
	if err != nil || t.Nanosecond()%1000 != 0 || len(text) < 5 || text[2] != ':' || strings.Contains(text, ",") {
		return 0, false
	}
	return t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds(), true
}
