package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// convert types a literal as a value of the term.
func (b *binder) convert(l where.Literal, c *where.Comparison, term boundTerm) (argument, bool) {
	if l.Kind == where.LiteralNull {
		b.fault("E-NULL-COMPARE", l.Span, "a comparison with null is never true", b.nullFix(c))
		return argument{}, false
	}
	if l.Kind == where.LiteralBare {
		b.bare(l, c, term)
		return argument{}, false
	}
	if term.names != nil {
		return b.named(l, c, term)
	}
	switch kind := term.Type.Kind; {
	case isNumeric(kind) && l.Kind == where.LiteralNumber && !value.IsNumber(l.Text):
		b.badNumber(l, c, term)
		return argument{}, false
	case kind == value.Text && l.Kind == where.LiteralText:
		return argument{Value: value.Value{Kind: value.Text, Text: l.Text}}, true
	case kind == value.Boolean && l.Kind == where.LiteralBool:
		return argument{Value: value.BoolValue(l.Text == "true")}, true
	case (kind == value.Integer || kind == value.Decimal) && l.Kind == where.LiteralNumber:
		return b.exactNumber(l, term.Type)
	case kind == value.Float && l.Kind == where.LiteralNumber:
		return b.floatNumber(l)
	case kind == value.Date && l.Kind == where.LiteralDate, kind == value.Timestamp &&
		l.Kind == where.LiteralTimestamp, kind == value.TimeOfDay && l.Kind == where.LiteralTime:
		v, ok := value.ParseTime(kind, l.Text)
		if !ok {
			b.fault("E-LITERAL", l.Span, fmt.Sprintf("%q is not %s", l.Text, term.Type.Describe()), timeHints(l.Text, kind)...)
		}
		return argument{Value: v}, ok
	}
	b.wrongType(l, c, term)
	return argument{}, false
}

// nullFix is how the comparison asks for missing values.
func (b *binder) nullFix(c *where.Comparison) source.Hint {
	column := b.written(c.Term.Span)
	switch {
	case c.Op != where.OpEqual && c.Not:
		return source.Fix("... and " + column + " is not null")
	case c.Op != where.OpEqual:
		return source.Fix("... or " + column + " is null")
	case c.Not:
		return source.Fix(column + " is not null")
	}
	return source.Fix(column + " is null")
}

// named turns the name of an integer, such as a weekday's, into the integer.
func (b *binder) named(l where.Literal, c *where.Comparison, term boundTerm) (argument, bool) {
	if l.Kind != where.LiteralText {
		b.fault("E-TYPE", l.Span, fmt.Sprintf("%s is a name, %s is not", b.written(c.Term.Span), b.written(l.Span)),
			source.Expected("one of "+strings.Join(term.names, ", ")))
		return argument{}, false
	}
	i := slices.Index(term.names, l.Text)
	if i < 0 {
		b.unknownValue(l, b.written(c.Term.Span), term.names)
		return argument{}, false
	}
	return argument{Value: value.Value{Kind: value.Integer, Int: int64(i), Text: l.Text}}, true
}

func (b *binder) exactNumber(l where.Literal, t value.Type) (argument, bool) {
	n, ok := value.ParseNumber(l.Text)
	units, exact, fits := n.AtScale(t.Scale)
	if !ok || !fits {
		b.fault("E-RANGE", l.Span, fmt.Sprintf("%s is beyond the numbers of %v", l.Text, t),
			source.Expected("at most 18 digits"))
		return argument{}, false
	}
	return argument{value.Value{Kind: t.Kind, Int: units}, !exact}, true
}

func (b *binder) floatNumber(l where.Literal) (argument, bool) {
	f, err := strconv.ParseFloat(l.Text, 64)
	if err != nil {
		b.fault("E-RANGE", l.Span, l.Text+" is beyond the numbers of a float")
		return argument{}, false
	}
	if f == 0 {
		f = 0 // one zero, whatever its sign
	}
	return argument{Value: value.Value{Kind: value.Float, Float: f}}, true
}

// badNumber reports digits that are no number, with what they were meant for.
func (b *binder) badNumber(l where.Literal, c *where.Comparison, term boundTerm) {
	hint := source.Expected("digits, with a point before the fraction: 12.50")
	if low, high, ok := where.Range(l.Text); ok {
		hint = source.Fix(b.written(c.Term.Span) + " between " + low + " and " + high)
	} else if meantBy(l, term) != "" {
		hints, _ := b.meant(l, c, term)
		hint = hints[0]
	}
	b.fault("E-LITERAL", l.Span, fmt.Sprintf("%q is not a number", l.Text), hint)
}

func isNumeric(kind value.Kind) bool {
	return kind == value.Integer || kind == value.Decimal || kind == value.Float
}

var clockHour = regexp.MustCompile(`^(1[0-2]|[1-9])([ap])m$`)

// numberIn is the number that a text stands for, "" if none: an amount with marks, an hour of the twelve.
func numberIn(text string, circle Circle) string {
	if m := clockHour.FindStringSubmatch(strings.ToLower(text)); m != nil && circle == CircleUpTo {
		hour, _ := strconv.Atoi(m[1])
		hour %= 12
		if m[2] == "p" {
			hour += 12
		}
		return strconv.Itoa(hour)
	}
	return where.PlainNumber(text)
}

func describeLiteral(l where.Literal) string {
	switch l.Kind {
	case where.LiteralText:
		return "text"
	case where.LiteralNumber:
		return "a number"
	case where.LiteralBool:
		return "true or false"
	case where.LiteralDate:
		return "a date"
	case where.LiteralTime:
		return "a time of day"
	}
	return "a point in time"
}

// canonical turns a test with typed arguments into its normal form: one spelling for one meaning. A number between two
// values of the column's scale becomes the neighbour that means the same.
// It returns false after an error.
func (b *binder) canonical(t *Test, c *where.Comparison, term boundTerm, args []argument) bool {
	switch t.Op {
	case where.OpBetween:
		low, high := args[0], args[1]
		if compareArguments(low, high) > 0 {
			b.fault("E-CONTRADICTION", c.Span, "nothing lies between a higher and a lower value",
				source.Fix(b.turned(c, term, low, high)))
			return false
		}
		if low.inexact {
			low.Int++
		}
		if value.Compare(low.Value, high.Value) > 0 {
			t.Op = where.OpIn
			return true
		}
		t.Args = []value.Value{low.Value, high.Value}
	case where.OpEqual, where.OpIn:
		t.Args = exactValues(args)
		t.Op = where.OpIn
		if len(t.Args) == 1 {
			t.Op = where.OpEqual
		}
	default:
		a := args[0]
		if a.inexact {
			switch t.Op {
			case where.OpLess:
				t.Op = where.OpLessEqual
			case where.OpGreater, where.OpGreaterEqual:
				t.Op = where.OpGreaterEqual
				a.Int++
			}
		}
		t.Args = []value.Value{a.Value}
		if t.Not {
			t.Not = false
			t.negate()
		}
	}
	return true
}

// exactValues returns the values that the column can have, sorted and distinct; nil if there are none.
func exactValues(args []argument) []value.Value {
	var values []value.Value
	for _, a := range args {
		if !a.inexact {
			values = append(values, a.Value)
		}
	}
	slices.SortFunc(values, value.Compare)
	return slices.CompactFunc(values, func(a, b value.Value) bool { return value.Compare(a, b) == 0 })
}

func compareArguments(a, b argument) int {
	if c := value.Compare(a.Value, b.Value); c != 0 || a.inexact == b.inexact {
		return c
	}
	if a.inexact {
		return 1
	}
	return -1
}

// opposites are the operators whose negation is another operator, unknown staying unknown.
var opposites = map[where.Op]where.Op{
	where.OpLess: where.OpGreaterEqual, where.OpLessEqual: where.OpGreater, where.OpGreater: where.OpLessEqual,
	where.OpGreaterEqual: where.OpLess,
}

// negate turns the test into its negation.
func (t *Test) negate() {
	t.Op, t.Not = negated(t.Op, t.Not)
	t.Never, t.Always = t.Always, t.Never
	if t.as != nil {
		as := *t.as
		as.op, as.not = negated(as.op, as.not)
		t.as = &as
	}
}

func negated(op where.Op, not bool) (where.Op, bool) {
	if opposite, ok := opposites[op]; ok {
		return opposite, not
	}
	return op, !not
}

// wrongType reports a literal of another type than the term, with what was probably meant. A proposal must not change
// what the author said: today in quotes is a text that no date equals.
func (b *binder) wrongType(l where.Literal, c *where.Comparison, term boundTerm) {
	if term.Type.Kind == value.Text && l.Kind == where.LiteralNumber && !b.listed(l, c, term) {
		return
	}
	hints, edits := b.meant(l, c, term)
	b.fault("E-TYPE", l.Span,
		fmt.Sprintf("%s is %s, %s is %s", b.written(c.Term.Span), term.Type.Describe(), b.written(l.Span),
			describeLiteral(l)), hints...).Edits = edits
}

// bare reports a word, path, date or time without its quotes.
func (b *binder) bare(l where.Literal, c *where.Comparison, term boundTerm) {
	known := slices.Contains(term.enum, l.Text) || slices.Contains(term.names, l.Text)
	switch {
	case known || where.NoValue(l.Text):
	case term.names != nil:
		b.unknownValue(l, b.written(c.Term.Span), term.names)
		return
	case !b.listed(l, c, term):
		return
	}
	message := l.Text + " is not a value"
	if _, ok := b.words.Columns[l.Text]; ok && !known {
		b.fault("E-WHERE", l.Span, message+": a test compares a column with a value, not with another column",
			source.Expected(exampleOf(term.Type.Kind)))
		return
	}
	hints, edits := b.meant(l, c, term)
	b.fault("E-WHERE", l.Span, message, hints...).Edits = edits
}

// listed reports a text that is not among the column's values, and whether it was.
func (b *binder) listed(l where.Literal, c *where.Comparison, term boundTerm) bool {
	if term.enum == nil || c.Op != where.OpEqual && c.Op != where.OpIn || slices.Contains(term.enum, l.Text) {
		return true
	}
	b.unknownValue(l, c.Term.Column, term.enum)
	return false
}

// meant are the hints for a literal that the term does not take, and the edit if the meaning is certain.
func (b *binder) meant(l where.Literal, c *where.Comparison, term boundTerm) ([]source.Hint, []source.Edit) {
	kind, column := term.Type.Kind, b.written(c.Term.Span)
	bare := l.Kind == where.LiteralBare
	switch text := meantBy(l, term); {
	case bare && where.NoValue(l.Text):
		return []source.Hint{b.nullFix(c)}, nil
	case text == "" && kind == value.Text && c.Op == where.OpEqual && isTruth(l):
		there := " is null"
		if affirmed, _ := truthOf(l.Text); affirmed != c.Not {
			there = " is not null"
		}
		return []source.Hint{
			{Label: source.LabelDidYouMean, Text: column + there}, source.Expected(exampleOf(kind)),
		}, nil
	case text == "" && (kind == value.Date || kind == value.Timestamp):
		return timeHints(l.Text, kind), nil
	case text == "":
		return []source.Hint{source.Expected(exampleOf(kind))}, nil
	case c.Op == where.OpIn || c.Op == where.OpBetween:
		return []source.Hint{source.Fix(text)}, []source.Edit{b.edit(l.Span, text)}
	default:
		not := ""
		if c.Not && c.Word != "!=" {
			not = "not "
		}
		return []source.Hint{source.Fix(column + " " + not + c.Word + " " + text)}, []source.Edit{b.edit(l.Span, text)}
	}
}

// meantBy returns how the literal's text is written as a value of the term, "" if it is none.
func meantBy(l where.Literal, term boundTerm) string {
	kind := term.Type.Kind
	truth, isTruth := truthOf(l.Text)
	switch {
	case term.circle == CircleUpTo && wholeHour.MatchString(l.Text):
		return strings.TrimPrefix(wholeHour.FindStringSubmatch(l.Text)[1], "0")
	case kind == value.Boolean && isTruth && l.Kind != where.LiteralBool:
		return map[bool]string{true: "true", false: "false"}[truth]
	case term.names != nil || kind == value.Text && slices.Contains(term.enum, l.Text):
		return value.Quote(l.Text)
	case kind == value.Text && l.Kind == where.LiteralNumber,
		kind == value.Text && l.Kind == where.LiteralBare && !isTruth && !isClock(l.Text):
		return value.Quote(l.Text)
	case isNumeric(kind) && (l.Kind == where.LiteralNumber || l.Kind == where.LiteralText || l.Kind == where.LiteralBare):
		return numberIn(l.Text, term.circle)
	case l.Kind != where.LiteralText && l.Kind != where.LiteralBare:
		return ""
	}
	text := l.Text
	if kind == value.Date && value.MeantDate(text) != "" {
		text = value.MeantDate(text)
	}
	if kind == value.TimeOfDay && len(text) == len("8:30") {
		text = "0" + text
	}
	if _, ok := value.ParseTime(kind, text); ok {
		return value.TypeNames[kind] + " " + value.Quote(text)
	}
	return ""
}

var wholeHour = regexp.MustCompile(`^(0?[1-9]|1[0-9]|2[0-3]|0):00$`)

// isTruth reports whether a literal stands for true or false without being a text.
func isTruth(l where.Literal) bool {
	_, ok := truthOf(l.Text)
	return ok && l.Kind != where.LiteralText
}

// truthOf is what a word of another language says of a truth value.
func truthOf(word string) (truth, ok bool) {
	switch strings.ToLower(word) {
	case "true", "yes", "on", "1", "y", "t":
		return true, true
	case "false", "no", "off", "0", "n", "f":
		return false, true
	}
	return false, false
}

// isClock reports whether a word or a call of another language stands for a moment near the run.
func isClock(text string) bool {
	switch strings.ToLower(strings.Trim(text, "()")) {
	case "today", "now", "yesterday", "tomorrow", "tonight", "current_date", "current_timestamp", "sysdate", "getdate",
		"curdate":
		return true
	}
	return false
}

// timeHints say how a date or time is written, and that moments near the run are not written as values at all.
func timeHints(text string, kind value.Kind) []source.Hint {
	hints := []source.Hint{source.Expected(exampleOf(kind))}
	if isClock(text) {
		hints = append(hints, source.Fix("leave the test out: within says how far back, "+
			"within: 1d is the last whole day before the run"))
	} else if date := value.MeantDate(text); date != "" && kind == value.Date {
		hints = []source.Hint{source.Fix("date " + value.Quote(date))}
	}
	return hints
}

func exampleOf(kind value.Kind) string {
	switch kind {
	case value.Text:
		return "text in single quotes"
	case value.Boolean:
		return "true or false"
	case value.Date:
		return "date '2026-04-01'"
	case value.Timestamp:
		return "timestamp '2026-04-01T00:00:00+03:00' (for the local day or hour of the event: local.date, local.hour)"
	case value.TimeOfDay:
		return "time '08:30'"
	}
	return "a number"
}

// turned is what a between was meant for whose bounds are the wrong way round: on a circle, as that of hours, a stretch
// over the end, which is two tests; else the bounds in their order.
func (b *binder) turned(c *where.Comparison, term boundTerm, low, high argument) string {
	column, from, to := b.written(c.Term.Span), b.written(c.Literals[0].Span), b.written(c.Literals[1].Span)
	circle := term.circle
	if term.Type.Kind == value.TimeOfDay {
		circle = CircleWithin
	}
	less, over, join := " <= ", " > ", " or "
	switch {
	case circle == NoCircle:
		not := ""
		if c.Not {
			not = "not "
		}
		return column + " " + not + "between " + to + " and " + from
	case term.names != nil:
		var days []string
		for i := low.Int; i <= int64(len(term.names))+high.Int; i++ {
			days = append(days, value.Quote(term.names[i%int64(len(term.names))]))
		}
		return column + map[bool]string{true: " not", false: ""}[c.Not] + " in (" + strings.Join(days, ", ") + ")"
	case circle == CircleUpTo:
		less, over = " < ", " >= "
	}
	first, second := column+" >= "+from, column+less+to
	if c.Not {
		first, join, second = column+over+to, " and ", column+" < "+from
	}
	if whole := first + join + second; strings.TrimSpace(b.text) == b.written(c.Span) || c.Not {
		return whole
	}
	return "(" + first + join + second + ")"
}
