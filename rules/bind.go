package rules

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// binder looks up the columns and functions of one `where`, types its literals and pushes `not` down to the tests.
type binder struct {
	report
	text     string
	place    func(Span) Span     // from offsets of the text to offsets of the file
	encode   func(string) string // how a text is written in the file; nil: as it is
	scope    *Scope
	words    *vocabulary
	events   []string // of the condition, for messages
	patterns *int     // how many patterns the rule has so far
	// sensitive is told of every use of labelled content; nil: nobody asks.
	sensitive func(r *report, l labelled, at Span)
}

// bind returns the bound form of a tree, negated if asked; nil after an error.
func (b *binder) bind(t tree, negate bool) Expr {
	switch t := t.(type) {
	case *negation:
		return b.bind(t.of, !negate)
	case *logic:
		terms := make([]Expr, 0, len(t.terms))
		for _, term := range t.terms {
			if e := b.bind(term, negate); e != nil {
				terms = append(terms, e)
			}
		}
		if len(terms) < len(t.terms) {
			return nil
		}
		if t.or != negate {
			return normal(Or(terms))
		}
		return normal(And(terms))
	case *comparison:
		if test := b.test(t); test != nil {
			if negate {
				test.negate()
			}
			return test
		}
	}
	return nil
}

// fault adds an error at a place of the `where` text.
func (b *binder) fault(code string, at Span, message string, hints ...Hint) *Error {
	return b.fail(code, b.place(at), message, hints...)
}

func (b *binder) written(at Span) string { return b.text[at.Start:at.End] }

// test binds one comparison; nil after an error.
func (b *binder) test(c *comparison) *Test {
	term, column, ok := b.term(c.term)
	if !ok || !b.impersonal(c, column) {
		return nil
	}
	t := &Test{Term: term.Term, Op: c.op, Not: c.not, Span: b.place(c.span)}
	switch {
	case c.op == 0:
		if term.Type.Kind != Boolean {
			b.fault("E-TYPE", c.span, fmt.Sprintf("%s is %s and cannot stand alone", b.written(c.span), term.Type.describe()),
				expected(b.written(c.span)+" "+operatorWords))
			return nil
		}
		t.Op, t.Args = OpEqual, []Value{{Kind: Boolean, Int: 1}}
		b.checkLabels(c, column, t)
		return t
	case !b.allowed(c, term):
		return nil
	case c.op == OpIsNull || c.op == OpIsTrue || c.op == OpIsFalse:
		b.checkLabels(c, column, t)
		return t
	}
	args, ok := b.arguments(c, term, column)
	if c.set != nil {
		args, ok = b.setArguments(t, c)
	}
	if !ok || !b.settle(t, c, args) {
		return nil
	}
	b.checkLabels(c, column, t)
	return t
}

// boundTerm is a Term with the names that integers of the function have.
type boundTerm struct {
	Term
	names []string
}

// term looks up what stands left of the operator. The word is nil for functions of the event time.
func (b *binder) term(o operand) (boundTerm, *word, bool) {
	if f, ok := b.scope.implicit(o.column); ok && o.function == "" {
		column, ok := b.scope.withRole(RoleEventTime)
		if !ok {
			b.fault("E-UNKNOWN-COLUMN", o.span, f.Name+" needs the event time and no schema has the role event_time")
			return boundTerm{}, nil, false
		}
		return boundTerm{Term{Column: column.Name, Function: f.Name, Type: f.Result, Of: column.Type}, f.Names}, nil, true
	}
	w, ok := b.words.columns[o.column]
	if !ok {
		b.unknownColumn(o)
		return boundTerm{}, nil, false
	}
	b.checkEvent(o, w)
	term := Term{Column: o.column, Type: w.column.Type, Of: w.column.Type}
	if o.function == "" {
		return boundTerm{Term: term}, w, true
	}
	f, ok := b.scope.function(o.function)
	switch {
	case !ok:
		hints := append(didYouMean(o.function, b.scope.functionNames()), expected("one of "+list(b.scope.functionNames())))
		b.fault("E-UNKNOWN-FUNCTION", o.name, fmt.Sprintf("there is no function %q", o.function), hints...)
	case !slices.Contains(f.Of, term.Of.Kind):
		b.fault("E-TYPE", o.columnAt, fmt.Sprintf("%s is %s, %s takes %s", o.column, term.Of.describe(), f.Name, describeKinds(f.Of)))
	case f.HasKey && o.key == nil:
		b.fault("E-TYPE", o.span, f.Name+" needs a second value", expected(f.Name+"("+o.column+", 'name')"))
	case !f.HasKey && o.key != nil:
		b.fault("E-TYPE", o.key.span, f.Name+" takes one column only", expected(f.Name+"("+o.column+")"))
	default:
		term.Function, term.Type = f.Name, f.Result
		if o.key != nil {
			term.Key = o.key.value
			b.checkNormal(literal{literalText, o.key.value, o.key.span})
		}
		return boundTerm{term, f.Names}, w, true
	}
	return boundTerm{}, nil, false
}

func describeKinds(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = typeNames[k]
	}
	return strings.Join(names, ", ")
}

func (b *binder) unknownColumn(o operand) {
	names := b.words.names()
	if o.function == "" {
		names = append(names, b.scope.implicitNames()...)
	}
	hints := append(didYouMean(o.column, names), b.words.columnHint(b.scope.Schemas, b.events))
	b.fault("E-UNKNOWN-COLUMN", o.columnAt, fmt.Sprintf("there is no column %q", o.column), hints...)
}

// checkEvent warns when the schemas say that another event carries the column, but none of this condition.
func (b *binder) checkEvent(o operand, w *word) {
	if len(b.events) == 0 {
		return
	}
	elsewhere := false
	for _, schema := range w.schemas {
		for event, columns := range schema.Events {
			if slices.Contains(columns, o.column) {
				if slices.Contains(b.events, event) {
					return
				}
				elsewhere = true
			}
		}
	}
	if elsewhere {
		b.warn("W-COLUMN-NOT-ON-EVENT", b.place(o.columnAt), fmt.Sprintf("the schema lists no column %s for %s", o.column, list(b.events)))
	}
}

// allowed reports whether the operator takes terms of that type.
func (b *binder) allowed(c *comparison, term boundTerm) bool {
	kind := term.Type.Kind
	switch c.op {
	case OpStartsWith, OpEndsWith, OpContains, OpMatches:
		if kind == Text {
			return true
		}
	case OpIsTrue, OpIsFalse, OpLess, OpLessEqual, OpGreater, OpGreaterEqual, OpBetween:
		if (c.op == OpIsTrue || c.op == OpIsFalse) == (kind == Boolean) {
			return true
		}
	default:
		return true
	}
	b.fault("E-TYPE", c.span, fmt.Sprintf("%s is %s and has no operator %q", b.written(c.term.span), term.Type.describe(), c.operator()))
	return false
}

// operator is the operator as written.
func (c *comparison) operator() string {
	switch c.op {
	case OpIsTrue:
		return "is true"
	case OpIsFalse:
		return "is false"
	}
	return c.word
}

// argument is a literal of the term's type. A number that the term's scale cannot hold is rounded down and not exact.
type argument struct {
	Value
	inexact bool
}

// arguments types the literals of a comparison.
func (b *binder) arguments(c *comparison, term boundTerm, w *word) ([]argument, bool) {
	args := make([]argument, 0, len(c.literals))
	ok := true
	for _, l := range c.literals {
		b.checkNormal(l)
		a, typed := b.convert(l, c, term)
		if typed && w != nil && term.Function == "" && (c.op == OpEqual || c.op == OpIn) {
			typed = b.checkEnum(l, c.term.column, w)
		}
		if typed && c.op == OpMatches {
			typed = b.checkPattern(l)
		}
		ok = ok && typed
		args = append(args, a)
	}
	return args, ok
}

// checkEnum refuses a text that the schemas do not list among the column's values.
func (b *binder) checkEnum(l literal, column string, w *word) bool {
	if w.enum == nil || slices.Contains(w.enum, l.text) {
		return true
	}
	b.unknownValue(l, column, w.enum)
	return false
}

func (b *binder) unknownValue(l literal, of string, values []string) {
	var hints []Hint
	if near := suggest(l.text, values); len(near) > 0 {
		for i := range near {
			near[i] = quoteText(near[i])
		}
		hints = append(hints, Hint{DidYouMean, list(near)})
	}
	hints = append(hints, expected("one of "+list(values)))
	b.fault("E-UNKNOWN-VALUE", l.span, fmt.Sprintf("%q is not a value of %s", l.text, of), hints...)
}

func (b *binder) checkNormal(l literal) {
	if l.kind == literalText && !norm.NFC.IsNormalString(l.text) {
		composed := quoteText(norm.NFC.String(l.text))
		b.warn("W-NFC", b.place(l.span), "this text is not in Unicode normal form C, and data is compared as it is",
			fix(composed+"        (malgrupp validate --fix)")).Edits = []Edit{b.edit(l.span, composed)}
	}
}

// setArguments returns the values of `in @name`.
func (b *binder) setArguments(t *Test, c *comparison) ([]argument, bool) {
	set, ok := b.scope.ValueSets[c.set.value]
	if !ok {
		hints := append(didYouMean(c.set.value, b.scope.setNames()), expected("a file of kind ValueSet with that name"))
		b.fault("E-UNKNOWN-SET", c.set.span, fmt.Sprintf("there is no value set %q", c.set.value), hints...)
		return nil, false
	}
	if set.Type.Kind != t.Term.Type.Kind {
		b.fault("E-TYPE", c.span, fmt.Sprintf("%s is %s, the values of @%s are %s", b.written(c.term.span), t.Term.Type.describe(), set.Name, set.Type.describe()))
		return nil, false
	}
	args := make([]argument, len(set.Values))
	for i, v := range set.Values {
		args[i] = argument{Value: v}
		if v.Kind == Decimal {
			units, exact, fits := Number{v.Int, set.Type.Scale}.AtScale(t.Term.Type.Scale)
			args[i] = argument{Value{Kind: Decimal, Int: units}, !exact || !fits}
		}
	}
	return args, true
}
