package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// convert types a literal as a value of the term.
func (b *binder) convert(l literal, c *comparison, term boundTerm) (argument, bool) {
	if l.kind == literalNull {
		b.fault("E-NULL-COMPARE", l.span, "a comparison with null is never true", b.nullFix(c))
		return argument{}, false
	}
	if term.names != nil {
		return b.named(l, c, term)
	}
	switch kind := term.Type.Kind; {
	case kind == Text && l.kind == literalText:
		return argument{Value: Value{Kind: Text, Text: l.text}}, true
	case kind == Boolean && l.kind == literalBool:
		return argument{Value: boolValue(l.text == "true")}, true
	case (kind == Integer || kind == Decimal) && l.kind == literalNumber:
		return b.exactNumber(l, term.Type)
	case kind == Float && l.kind == literalNumber:
		return b.floatNumber(l)
	case kind == Date && l.kind == literalDate, kind == Timestamp && l.kind == literalTimestamp, kind == TimeOfDay && l.kind == literalTime:
		v, ok := timeValue(l.kind, l.text)
		if !ok {
			b.fault("E-LITERAL", l.span, fmt.Sprintf("%q is not %s", l.text, term.Type.describe()), expected(exampleOf(kind)))
		}
		return argument{Value: v}, ok
	}
	b.wrongType(l, c, term)
	return argument{}, false
}

// nullFix is how the comparison asks for missing values.
func (b *binder) nullFix(c *comparison) Hint {
	column := b.written(c.term.span)
	switch {
	case c.op != OpEqual && c.not:
		return fix("... and " + column + " is not null")
	case c.op != OpEqual:
		return fix("... or " + column + " is null")
	case c.not:
		return fix(column + " is not null")
	}
	return fix(column + " is null")
}

func boolValue(v bool) Value {
	if v {
		return Value{Kind: Boolean, Int: 1}
	}
	return Value{Kind: Boolean}
}

// named turns the name of an integer, such as a weekday's, into the integer.
func (b *binder) named(l literal, c *comparison, term boundTerm) (argument, bool) {
	if l.kind != literalText {
		b.fault("E-TYPE", l.span, fmt.Sprintf("%s is a name, %s is not", b.written(c.term.span), b.written(l.span)), expected("one of "+list(term.names)))
		return argument{}, false
	}
	i := slices.Index(term.names, l.text)
	if i < 0 {
		b.unknownValue(l, b.written(c.term.span), term.names)
		return argument{}, false
	}
	return argument{Value: Value{Kind: Integer, Int: int64(i), Text: l.text}}, true
}

func (b *binder) exactNumber(l literal, t Type) (argument, bool) {
	if !numberForm.MatchString(l.text) {
		b.badNumber(l)
		return argument{}, false
	}
	n, ok := ParseNumber(l.text)
	units, exact, fits := n.AtScale(t.Scale)
	if !ok || !fits {
		b.fault("E-RANGE", l.span, fmt.Sprintf("%s is beyond the numbers of %v", l.text, t), expected("at most 18 digits"))
		return argument{}, false
	}
	return argument{Value{Kind: t.Kind, Int: units}, !exact}, true
}

func (b *binder) floatNumber(l literal) (argument, bool) {
	f, err := strconv.ParseFloat(l.text, 64)
	if !numberForm.MatchString(l.text) || err != nil {
		b.badNumber(l)
		return argument{}, false
	}
	if f == 0 {
		f = 0 // one zero, whatever its sign
	}
	return argument{Value: Value{Kind: Float, Float: f}}, true
}

func (b *binder) badNumber(l literal) {
	b.fault("E-LITERAL", l.span, fmt.Sprintf("%q is not a number", l.text), expected("digits, with a point before the fraction: 12.50"))
}

// wrongType reports a literal of another type than the term, with the text that was probably meant.
func (b *binder) wrongType(l literal, c *comparison, term boundTerm) {
	kind := term.Type.Kind
	var hints []Hint
	var edits []Edit
	if meant := meantBy(l, kind); meant != "" {
		edits = []Edit{b.edit(l.span, meant)}
		if c.op == OpIn || c.op == OpBetween {
			hints = append(hints, fix(meant))
		} else {
			hints = append(hints, fix(b.written(c.term.span)+" "+c.word+" "+meant))
		}
	} else {
		hints = append(hints, expected(exampleOf(kind)))
	}
	b.fault("E-TYPE", l.span, fmt.Sprintf("%s is %s, %s is %s", b.written(c.term.span), term.Type.describe(), b.written(l.span), describeLiteral(l)), hints...).Edits = edits
}

func describeLiteral(l literal) string {
	switch l.kind {
	case literalText:
		return "text"
	case literalNumber:
		return "a number"
	case literalBool:
		return "true or false"
	case literalDate:
		return "a date"
	case literalTime:
		return "a time of day"
	}
	return "a point in time"
}

// meantBy returns how the literal's text is written as a value of the kind, "" if it is none.
func meantBy(l literal, kind Kind) string {
	switch {
	case kind == Text && (l.kind == literalNumber || l.kind == literalBool):
		return quoteText(l.text)
	case l.kind != literalText:
		return ""
	case (kind == Integer || kind == Decimal || kind == Float) && numberForm.MatchString(l.text):
		return l.text
	case kind == Boolean && (l.text == "true" || l.text == "false"):
		return l.text
	}
	for form, word := range map[literalKind]string{literalDate: "date", literalTime: "time", literalTimestamp: "timestamp"} {
		if v, ok := timeValue(form, l.text); ok && v.Kind == kind {
			return word + " " + quoteText(l.text)
		}
	}
	return ""
}

func exampleOf(kind Kind) string {
	switch kind {
	case Text:
		return "text in single quotes"
	case Boolean:
		return "true or false"
	case Date:
		return "date '2026-04-01'"
	case Timestamp:
		return "timestamp '2026-04-01T00:00:00+03:00' (for the local day or hour of the event: local.date, local.hour)"
	case TimeOfDay:
		return "time '08:30'"
	}
	return "a number"
}

// timeValue reads the text of a date, time or timestamp literal.
func timeValue(kind literalKind, text string) (Value, bool) {
	switch kind {
	case literalDate:
		days, ok := parseDays(text)
		return Value{Kind: Date, Int: days}, ok
	case literalTimestamp:
		us, ok := parseInstant(text)
		return Value{Kind: Timestamp, Int: us}, ok
	case literalTime:
		us, ok := parseTimeOfDay(text)
		return Value{Kind: TimeOfDay, Int: us}, ok
	}
	return Value{}, false
}

// parseInstant reads an RFC 3339 time, at most to the microsecond.
func parseInstant(text string) (int64, bool) {
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

func quoteText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
