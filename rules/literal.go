package rules

import (
	"fmt"
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
	if term.names != nil {
		return b.named(l, c, term)
	}
	switch kind := term.Type.Kind; {
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
			b.fault("E-LITERAL", l.Span, fmt.Sprintf("%q is not %s", l.Text, term.Type.Describe()),
				source.Expected(exampleOf(kind)))
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
	if !value.IsNumber(l.Text) {
		b.badNumber(l)
		return argument{}, false
	}
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
	if !value.IsNumber(l.Text) || err != nil {
		b.badNumber(l)
		return argument{}, false
	}
	if f == 0 {
		f = 0 // one zero, whatever its sign
	}
	return argument{Value: value.Value{Kind: value.Float, Float: f}}, true
}

func (b *binder) badNumber(l where.Literal) {
	b.fault("E-LITERAL", l.Span, fmt.Sprintf("%q is not a number", l.Text),
		source.Expected("digits, with a point before the fraction: 12.50"))
}

// wrongType reports a literal of another type than the term, with the text that was probably meant.
func (b *binder) wrongType(l where.Literal, c *where.Comparison, term boundTerm) {
	kind := term.Type.Kind
	var hints []source.Hint
	var edits []source.Edit
	if meant := meantBy(l, kind); meant != "" {
		edits = []source.Edit{b.edit(l.Span, meant)}
		if c.Op == where.OpIn || c.Op == where.OpBetween {
			hints = append(hints, source.Fix(meant))
		} else {
			hints = append(hints, source.Fix(b.written(c.Term.Span)+" "+c.Word+" "+meant))
		}
	} else {
		hints = append(hints, source.Expected(exampleOf(kind)))
	}
	b.fault("E-TYPE", l.Span,
		fmt.Sprintf("%s is %s, %s is %s", b.written(c.Term.Span), term.Type.Describe(), b.written(l.Span),
			describeLiteral(l)), hints...).Edits = edits
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

// meantBy returns how the literal's text is written as a value of the kind, "" if it is none.
func meantBy(l where.Literal, kind value.Kind) string {
	switch {
	case kind == value.Text && (l.Kind == where.LiteralNumber || l.Kind == where.LiteralBool):
		return value.Quote(l.Text)
	case l.Kind != where.LiteralText:
		return ""
	case (kind == value.Integer || kind == value.Decimal || kind == value.Float) && value.IsNumber(l.Text):
		return l.Text
	case kind == value.Boolean && (l.Text == "true" || l.Text == "false"):
		return l.Text
	}
	if _, ok := value.ParseTime(kind, l.Text); ok {
		return value.TypeNames[kind] + " " + value.Quote(l.Text)
	}
	return ""
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

// canonical turns a test with typed arguments into its normal form: one spelling for one meaning. A number between two
// values of the column's scale becomes the neighbour that means the same.
// It returns false after an error.
func (b *binder) canonical(t *Test, c *where.Comparison, args []argument) bool {
	switch t.Op {
	case where.OpBetween:
		low, high := args[0], args[1]
		if compareArguments(low, high) > 0 {
			b.fault("E-CONTRADICTION", c.Span, "nothing lies between a higher and a lower value",
				source.Fix(b.written(c.Term.Span)+" between "+b.written(c.Literals[1].Span)+" and "+b.written(c.Literals[0].Span)))
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
	if op, ok := opposites[t.Op]; ok {
		t.Op = op
	} else {
		t.Not = !t.Not
	}
}
