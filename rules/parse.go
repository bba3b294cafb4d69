package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of a `where` (rules/spec.md 3).
const (
	maxWhereBytes = 4 << 10
	maxTests      = 64
	maxLiterals   = 1_000
)

// syntaxError is the first thing in a `where` text that cannot be read.
type syntaxError struct {
	span    Span
	message string
	hints   []Hint
}

// parser reads the grammar of rules/spec.md 3 by recursive descent. After an error every method returns at once.
type parser struct {
	tokens []token
	pos    int
	depth  int
	tests  int
	err    *syntaxError
}

// parse reads the tokens of a `where`.
func parse(tokens []token) (tree, *syntaxError) {
	p := &parser{tokens: tokens}
	t := p.or()
	if p.err == nil && p.peek().kind != tokenEnd {
		p.unexpected("and, or, or the end of the condition")
	}
	if p.err != nil {
		return nil, p.err
	}
	return t, nil
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEnd {
		p.pos++
	}
	return t
}

// accept consumes a word or sign if it comes next.
func (p *parser) accept(value string) bool {
	t := p.peek()
	if (t.kind == tokenWord || t.kind == tokenSign) && t.value == value {
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

func (p *parser) fail(span Span, message string, hints ...Hint) {
	if p.err == nil {
		p.err = &syntaxError{span, message, hints}
	}
}

// unexpected reports the next token; want says what could stand there.
func (p *parser) unexpected(want string) {
	t := p.peek()
	if t.kind != tokenEnd {
		p.fail(t.span, "this cannot stand here", expected(want))
		return
	}
	if p.pos == 0 {
		p.fail(t.span, "the condition is empty", expected(want))
		return
	}
	last := p.tokens[p.pos-1]
	p.fail(last.span, "the condition ends too early", expected(want+" after this"))
}

func (p *parser) or() tree {
	return p.joined("or", func() tree { return p.joined("and", p.unary) })
}

// joined reads terms with a word between them.
func (p *parser) joined(word string, term func() tree) tree {
	terms := []tree{term()}
	for p.err == nil && p.accept(word) {
		terms = append(terms, term())
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return &logic{or: word == "or", terms: terms}
}

func (p *parser) unary() tree {
	if p.err != nil {
		return nil
	}
	start := p.peek().span
	if p.depth++; p.depth > maxDepth {
		p.fail(start, "the condition is nested too deeply", expected("at most 32 levels"))
		return nil
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("not"):
		return &negation{of: p.unary()}
	case p.accept("("):
		t := p.or()
		p.need(")")
		return t
	}
	return p.comparison()
}

func (p *parser) comparison() tree {
	if p.tests++; p.tests > maxTests {
		p.fail(p.peek().span, "the condition has too many tests", expected("at most 64; a list of values is one test: in (...)"))
		return nil
	}
	c := &comparison{term: p.operand()}
	if p.err != nil {
		return nil
	}
	p.operator(c)
	c.span = Span{c.term.span.Start, p.tokens[p.pos-1].span.End}
	return c
}

// operand reads a column or a function of one.
func (p *parser) operand() operand {
	t := p.peek()
	if t.kind != tokenWord || reserved(t.value) {
		if t.kind == tokenText || t.kind == tokenNumber {
			p.fail(t.span, "a test begins with a column", expected("column = "+quoteLiteral(t)))
		} else {
			p.unexpected("a column")
		}
		return operand{}
	}
	p.pos++
	if !p.accept("(") {
		return operand{column: t.value, name: t.span, columnAt: t.span, span: t.span}
	}
	o := operand{function: t.value, name: t.span}
	column := p.peek()
	if column.kind != tokenWord || reserved(column.value) {
		p.unexpected("a column")
		return o
	}
	p.pos++
	o.column, o.columnAt = column.value, column.span
	if p.accept(",") {
		key := p.next()
		if key.kind != tokenText {
			p.pos--
			p.unexpected("a text in single quotes")
			return o
		}
		o.key = &key
	}
	p.need(")")
	o.span = Span{t.span.Start, p.tokens[p.pos-1].span.End}
	return o
}

func quoteLiteral(t token) string {
	if t.kind == tokenText {
		return quoteText(t.value)
	}
	return t.value
}

// words that cannot be columns.
var reservedWords = []string{"and", "or", "not", "in", "between", "is", "null", "true", "false", "starts_with", "ends_with", "contains", "matches"}

func reserved(word string) bool { return slices.Contains(reservedWords, word) }

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

const operatorWords = "=, !=, <, <=, >, >=, in, between, starts_with, ends_with, contains, matches or is null"

// operator reads what follows the operand.
func (p *parser) operator(c *comparison) {
	t := p.peek()
	if sign, ok := signs[t.value]; ok && t.kind == tokenSign {
		p.pos++
		c.op, c.not, c.word, c.literals = sign.op, sign.not, t.value, []literal{p.literal(t.value)}
		return
	}
	if t.kind == tokenWord && t.value == "is" {
		p.pos++
		p.isTest(c)
		return
	}
	if t.kind == tokenWord && t.value == "not" {
		c.not = true
		p.pos++
		t = p.peek()
	}
	op, text := textOperators[t.value]
	c.word = t.value
	switch {
	case t.kind != tokenWord:
		p.noOperator(c)
	case t.value == "in":
		p.pos++
		c.op = OpIn
		p.inList(c)
	case t.value == "between":
		p.pos++
		low := p.literal("between")
		p.need("and")
		c.op, c.literals = OpBetween, []literal{low, p.literal("and")}
	case text:
		p.pos++
		c.op, c.literals = op, []literal{p.literal(t.value)}
	default:
		p.noOperator(c)
	}
}

// noOperator accepts a boolean column that stands alone; everything else is not a test.
func (p *parser) noOperator(c *comparison) {
	t := p.peek()
	ends := t.kind == tokenEnd || t.value == ")" || t.value == "and" || t.value == "or"
	if c.not || !ends {
		hints := []Hint{expected(operatorWords)}
		if t.kind == tokenWord {
			hints = append(didYouMean(t.value, append(reservedWords, "like")), hints...)
			if strings.EqualFold(t.value, "like") || strings.EqualFold(t.value, "ilike") {
				hints = []Hint{expected("starts_with, ends_with, contains or matches")}
			}
			p.fail(t.span, fmt.Sprintf("%q is not an operator", t.value), hints...)
			return
		}
		p.unexpected(operatorWords)
	}
}

func (p *parser) isTest(c *comparison) {
	c.not = p.accept("not")
	switch {
	case p.accept("null"):
		c.op = OpIsNull
	case p.accept("true"):
		c.op = OpIsTrue
	case p.accept("false"):
		c.op = OpIsFalse
	default:
		p.unexpected("null, true or false")
	}
	c.word = "is"
}

func (p *parser) inList(c *comparison) {
	if t := p.peek(); t.kind == tokenSet {
		p.pos++
		c.set = &t
		return
	}
	p.need("(")
	for p.err == nil {
		if len(c.literals) == maxLiterals {
			p.fail(p.peek().span, "the list has too many values", expected("at most 1000, or a value set: in @name"))
			return
		}
		c.literals = append(c.literals, p.literal("in ("))
		if !p.accept(",") {
			break
		}
	}
	p.need(")")
}

// literal reads a value; after names what stands before it.
func (p *parser) literal(after string) literal {
	if p.err != nil {
		return literal{}
	}
	t := p.peek()
	switch t.kind {
	case tokenText:
		p.pos++
		return literal{literalText, t.value, t.span}
	case tokenNumber:
		p.pos++
		return literal{literalNumber, t.value, t.span}
	case tokenWord:
		return p.wordLiteral(t)
	case tokenEnd:
		p.unexpected("a value")
	default:
		p.fail(t.span, "a value must follow "+after, expected("'text', a number, true, false, date '2026-04-01'"))
	}
	return literal{}
}

func (p *parser) wordLiteral(t token) literal {
	kinds := map[string]literalKind{
		"true": literalBool, "false": literalBool, "null": literalNull,
		"date": literalDate, "time": literalTime, "timestamp": literalTimestamp,
	}
	kind, ok := kinds[t.value]
	if !ok {
		p.fail(t.span, fmt.Sprintf("%s is not a value", t.value), fix(quoteText(t.value)+"   (text stands in single quotes)"))
		return literal{}
	}
	p.pos++
	if kind == literalBool || kind == literalNull {
		return literal{kind, t.value, t.span}
	}
	text := p.peek()
	if text.kind != tokenText {
		p.unexpected("a text in single quotes")
		return literal{}
	}
	p.pos++
	return literal{kind, text.value, Span{t.span.Start, text.span.End}}
}
