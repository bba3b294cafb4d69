package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/sets"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Expr is a bound `where`: every column and function is resolved and typed, every `not` is pushed down into the tests
// (three-valued identities keep the meaning). The interface is sealed: And, Or and *Test are all there is.
type Expr interface{ bound() }

// And is true when all of its terms are.
type And []Expr

// Or is true when one of its terms is.
type Or []Expr

// Test compares one term with literals: a function of one column, which is what makes dictionary evaluation and
// pruning total. Args are of the term's type (decimals at the column's scale); In has them sorted and distinct.
// An In without Args is false for every value that is not null (a literal the column's type cannot hold).
type Test struct {
	Term Term
	Op   where.Op
	Not  bool
	Args []value.Value
	Span source.Span
	// Never and Always say that no value passes, or every one, by the type, the function and the schemas.
	Never, Always bool
	// as is what the rule wrote, where the column's type holds another number; nil: as String says.
	as *spelling
}

// spelling is an operator and its literals as a rule has them.
type spelling struct {
	op       where.Op
	not      bool
	literals []string
}

// Term is what stands left of an operator: a column, or a function of one.
type Term struct {
	Column   string
	Function string     // "", or the name of a Language function: lower, length, host, path, query_param, local.hour ...
	Key      string     // the text argument of query_param
	Type     value.Type // of the result
	Of       value.Type // of the column
}

func (And) bound()   {}
func (Or) bound()    {}
func (*Test) bound() {}

// normal flattens nested logic of one kind, drops repeated terms and sorts the rest by their text.
func normal(e Expr) Expr {
	switch e := e.(type) {
	case And:
		terms := flat(e, func(x Expr) ([]Expr, bool) { a, ok := x.(And); return a, ok })
		if len(terms) == 1 {
			return terms[0]
		}
		return And(terms)
	case Or:
		terms := flat(e, func(x Expr) ([]Expr, bool) { o, ok := x.(Or); return o, ok })
		if len(terms) == 1 {
			return terms[0]
		}
		return Or(terms)
	}
	return e
}

func flat(terms []Expr, same func(Expr) ([]Expr, bool)) []Expr {
	byKey := map[string]Expr{}
	for _, t := range terms {
		inner, ok := same(t)
		if !ok {
			inner = []Expr{t}
		}
		for _, e := range inner {
			byKey[Key(e)] = e
		}
	}
	all := make([]Expr, 0, len(byKey))
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		all = append(all, byKey[key])
	}
	return all
}

// Key is the normal form of an expression as text: equal texts mean equal conditions, over one vocabulary and, where
// local.hour and its like occur, in one time zone. Reading the text again gives the same expression.
func Key(e Expr) string {
	switch e := e.(type) {
	case And:
		return e.String()
	case Or:
		return e.String()
	case *Test:
		return e.String()
	}
	return ""
}

// Both is true where both are; nil is true everywhere.
func Both(a, b Expr) Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return normal(And{a, b})
}

// Negate is true where e is false, and unknown where e is.
func Negate(e Expr) Expr {
	switch e := e.(type) {
	case And:
		terms := make(Or, len(e))
		for i, t := range e {
			terms[i] = Negate(t)
		}
		return normal(terms)
	case Or:
		terms := make(And, len(e))
		for i, t := range e {
			terms[i] = Negate(t)
		}
		return normal(terms)
	case *Test:
		t := *e
		t.negate()
		return &t
	}
	return e
}

// Truth is Kleene logic over an expression whose tests have these truths.
func Truth(e Expr, of func(*Test) value.Truth) value.Truth {
	switch e := e.(type) {
	case And:
		return joined(e, value.True, of)
	case Or:
		return joined(e, value.False, of)
	case *Test:
		return of(e)
	}
	return value.Unknown
}

// joined is neutral if all terms are, its opposite if one term is, else unknown.
func joined(terms []Expr, neutral value.Truth, of func(*Test) value.Truth) value.Truth {
	out := neutral
	for _, t := range terms {
		switch truth := Truth(t, of); truth {
		case neutral:
		case value.Unknown:
			out = value.Unknown
		default:
			return truth
		}
	}
	return out
}

// Equal reports whether two expressions have the same normal form.
func Equal(a, b Expr) bool { return Key(a) == Key(b) }

// Columns returns the names of the columns that an expression reads, sorted and distinct.
func Columns(e Expr) []string {
	var names []string
	for t := range Tests(e) {
		names = append(names, t.Term.Column)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Tests walks the tests of an expression in order; a nil expression has none.
func Tests(e Expr) func(yield func(*Test) bool) {
	return func(yield func(*Test) bool) { walkTests(e, yield) }
}

func walkTests(e Expr, yield func(*Test) bool) bool {
	var terms []Expr
	switch e := e.(type) {
	case *Test:
		return yield(e)
	case And:
		terms = e
	case Or:
		terms = e
	}
	for _, t := range terms {
		if !walkTests(t, yield) {
			return false
		}
	}
	return true
}

// String writes the expression as a `where` that reads back as the same expression.
func (e And) String() string { return conjunction(e, Key) }

// String writes the expression as a `where` that reads back as the same expression.
func (e Or) String() string { return said(e, " or ", Key) }

func conjunction(e And, say func(Expr) string) string {
	return said(e, " and ", func(t Expr) string {
		if _, or := t.(Or); or {
			return "(" + say(t) + ")"
		}
		return say(t)
	})
}

func said(terms []Expr, word string, say func(Expr) string) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = say(t)
	}
	return strings.Join(parts, word)
}

// Written writes the expression with the numbers and times of the rule; "" for every row.
func Written(e Expr) string {
	switch e := e.(type) {
	case And:
		return conjunction(e, Written)
	case Or:
		return said(e, " or ", Written)
	case *Test:
		return e.Written()
	}
	return ""
}

// String writes the test as a `where` that reads back as the same test.
func (t *Test) String() string {
	args := make([]string, len(t.Args))
	for i, v := range t.Args {
		args[i] = v.Literal(t.Term.Type)
	}
	op := t.Op
	if op == where.OpIn && len(args) == 0 {
		op, args = where.OpEqual, []string{unreachable(t.Term.Type)}
	}
	return t.Term.String() + spelling{op, t.Not, args}.String()
}

// Written writes the test with the numbers of the rule, which a column's type may hold as others, or not at all.
func (t *Test) Written() string {
	if t.as == nil {
		return t.String()
	}
	return t.Term.String() + t.as.String()
}

// String writes what stands behind the term.
func (s spelling) String() string {
	not := func(word string) string {
		if s.not {
			return " not " + word + " "
		}
		return " " + word + " "
	}
	switch s.op {
	case where.OpEqual:
		if s.not {
			return " != " + s.literals[0]
		}
		return " = " + s.literals[0]
	case where.OpIn:
		return not("in") + "(" + strings.Join(s.literals, ", ") + ")"
	case where.OpBetween:
		return not("between") + s.literals[0] + " and " + s.literals[1]
	case where.OpLess, where.OpLessEqual, where.OpGreater, where.OpGreaterEqual:
		return " " + opNames[s.op] + " " + s.literals[0]
	case where.OpStartsWith, where.OpEndsWith, where.OpContains, where.OpMatches:
		return not(opNames[s.op]) + s.literals[0]
	}
	return " is" + strings.TrimRight(not(opNames[s.op]), " ")
}

var opNames = map[where.Op]string{
	where.OpEqual: "=", where.OpLess: "<", where.OpLessEqual: "<=", where.OpGreater: ">", where.OpGreaterEqual: ">=",
	where.OpIn: "in", where.OpBetween: "between", where.OpStartsWith: "starts_with", where.OpEndsWith: "ends_with",
	where.OpContains: "contains", where.OpMatches: "matches", where.OpIsNull: "null", where.OpIsTrue: "true",
	where.OpIsFalse: "false",
}

// unreachable is a number that no value of the type equals: what an In without Args is written as.
func unreachable(t value.Type) string { return "0." + strings.Repeat("0", t.Scale) + "5" }

// String writes the term as in a `where`.
func (t Term) String() string {
	switch {
	case t.Function == "":
		return t.Column
	case strings.Contains(t.Function, "."):
		return t.Function
	case t.Key != "" || t.Function == "query_param":
		return t.Function + "(" + t.Column + ", " + value.Quote(t.Key) + ")"
	}
	return t.Function + "(" + t.Column + ")"
}

// Cell is what a row has in one term: a value, or nothing where it is null.
type Cell struct {
	Term  Term
	Value value.Value
	Null  bool
}

// Row is a row that passes some conditions, as far as they ask anything of it.
type Row []Cell

// String writes the row as a rule would ask for it.
func (r Row) String() string {
	var parts []string
	for _, c := range r {
		t := Test{Term: c.Term, Op: where.OpIsNull}
		if !c.Null {
			t.Op, t.Args = where.OpEqual, []value.Value{c.Value}
		}
		parts = append(parts, t.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// Values are the values that rows which pass a condition can have in a term; false if there may be more than so many.
func (v *Vocabulary) Values(e Expr, of Term, most int) (found []value.Value, all bool) {
	for len(found) <= most {
		other := &Test{Term: of, Op: where.OpIn, Not: true, Args: found}
		m := meeting{words: v, ways: maxWays, of: of.String()}
		row, answer := m.meet([]Expr{e, &Test{Term: of, Op: where.OpIsNull, Not: true}, other}, nil)
		i := slices.IndexFunc(row, func(c Cell) bool { return c.Term.String() == of.String() && !c.Null })
		if i < 0 {
			return found, answer == sets.None
		}
		if m.endless {
			return nil, false
		}
		found = append(found, row[i].Value)
	}
	return nil, false
}

// About is true of the rows of some events that pass a condition; nil: of every row.
func (v *Vocabulary) About(events []string, anyEvent bool, e Expr) Expr {
	if anyEvent || len(events) == 0 || v.eventColumn == "" {
		return e
	}
	text := value.Type{Kind: value.Text}
	t := &Test{Term: Term{Column: v.eventColumn, Type: text, Of: text}, Op: where.OpIn}
	for _, event := range events {
		t.Args = append(t.Args, value.Value{Kind: value.Text, Text: event})
	}
	if len(events) == 1 {
		t.Op = where.OpEqual
	}
	return Both(t, e)
}

// LocalDate is the day of an event on the local calendar; false where schemas call the event's time differently.
func (v *Vocabulary) LocalDate() (Term, bool) {
	f := v.Function("local.date")
	if f == nil || v.timeColumn == "" {
		return Term{}, false
	}
	return Term{Column: v.timeColumn, Function: f.Name, Type: f.Result, Of: value.Type{Kind: value.Timestamp}}, true
}

// Dated is true of the rows that lie in a window between fixed days; of another window nil, for every row.
func (v *Vocabulary) Dated(w *Window) Expr {
	date, ok := v.LocalDate()
	if w == nil || w.Since == 0 || !ok {
		return nil
	}
	between := func(t Term, from, to int64) *Test {
		at := func(n int64) value.Value { return value.Value{Kind: t.Type.Kind, Int: n} }
		return &Test{Term: t, Op: where.OpBetween, Args: []value.Value{at(from), at(to)}}
	}
	since, until := int64(w.Since-value.DateOfDays(0)), int64(w.Until-value.DateOfDays(0))
	// No zone is a day away from UTC.
	return Both(between(date, since, until-1), between(Term{Column: date.Column, Type: date.Of, Of: date.Of},
		(since-1)*value.MicrosPerDay, (until+1)*value.MicrosPerDay))
}
