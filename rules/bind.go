package rules

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// binder looks up the columns and functions of one `where`, types its literals and pushes `not` down to the tests.
type binder struct {
	source.Report
	text     string
	place    func(source.Span) source.Span // from offsets of the text to offsets of the file
	encode   func(string) string           // how a text is written in the file
	scope    *Scope
	words    *Vocabulary
	events   []string // of the condition, for messages
	patterns *int     // how many patterns the rule has so far
	// sensitive is told of every use of labelled content; nil: nobody asks.
	sensitive func(r *source.Report, l Labelled, at source.Span)
}

// bind returns the bound form of a tree, negated if asked; nil after an error.
func (b *binder) bind(t where.Tree, negate bool) Expr {
	switch t := t.(type) {
	case *where.Negation:
		return b.bind(t.Of, !negate)
	case *where.Logic:
		b.checkPrecedence(t)
		terms := make([]Expr, 0, len(t.Terms))
		for _, term := range t.Terms {
			if e := b.bind(term, negate); e != nil {
				terms = append(terms, e)
			}
		}
		if len(terms) < len(t.Terms) {
			return nil
		}
		if t.Or != negate {
			return normal(Or(terms))
		}
		return normal(And(terms))
	case *where.Comparison:
		if b.isTopic(t) {
			e := b.topic(t)
			if negate && e != nil {
				return Negate(e)
			}
			return e
		}
		if test := b.test(t); test != nil {
			if negate {
				test.negate()
			}
			return test
		}
	}
	return nil
}

// checkPrecedence asks about an `and` beside an `or` without brackets: it binds closer, and not everybody reads it so.
func (b *binder) checkPrecedence(or *where.Logic) {
	if !or.Or {
		return
	}
	shown, last := "", or.Span.Start
	var at *where.Logic
	for _, term := range or.Terms {
		if and, ok := term.(*where.Logic); ok && !and.Or && !and.Bracketed {
			shown += b.text[last:and.Span.Start] + "(" + b.written(and.Span) + ")"
			last = and.Span.End
			if at == nil {
				at = and
			}
		}
	}
	if at != nil {
		shown += b.text[last:or.Span.End]
		b.Warn("W-PRECEDENCE", b.place(at.Span), "and binds closer than or: this belongs together",
			source.Expected("brackets that say so: "+strings.Join(strings.Fields(shown), " ")))
	}
}

// fault adds an error at a place of the `where` text.
func (b *binder) fault(code string, at source.Span, message string, hints ...source.Hint) *source.Finding {
	return b.Fail(code, b.place(at), message, hints...)
}

func (b *binder) written(at source.Span) string { return b.text[at.Start:at.End] }

// test binds one comparison; nil after an error.
func (b *binder) test(c *where.Comparison) *Test {
	term, column, ok := b.term(c.Term)
	if !ok || !b.impersonal(c, column) {
		return nil
	}
	t := &Test{Term: term.Term, Op: c.Op, Not: c.Not, Span: b.place(c.Span)}
	switch {
	case c.Op == 0:
		if term.Type.Kind != value.Boolean {
			b.fault("E-TYPE", c.Span, fmt.Sprintf("%s is %s and cannot stand alone", b.written(c.Span), term.Type.Describe()),
				source.Expected(b.written(c.Span)+" "+where.OperatorWords))
			return nil
		}
		t.Op, t.Args = where.OpEqual, []value.Value{{Kind: value.Boolean, Int: 1}}
		b.checkLabels(c, column, t)
		return t
	case !b.allowed(c, term):
		return nil
	case c.Op == where.OpIsNull || c.Op == where.OpIsTrue || c.Op == where.OpIsFalse:
		b.checkLabels(c, column, t)
		return t
	}
	args, ok := b.arguments(c, term, column)
	if c.Set != nil {
		args, ok = b.setArguments(t, c)
	}
	if !ok || !b.canonical(t, c, term, args) {
		return nil
	}
	b.spell(t, c)
	t.Never, t.Always = b.words.Never(t), b.words.Always(t)
	b.checkLabels(c, column, t)
	return t
}

// spell keeps the numbers and times that the rule wrote: the column's type may have other digits, or no such number,
// and times have offsets.
func (b *binder) spell(t *Test, c *where.Comparison) {
	if c.Set != nil || !slices.ContainsFunc(c.Literals, func(l where.Literal) bool {
		return l.Kind == where.LiteralNumber || l.Kind == where.LiteralTimestamp || l.Kind == where.LiteralTime
	}) {
		return
	}
	t.as = &spelling{op: c.Op, not: c.Not}
	for _, l := range c.Literals {
		t.as.literals = append(t.as.literals, b.written(l.Span))
	}
}

// boundTerm is a Term with the names that integers of the function have.
type boundTerm struct {
	Term
	names  []string
	enum   []string // of the column, nil: any value
	circle Circle
}

// term looks up what stands left of the operator. The word is nil for functions of the event time.
func (b *binder) term(o where.Operand) (boundTerm, *Word, bool) {
	if f, ok := b.scope.implicit(o.Column); ok && o.Function == "" {
		column, ok := b.scope.withRole(RoleEventTime)
		if !ok {
			b.fault("E-UNKNOWN-COLUMN", o.Span, f.Name+" needs the event time and no schema has the role event_time")
			return boundTerm{}, nil, false
		}
		term := Term{Column: column.Name, Function: f.Name, Type: f.Result, Of: column.Type}
		return boundTerm{Term: term, names: f.Names, circle: f.Circle}, nil, true
	}
	w, ok := b.words.Columns[o.Column]
	if !ok {
		b.unknownColumn(o)
		return boundTerm{}, nil, false
	}
	b.checkEvent(o, w)
	term := Term{Column: o.Column, Type: w.column.Type, Of: w.column.Type}
	if o.Function == "" {
		return boundTerm{Term: term, enum: w.Enum}, w, true
	}
	f, ok := b.scope.function(o.Function)
	switch {
	case !ok:
		hints := append(source.DidYouMean(o.Function, b.scope.functionNames()),
			source.Expected("one of "+strings.Join(b.scope.functionNames(), ", ")))
		if test, ok := o.AsOperator(); ok {
			hints = []source.Hint{source.Fix(test)}
		} else if meant := foreignTerms[strings.ToLower(o.Function)]; meant != "" &&
			(w.column.Role == RoleEventTime || !strings.HasPrefix(meant, "local.")) {
			hints = []source.Hint{source.Fix(strings.ReplaceAll(meant, "column", o.Column))}
		} else if a := source.Suggest(o.Function, b.scope.aggregateNames()); len(hints) == 1 && len(a) > 0 {
			hints = []source.Hint{source.Fix("a condition of its own with metric: " + a[0] + "(" + o.Column + ")")}
		}
		b.fault("E-UNKNOWN-FUNCTION", o.Name, fmt.Sprintf("there is no function %q", o.Function), hints...)
	case !slices.Contains(f.Of, term.Of.Kind):
		b.fault("E-TYPE", o.ColumnAt,
			fmt.Sprintf("%s is %s, %s takes %s", o.Column, term.Of.Describe(), f.Name, value.DescribeKinds(f.Of)))
	case f.HasKey && o.Key == nil:
		b.fault("E-TYPE", o.Span, f.Name+" needs a second value", source.Expected(f.Name+"("+o.Column+", 'name')"))
	case !f.HasKey && o.Key != nil:
		b.fault("E-TYPE", o.Key.Span, f.Name+" takes one column only", source.Expected(f.Name+"("+o.Column+")"))
	default:
		term.Function, term.Type = f.Name, f.Result
		if o.Key != nil {
			term.Key = o.Key.Value
			b.checkNormal(where.Literal{Kind: where.LiteralText, Text: o.Key.Value, Span: o.Key.Span})
		}
		return boundTerm{Term: term, names: f.Names, circle: f.Circle}, w, true
	}
	return boundTerm{}, nil, false
}

// foreignTerms are functions and columns of other tools, and what they are here.
var foreignTerms = map[string]string{
	"hour": "local.hour", "hour_of_day": "local.hour", "date": "local.date", "day": "local.date", "to_date": "local.date",
	"month": "local.month", "weekday": "local.weekday", "dayofweek": "local.weekday", "day_of_week": "local.weekday",
	"dow": "local.weekday", "is_weekend": "local.weekday in ('sat', 'sun')", "weekend": "local.weekday in ('sat', 'sun')",
	"upper": "lower(column)", "tolower": "lower(column)", "strlen": "length(column)",
	"domain": "host(column)", "hostname": "host(column)",
}

// meantColumn is what a word was meant for that is no column: an event, a value of the test before, a call behind its
// column, a parameter of the URL; "" if nobody knows.
func (b *binder) meantColumn(o where.Operand) string {
	before, last := "", o.Column
	if i := strings.LastIndexByte(o.Column, '.'); i > 0 {
		before, last = o.Column[:i], o.Column[i+1:]
	}
	foreign := foreignTerms[strings.ToLower(last)]
	_, isColumn := b.words.Columns[before]
	_, isFunction := b.scope.function(last)
	_, url := b.words.Columns["url"]
	switch again := o.After.Again(value.Quote(o.Column)); {
	case slices.Contains(b.words.events, o.Column) && o.Function == "":
		return where.Beside("did: " + o.Column)
	case slices.Contains(b.words.events, o.Column):
		return where.Beside("did: " + o.Column + " and, for how many, at_least")
	case o.Function == "" && again != "":
		return again
	case isColumn && isFunction:
		return last + "(" + before + ")"
	case o.Function == "" && !strings.Contains(foreign, "column") && (before == "" || before == "local"):
		if foreign == "" && url && strings.HasPrefix(o.Column, "utm_") {
			return "query_param(url, " + value.Quote(o.Column) + ")"
		}
		return foreign
	}
	return ""
}

func (b *binder) unknownColumn(o where.Operand) {
	names := b.words.names()
	if o.Function == "" {
		names = append(names, b.scope.implicitNames()...)
	}
	hints := append(source.DidYouMean(o.Column, names), b.words.columnHint(b.scope.Schemas, b.events))
	if meant := b.meantColumn(o); meant != "" && len(hints) == 1 {
		hints = []source.Hint{source.Fix(meant)}
	}
	b.fault("E-UNKNOWN-COLUMN", o.ColumnAt, fmt.Sprintf("there is no column %q", o.Column), hints...)
}

// checkEvent warns when the schemas say that another event carries the column, but none of this condition.
func (b *binder) checkEvent(o where.Operand, w *Word) {
	if w.MissingOn(b.events) {
		b.Warn("W-COLUMN-NOT-ON-EVENT", b.place(o.ColumnAt),
			fmt.Sprintf("the schema lists no column %s for %s", o.Column, strings.Join(b.events, ", ")))
	}
}

// allowed reports whether the operator takes terms of that type.
func (b *binder) allowed(c *where.Comparison, term boundTerm) bool {
	kind := term.Type.Kind
	switch c.Op {
	case where.OpStartsWith, where.OpEndsWith, where.OpContains, where.OpMatches:
		if kind == value.Text {
			return true
		}
	case where.OpIsTrue, where.OpIsFalse, where.OpLess, where.OpLessEqual, where.OpGreater, where.OpGreaterEqual,
		where.OpBetween:
		if (c.Op == where.OpIsTrue || c.Op == where.OpIsFalse) == (kind == value.Boolean) {
			return true
		}
	default:
		return true
	}
	b.fault("E-TYPE", c.Span,
		fmt.Sprintf("%s is %s and has no operator %q", b.written(c.Term.Span), term.Type.Describe(), c.Operator()))
	return false
}

// argument is a literal of the term's type. A number that the term's scale cannot hold is rounded down and not exact.
type argument struct {
	value.Value
	inexact bool
}

// arguments types the literals of a comparison.
func (b *binder) arguments(c *where.Comparison, term boundTerm, w *Word) ([]argument, bool) {
	args := make([]argument, 0, len(c.Literals))
	ok := true
	for _, l := range c.Literals {
		b.checkNormal(l)
		a, typed := b.convert(l, c, term)
		if typed && w != nil && term.Function == "" && (c.Op == where.OpEqual || c.Op == where.OpIn) {
			typed = b.checkEnum(l, c.Term.Column, w)
		}
		if typed && c.Op == where.OpMatches {
			typed = b.checkPattern(l)
		}
		ok = ok && typed
		args = append(args, a)
	}
	return args, ok
}

// checkEnum refuses a text that the schemas do not list among the column's values.
func (b *binder) checkEnum(l where.Literal, column string, w *Word) bool {
	if w.Enum == nil || slices.Contains(w.Enum, l.Text) {
		return true
	}
	b.unknownValue(l, column, w.Enum)
	return false
}

func (b *binder) unknownValue(l where.Literal, of string, values []string) {
	var hints []source.Hint
	if near := source.Suggest(l.Text, values); len(near) > 0 {
		for i := range near {
			near[i] = value.Quote(near[i])
		}
		hints = append(hints, source.Hint{Label: source.LabelDidYouMean, Text: strings.Join(near, ", ")})
	}
	hints = append(hints, source.Expected("one of "+strings.Join(values, ", ")))
	b.fault("E-UNKNOWN-VALUE", l.Span, fmt.Sprintf("%q is not a value of %s", l.Text, of), hints...)
}

func (b *binder) checkNormal(l where.Literal) {
	if l.Kind == where.LiteralText && !norm.NFC.IsNormalString(l.Text) {
		composed := value.Quote(norm.NFC.String(l.Text))
		b.Warn("W-NFC", b.place(l.Span), "this text is not in Unicode normal form C, and data is compared as it is",
			source.Fix(composed+"        (malgrupp validate --fix)")).Edits = []source.Edit{b.edit(l.Span, composed)}
	}
}

// setArguments returns the values of `in @name`.
func (b *binder) setArguments(t *Test, c *where.Comparison) ([]argument, bool) {
	set, ok := b.scope.ValueSets[c.Set.Value]
	if !ok {
		hints := append(source.DidYouMean(c.Set.Value, b.scope.SetNames()),
			source.Expected("a file of kind ValueSet with that name"))
		b.fault("E-UNKNOWN-SET", c.Set.Span, fmt.Sprintf("there is no value set %q", c.Set.Value), hints...)
		return nil, false
	}
	if set.Type.Kind != t.Term.Type.Kind {
		b.fault("E-TYPE", c.Span,
			fmt.Sprintf("%s is %s, the values of @%s are %s", b.written(c.Term.Span), t.Term.Type.Describe(), set.Name,
				set.Type.Describe()))
		return nil, false
	}
	args := make([]argument, len(set.Values))
	for i, v := range set.Values {
		args[i] = argument{Value: v}
		if v.Kind == value.Decimal {
			units, exact, fits := value.Number{Int: v.Int, Scale: set.Type.Scale}.AtScale(t.Term.Type.Scale)
			args[i] = argument{value.Value{Kind: value.Decimal, Int: units}, !exact || !fits}
		}
	}
	return args, true
}
