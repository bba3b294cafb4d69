package where

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
)

// Limits of a `where` (docs/language.md, Limits).
const (
	MaxBytes    = 4 << 10
	maxTests    = 64
	maxLiterals = 1_000
	maxNesting  = 32
)

// SyntaxError is the first thing in a `where` text that cannot be read.
type SyntaxError struct {
	Span    source.Span
	Message string
	Hints   []source.Hint
}

// Fixes reports whether it is known what was meant.
func (e *SyntaxError) Fixes() bool {
	return slices.ContainsFunc(e.Hints, func(h source.Hint) bool { return h.Label == source.LabelFix })
}

// parser reads the grammar by recursive descent, one method for each binding of words: or, and, not, a test. After an
// error every method returns at once.
type parser struct {
	tokens []Token
	pos    int
	depth  int
	tests  int
	last   *Comparison // the test before, which whoever leaves the column out goes on with
	err    *SyntaxError
}

// Parse reads the tokens of a `where`.
func Parse(tokens []Token) (Tree, *SyntaxError) {
	p := &parser{tokens: tokens}
	t := p.or()
	if p.err == nil && p.peek().Kind != tokenEnd {
		p.unexpected("and, or, or the end of the condition", p.behindTest()...)
	}
	if p.err != nil {
		return nil, p.err
	}
	return t, nil
}

func (p *parser) peek() Token { return p.tokens[p.pos] }

func (p *parser) next() Token {
	t := p.tokens[p.pos]
	if t.Kind != tokenEnd {
		p.pos++
	}
	return t
}

// accept consumes a word or sign if it comes next.
func (p *parser) accept(value string) bool {
	t := p.peek()
	if (t.Kind == TokenWord || t.Kind == TokenSign) && t.Value == value {
		p.pos++
		return true
	}
	return false
}

func (p *parser) need(value string) {
	if p.err == nil && !p.accept(value) {
		p.unexpected(value)
	}
}

func (p *parser) fail(span source.Span, message string, hints ...source.Hint) {
	if p.err == nil {
		p.err = &SyntaxError{span, message, hints}
	}
}

// unexpected reports the next token; want says what could stand there, unless it is known what was meant.
func (p *parser) unexpected(want string, meant ...source.Hint) {
	t := p.peek()
	if t.Kind != tokenEnd {
		if len(meant) == 0 {
			meant = []source.Hint{source.Expected(want)}
		}
		p.fail(t.Span, misplaced, meant...)
		return
	}
	if p.pos == 0 {
		p.fail(t.Span, "the condition is empty", source.Expected(want))
		return
	}
	last := p.tokens[p.pos-1]
	p.fail(last.Span, "the condition ends too early", source.Expected(want+" after this"))
}

func (p *parser) or() Tree {
	return p.joined("or", func() Tree { return p.joined("and", p.unary) })
}

// joined reads terms with a word between them.
func (p *parser) joined(word string, term func() Tree) Tree {
	start := p.peek().Span.Start
	terms := []Tree{term()}
	for p.err == nil && p.accept(word) {
		terms = append(terms, term())
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return &Logic{
		Or: word == "or", Terms: terms, Span: source.Span{Start: start, End: p.tokens[p.pos-1].Span.End},
	}
}

func (p *parser) unary() Tree {
	if p.err != nil {
		return nil
	}
	start := p.peek().Span
	if p.depth++; p.depth > maxNesting {
		p.fail(start, "the condition is nested too deeply", source.Expected("at most 32 levels"))
		return nil
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("not"):
		return &Negation{Of: p.unary()}
	case p.accept("("):
		t := p.or()
		if l, ok := t.(*Logic); ok {
			l.Bracketed = true
		}
		p.need(")")
		return t
	}
	return p.comparison()
}

func (p *parser) comparison() Tree {
	if p.tests++; p.tests > maxTests {
		p.fail(p.peek().Span, "the condition has too many tests",
			source.Expected("at most 64; a list of values is one test: in (...)"))
		return nil
	}
	c := &Comparison{Term: p.operand()}
	if p.err != nil {
		return nil
	}
	if p.operator(c); c.Op == 0 {
		c.Term.After = p.last
	}
	c.Span = source.Span{Start: c.Term.Span.Start, End: p.tokens[p.pos-1].Span.End}
	p.last = c
	return c
}

// operand reads a column or a function of one.
func (p *parser) operand() Operand {
	t := p.peek()
	if t.Kind != TokenWord || Reserved(t.Value) && !p.called() {
		if turned, ok := p.turnedRound(t); ok && (t.Kind == tokenText || t.Kind == tokenNumber) {
			p.fail(t.Span, "a test begins with a column", turned)
		} else if t.Kind == tokenText || t.Kind == tokenNumber {
			p.fail(t.Span, "a test begins with a column", p.goneOn(t))
		} else if _, ok := textOperators[p.afterNot().Value]; ok && p.last != nil {
			p.fail(t.Span, "a test begins with a column", source.Fix(p.last.Term.Written()+" "+t.Written()+" ..."))
		} else {
			p.unexpected("a column", p.noTest()...)
		}
		return Operand{}
	}
	p.pos++
	if !p.accept("(") {
		return Operand{Column: t.Value, Name: t.Span, ColumnAt: t.Span, Span: t.Span}
	}
	o := Operand{Function: t.Value, Name: t.Span}
	if p.method(t) {
		return o
	}
	p.counted(t)
	column := p.peek()
	if column.Kind != TokenWord || Reserved(column.Value) {
		want := "a column"
		if column.Kind == tokenText && p.ahead(1).isSign(")") {
			want = t.Value + "(column, " + column.Written() + ")"
		}
		p.unexpected(want)
		return o
	}
	p.pos++
	o.Column, o.ColumnAt = column.Value, column.Span
	if p.accept(",") {
		key := p.next()
		if key.Kind != tokenText {
			p.pos--
			var meant []source.Hint
			if key.Kind == TokenWord && p.ahead(1).isSign(")") {
				meant = append(meant, source.Fix(t.Value+"("+column.Value+", "+key.asValue()+")"))
			}
			p.unexpected("a text in single quotes", meant...)
			return o
		}
		o.Key = &key
	}
	p.need(")")
	o.Span = source.Span{Start: t.Span.Start, End: p.tokens[p.pos-1].Span.End}
	return o
}

// words that cannot be columns.
var reservedWords = []string{
	"and", "or", "not", "in", "between", "is", "null", "true", "false", "starts_with", "ends_with", "contains", "matches",
}

func Reserved(word string) bool { return slices.Contains(reservedWords, word) }

var signs = map[string]struct {
	op  Op
	not bool
}{
	"=": {OpEqual, false}, "!=": {OpEqual, true}, "<": {OpLess, false}, "<=": {OpLessEqual, false},
	">": {OpGreater, false}, ">=": {OpGreaterEqual, false},
}

var textOperators = map[string]Op{
	"starts_with": OpStartsWith, "ends_with": OpEndsWith, "contains": OpContains, "matches": OpMatches,
}

const OperatorWords = "=, !=, <, <=, >, >=, in, between, starts_with, ends_with, contains, matches or is null"

// operator reads what follows the operand.
func (p *parser) operator(c *Comparison) {
	t := p.peek()
	if sign, ok := signs[t.Value]; ok && t.Kind == TokenSign {
		p.pos++
		c.Op, c.Not, c.Word = sign.op, sign.not, t.Value
		p.set(c)
		c.Literals = []Literal{p.literal(t.Value)}
		p.goesOn(c)
		return
	}
	if t.Kind == TokenWord && t.Value == "is" {
		p.pos++
		p.isTest(c)
		return
	}
	if t.Kind == TokenWord && t.Value == "not" {
		c.Not = true
		p.pos++
		t = p.peek()
	}
	op, text := textOperators[t.Value]
	c.Word = t.Value
	switch {
	case t.Kind != TokenWord:
		p.noOperator(c)
	case t.Value == "in":
		p.pos++
		c.Op = OpIn
		p.inList(c)
	case t.Value == "between":
		p.pos++
		p.between(c)
	case text:
		p.pos++
		p.several(c)
		c.Op, c.Literals = op, []Literal{p.literal(t.Value)}
	default:
		p.noOperator(c)
	}
}

// noOperator accepts a boolean column that stands alone; everything else is not a test.
func (p *parser) noOperator(c *Comparison) {
	t := p.peek()
	ends := t.Kind == tokenEnd || t.Value == ")" || t.Value == "and" || t.Value == "or"
	if c.Not || !ends {
		if meant := p.meantFor(c, t); len(meant) > 0 {
			message := misplaced
			if t.Kind == tokenBare || searching[strings.ToLower(t.Value)] {
				message = fmt.Sprintf("%q is not an operator", t.Value)
			}
			p.fail(t.Span, message, meant...)
			return
		}
		if t.Kind == TokenWord || t.Kind == tokenBare {
			p.fail(t.Span, fmt.Sprintf("%q is not an operator", t.Value), p.meantOperator(c, t)...)
			return
		}
		p.unexpected(OperatorWords)
	}
}

func (p *parser) isTest(c *Comparison) {
	c.Not = p.accept("not")
	switch {
	case p.accept("null"):
		c.Op = OpIsNull
	case p.accept("true"):
		c.Op = OpIsTrue
	case p.accept("false"):
		c.Op = OpIsFalse
	default:
		p.meantIs(c)
	}
	c.Word = "is"
}

func (p *parser) inList(c *Comparison) {
	if t := p.peek(); t.Kind == tokenSet {
		p.pos++
		c.Set = &t
		return
	}
	if !p.peek().isSign("(") {
		p.unlisted(c)
		return
	}
	p.need("(")
	p.set(c)
	for p.err == nil {
		if len(c.Literals) == maxLiterals {
			p.fail(p.peek().Span, "the list has too many values", source.Expected("at most 1000, or a value set: in @name"))
			return
		}
		c.Literals = append(c.Literals, p.literal("in ("))
		if !p.accept(",") {
			break
		}
	}
	p.need(")")
}

// literal reads a value; after names what stands before it.
func (p *parser) literal(after string) Literal {
	if p.err != nil {
		return Literal{}
	}
	t := p.peek()
	switch t.Kind {
	case tokenText:
		p.pos++
		return Literal{LiteralText, t.Value, t.Span}
	case tokenNumber:
		p.pos++
		return Literal{LiteralNumber, t.Value, t.Span}
	case tokenBare:
		p.pos++
		return Literal{LiteralBare, t.Value, t.Span}
	case TokenWord:
		return p.wordLiteral(t)
	case tokenEnd:
		p.unexpected("a value")
	default:
		p.fail(t.Span, "a value must follow "+after, source.Expected("'text', a number, true, false, date '2026-04-01'"))
	}
	return Literal{}
}

// wordLiteral reads a word as a value. One that is none may lack its quotes: what it was meant for depends on the term.
func (p *parser) wordLiteral(t Token) Literal {
	kinds := map[string]literalKind{
		"true": LiteralBool, "false": LiteralBool, "null": LiteralNull,
		"date": LiteralDate, "time": LiteralTime, "timestamp": LiteralTimestamp,
	}
	kind, ok := kinds[t.Value]
	switch {
	case !ok && Reserved(t.Value):
		p.unexpected("a value")
		return Literal{}
	case !ok:
		kind = LiteralBare
	}
	p.pos++
	if kind == LiteralBare && p.accept("(") && p.accept(")") { // now()
		return Literal{kind, t.Value + "()", source.Span{Start: t.Span.Start, End: p.tokens[p.pos-1].Span.End}}
	}
	if kind == LiteralBool || kind == LiteralNull || kind == LiteralBare {
		return Literal{kind, t.Value, t.Span}
	}
	text := p.peek()
	if text.Kind != tokenText {
		p.unexpected("a text in single quotes")
		return Literal{}
	}
	p.pos++
	return Literal{kind, text.Value, source.Span{Start: t.Span.Start, End: text.Span.End}}
}
