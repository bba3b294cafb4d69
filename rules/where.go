package rules

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/sets"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Where reads a `where` that stands alone, such as one typed at a prompt. Places in the findings are places of src.
func (s *Scope) Where(src *source.Source) (Expr, source.Findings) {
	patterns := 0
	b := &binder{
		Report: source.Report{Source: src}, text: src.Text, place: func(at source.Span) source.Span {
			return at
		}, encode: func(text string) string { return text },
		scope: s, words: s.Vocabulary(), patterns: &patterns,
	}
	return b.read(), b.Found.Sorted()
}

// where reads the `where` of a condition; nil if it is absent or wrong.
func (c *checker) where(n yaml.Node, events []string) Expr {
	text, ok := n.Condition()
	if !ok {
		return nil
	}
	b := &binder{
		Report: source.Report{Source: c.doc.Source}, text: text.Value, events: events,
		scope: c.scope, words: c.words, patterns: &c.patterns, sensitive: c.sensitiveAt,
		place: text.Place, encode: text.Encode,
	}
	e := b.read()
	c.doc.Found = append(c.doc.Found, b.Found...)
	return e
}

// read turns the text into a bound expression; nil after an error.
func (b *binder) read() Expr {
	if len(b.text) > where.MaxBytes {
		b.fault("E-LIMIT", source.Span{End: 1}, fmt.Sprintf("the condition has %d bytes", len(b.text)),
			source.Expected("at most 4 KiB, long lists as a value set"))
		return nil
	}
	l := where.Lex(b.text)
	t, err := where.Parse(l.Tokens)
	if l.Broken != "" || err == nil || !err.Fixes() {
		b.misspelt(l.Wrong)
	}
	if l.Broken != "" {
		b.fault("E-WHERE", l.At, l.Broken, l.Hints...)
		return nil
	}
	if err != nil {
		if len(l.Wrong) == 0 || err.Fixes() {
			b.fault("E-WHERE", err.Span, err.Message, err.Hints...)
		}
		return nil
	}
	before := b.errors()
	e := b.bind(t, false)
	if len(l.Wrong) > 0 || b.errors() > before {
		return nil
	}
	if b.sensitive != nil {
		b.checkTogether(e)
	}
	return e
}

// errors counts what is wrong so far, warnings left out.
func (b *binder) errors() int {
	n := 0
	for _, e := range b.Found {
		if e.Severity == source.SeverityError {
			n++
		}
	}
	return n
}

// misspelt reports the operators of other languages in one finding, with the whole text put right.
func (b *binder) misspelt(wrong []where.Misspelt) {
	if len(wrong) == 0 {
		return
	}
	var right, others strings.Builder
	var edits []source.Edit
	last := 0
	for i, w := range wrong {
		spelling := where.Spaced(b.text, w)
		right.WriteString(b.text[last:w.Span.Start] + spelling)
		edits = append(edits, b.edit(w.Span, spelling))
		last = w.Span.End
		if i > 0 {
			column := b.Source.Position(b.place(w.Span).Start).Column
			fmt.Fprintf(&others, " (and %q is written %q, column %d)", b.written(w.Span), w.Right, column)
		}
	}
	right.WriteString(b.text[last:])
	b.fault("E-OPERATOR", wrong[0].Span,
		fmt.Sprintf("%q is written %q here%s", b.written(wrong[0].Span), wrong[0].Right, others.String()),
		source.Fix(strings.TrimSpace(right.String())+"        (malgrupp validate --fix)")).Edits = edits
}

// edit is an edit of the file that puts a text in place of a piece of the condition.
func (b *binder) edit(at source.Span, text string) source.Edit {
	return b.place(at).Edit(b.encode(text))
}

// Meet looks for a row that passes all of some conditions; nil passes every row. With sets.Some it returns one, as
// far as tests of several functions of one column can be asked apart. It is the one procedure by which conditions are
// said to exclude one another, to hold never and to hold always.
func (v *Vocabulary) Meet(all ...Expr) (Row, sets.Answer) {
	s := meeting{words: v, ways: maxWays}
	return s.meet(all, nil)
}

// Never reports whether no row passes all of some conditions.
func (v *Vocabulary) Never(all ...Expr) bool {
	_, answer := v.Meet(all...)
	return answer == sets.None
}

// Always reports whether no row fails the condition, though it may be unknown for want of a value. Texts of several
// lines are not thought of.
func (v *Vocabulary) Always(e Expr) bool {
	s := meeting{words: v, ways: maxWays, oneLine: true}
	_, answer := s.meet([]Expr{Negate(e)}, nil)
	return answer == sets.None
}

// Within reports whether every row that passes a passes b.
func (v *Vocabulary) Within(a, b Expr) bool {
	asked := map[string]bool{}
	for _, t := range terms(a) {
		asked[Key(t)] = true
	}
	return !slices.ContainsFunc(terms(b), func(t Expr) bool { return !asked[Key(t)] && !v.Never(a, fails(t)) })
}

// terms are what must all be true where an expression is.
func terms(e Expr) []Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case And:
		return e
	}
	return []Expr{e}
}

// fails is true of every row of which a condition is not, be it false or unknown. Of a pattern also a text that is
// not UTF-8 is unknown; that is not asked, and nil for every row.
func fails(e Expr) Expr {
	switch e := e.(type) {
	case And:
		return Or(mapped(e, fails))
	case Or:
		return And(mapped(e, fails))
	case *Test:
		switch e.Op {
		case where.OpMatches:
			return nil
		case where.OpIsNull, where.OpIsTrue, where.OpIsFalse:
			return Negate(e)
		}
		return Or{Negate(e), &Test{Term: e.Term, Op: where.OpIsNull}}
	}
	return nil
}

func mapped(terms []Expr, to func(Expr) Expr) []Expr {
	out := make([]Expr, len(terms))
	for i, t := range terms {
		out[i] = to(t)
	}
	return out
}

// maxWays bounds how many ways through the alternatives of conditions are gone.
const maxWays = 300

// meeting is one look for a row.
type meeting struct {
	words   *Vocabulary
	ways    int
	oneLine bool
	of      string // a term of which it is asked whether it may have any number of values; "": nobody asks
	endless bool   // it may, in the row that was looked at last
}

// meet takes conditions apart; of an `or` each alternative is a way of its own.
func (m *meeting) meet(left []Expr, tests []*Test) (Row, sets.Answer) {
	var ors []Or
	for i := 0; i < len(left); i++ {
		switch e := left[i].(type) {
		case And:
			left = slices.Concat(left[:i+1], e, left[i+1:])
		case Or:
			ors = append(ors, e)
		case *Test:
			tests = append(slices.Clip(tests), e)
		}
	}
	if m.ways--; m.ways < 0 {
		return nil, sets.Perhaps
	}
	row, answer := m.row(tests)
	if len(ors) == 0 || answer == sets.None {
		return row, answer
	}
	out := sets.None
	for _, e := range ors[0] {
		rest := []Expr{e}
		for _, or := range ors[1:] {
			rest = append(rest, or)
		}
		switch row, answer := m.meet(rest, tests); answer {
		case sets.Some:
			return row, answer
		case sets.Perhaps:
			out = answer
		}
	}
	return nil, out
}

// asked is what tests ask of one term.
type asked struct {
	term          Term
	demands       []sets.Demand
	null, present bool // some test passes only without, only with a value
}

// row looks for a row that passes all tests.
func (m *meeting) row(tests []*Test) (Row, sets.Answer) {
	byTerm := map[string]*asked{}
	for _, t := range tests {
		name := t.Term.String()
		if byTerm[name] == nil {
			byTerm[name] = &asked{term: t.Term}
		}
		byTerm[name].ask(t)
	}
	m.addListed(byTerm)
	m.endless = false
	var row Row
	out := sets.Some
	for _, name := range slices.Sorted(maps.Keys(byTerm)) {
		a := byTerm[name]
		column := byTerm[a.term.Column]
		if a.term.Function != "" && a.present && column != nil && column.null {
			return nil, sets.None // a function of nothing is nothing
		}
		cell, answer := m.cell(a, byTerm)
		switch answer {
		case sets.None:
			return nil, answer
		case sets.Perhaps:
			out = answer
		}
		row = append(row, cell)
	}
	if out != sets.Some {
		return nil, out
	}
	return row, out
}

// addListed adds the columns of which functions are asked and whose values the schemas list: each is tried.
func (m *meeting) addListed(byTerm map[string]*asked) {
	for _, a := range slices.Collect(maps.Values(byTerm)) {
		f, w := m.words.Function(a.term.Function), m.words.Columns[a.term.Column]
		if f == nil || f.Apply == nil || !a.present || w == nil || w.Enum == nil || byTerm[a.term.Column] != nil {
			continue
		}
		byTerm[a.term.Column] = &asked{term: Term{Column: a.term.Column, Type: a.term.Of, Of: a.term.Of}, present: true}
	}
}

// ask adds what a test asks of its term.
func (a *asked) ask(t *Test) {
	demand := sets.Demand{Op: t.Op, Not: t.Not, Args: t.Args}
	switch t.Op {
	case where.OpIsNull:
		a.null, a.present = a.null || !t.Not, a.present || t.Not
		return
	case where.OpIsTrue, where.OpIsFalse: // `is not true` passes a null
		demand.Op, demand.Args = where.OpEqual, []value.Value{value.BoolValue(t.Op == where.OpIsTrue)}
		a.present = a.present || !t.Not
	default:
		a.present = true
	}
	a.demands = append(a.demands, demand)
}

// cell looks for what a term may be. Of a column that is asked for certain values each is tried with its functions.
func (m *meeting) cell(a *asked, all map[string]*asked) (Cell, sets.Answer) {
	if a.null {
		if a.present {
			return Cell{}, sets.None
		}
		return Cell{Term: a.term, Null: true}, sets.Some
	}
	domain, demands := m.words.domain(a.term)
	domain.OneLine = m.oneLine
	demands = append(demands, a.demands...)
	for {
		v, answer := sets.Find(domain, demands)
		switch {
		case answer == sets.None && !a.present:
			return Cell{Term: a.term, Null: true}, sets.Some
		case answer != sets.Some || !m.decides(a.term, demands) || m.suits(v, a.term, all):
			m.endless = m.endless || answer == sets.Some && a.term.String() == m.of && alone(a.term, all) &&
				sets.Endless(domain, demands, v)
			return Cell{a.term, v, false}, answer
		}
		if m.ways--; m.ways < 0 {
			return Cell{}, sets.Perhaps
		}
		demands = append(demands, sets.Demand{Op: where.OpEqual, Not: true, Args: []value.Value{v}})
	}
}

// alone reports whether nothing else is asked of the column of a term.
func alone(t Term, all map[string]*asked) bool {
	for _, a := range all {
		if a.term.Column == t.Column && a.term.String() != t.String() {
			return false
		}
	}
	return true
}

// decides reports whether each value of a term is tried with what else is asked of its column: of a list of values
// all functions, of a date its weekday and month.
func (m *meeting) decides(t Term, demands []sets.Demand) bool {
	if f := m.words.Function(t.Function); f != nil {
		return f.OfDay != nil && f.Result.Kind == value.Date
	}
	return listed(demands)
}

// listed reports whether the demands leave a list of values.
func listed(demands []sets.Demand) bool {
	return slices.ContainsFunc(demands, func(d sets.Demand) bool {
		return !d.Not && (d.Op == where.OpEqual || d.Op == where.OpIn)
	})
}

// suits reports whether a value of a term may pass what is asked of the functions of its column.
func (m *meeting) suits(v value.Value, of Term, all map[string]*asked) bool {
	for _, a := range all {
		f := m.words.Function(a.term.Function)
		if a.term.Column != of.Column || f == nil || a.term.Function == of.Function {
			continue
		}
		result, ok := value.Value{}, true
		switch {
		case of.Function == "" && f.Apply != nil:
			result, ok = f.Apply(v, a.term.Key)
		case of.Function != "" && f.OfDay != nil:
			result = value.Value{Kind: f.Result.Kind, Int: f.OfDay(v.Int)}
		default:
			continue
		}
		if ok && a.null || !ok && a.present {
			return false
		}
		is := sets.Demand{Op: where.OpEqual, Args: []value.Value{result}}
		if _, answer := sets.Find(sets.Domain{Type: a.term.Type}, append([]sets.Demand{is}, a.demands...)); ok &&
			answer == sets.None {
			return false
		}
	}
	return true
}

// domain is what a term can be: by its type, by what its function returns, and by what all schemas say of its column.
func (v *Vocabulary) domain(t Term) (sets.Domain, []sets.Demand) {
	d := sets.Domain{Type: t.Type}
	w := v.Columns[t.Column]
	switch f := v.Function(t.Function); {
	case f != nil && f.Names != nil:
		d.High = int64(len(f.Names) - 1)
		return d, nil
	case f != nil && f.Implicit && f.Result.Kind == value.Date:
		d.Low, d.High = value.Earliest/value.MicrosPerDay-1, math.MaxInt64
		return d, nil
	case f != nil:
		d.Low, d.High, d.Pattern = f.Low, f.High, f.Shape
		if f.Name == "length" && w != nil {
			d.High = w.longest()
		}
		return d, nil
	case t.Column == v.timeColumn && t.Type.Kind == value.Timestamp:
		d.Low, d.High = value.Earliest, math.MaxInt64
	case w != nil && (t.Type.Kind == value.Integer || t.Type.Kind == value.Decimal):
		d.Low, d.High = w.bounds(t.Type)
	}
	if w == nil {
		return d, nil
	}
	return d, w.demands(t.Type)
}

// demands are what every value of a column passes.
func (w *Word) demands(of value.Type) (out []sets.Demand) {
	if w.Enum != nil {
		out = append(out, demand(where.OpIn, w.Enum))
	}
	if of.Kind == value.Text && !slices.ContainsFunc(w.Schemas, func(s *Schema) bool { return !s.EmptyIsNull }) {
		out = append(out, sets.Demand{Op: where.OpEqual, Not: true, Args: []value.Value{{Kind: value.Text}}})
	}
	return out
}

// Demands are the tests that every passing row fulfils.
func Demands(e Expr) []*Test {
	switch e := e.(type) {
	case *Test:
		return []*Test{e}
	case And:
		var out []*Test
		for _, t := range e {
			out = append(out, Demands(t)...)
		}
		return out
	}
	return nil
}
