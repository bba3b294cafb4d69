package where

import (
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Tests that are written nearly as they should be, or as other tools do: the parser knows the words, and here is which
// test they were meant for.

const misplaced = "this cannot stand here"

// test is a test of the comparison's term, negated as the comparison is.
func (c *Comparison) test(operator string, operand ...string) source.Hint {
	return source.Fix(c.Term.Written() + " " + negated(c.Not, operator) + " " + strings.Join(operand, " "))
}

// ahead is the token some places on, the end where there is none.
func (p *parser) ahead(n int) Token { return p.tokens[min(p.pos+n, len(p.tokens)-1)] }

func (t Token) isValue() bool {
	return t.Kind == tokenText || t.Kind == tokenNumber || t.Kind == tokenBare ||
		t.Kind == TokenWord && !Reserved(t.Value)
}

// asValue is a token as it stands for a value: words in quotes.
func (t Token) asValue() string {
	if t.Kind == TokenWord || t.Kind == tokenBare {
		return value.Quote(t.Value)
	}
	return t.Written()
}

func (t Token) isSign(signs ...string) bool {
	return t.Kind == TokenSign && slices.Contains(signs, t.Value)
}

var comparing = []string{"=", "!=", "<", "<=", ">", ">="}

var threeDigits = regexp.MustCompile(`^\d{3}(\.\d+)?$`)

// currencies are what people write behind an amount.
var currencies = []string{"eur", "euro", "euros", "usd", "dollars", "gbp", "sek", "nok", "dkk", "kr"}

// goesOn fails where a number goes on: 1,000 and 12,50 and 1 000 and 100 EUR.
func (p *parser) goesOn(c *Comparison) {
	first := p.tokens[p.pos-1]
	if p.err != nil || first.Kind != tokenNumber {
		return
	}
	text, end := first.Value, first.Span.End
	for i := 0; ; i++ {
		t, more := p.ahead(i), p.ahead(i+1)
		switch {
		case t.isSign(",") && t.Span.Start == end && more.Kind == tokenNumber && more.Span.Start == t.Span.End:
			text += "," + more.Value
			end = more.Span.End
			i++
			continue
		case t.Kind == tokenNumber && threeDigits.MatchString(t.Value) && t.Span.Start == end+1:
			text += " " + t.Value
			end = t.Span.End
			continue
		case t.Kind == TokenWord && slices.Contains(currencies, strings.ToLower(t.Value)):
			end = t.Span.End
		case t.Kind == TokenWord && !Reserved(t.Value) && (more.Kind == tokenEnd || more.isSign(")") || Reserved(more.Value)):
			p.fail(t.Span, misplaced, source.Expected("a number without a unit, then and, or, or the end of the condition"))
		}
		break
	}
	if plain := PlainNumber(text); end > first.Span.End && plain != "" {
		p.fail(source.Span{Start: first.Span.Start, End: end}, "a number has digits and a point, and no unit",
			c.plainTest(plain))
	}
}

// plainTest is the comparison with a number put right.
func (c *Comparison) plainTest(number string) source.Hint {
	if c.Word == "between" {
		return source.Fix(number)
	}
	return source.Fix(c.Term.Written() + " " + c.Word + " " + number)
}

var numberForm = regexp.MustCompile(
	`(?i)^(?:€|\$|£)?(-?(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ _]\d{3})+)(?:[.,]\d+)?)` +
		` ?(k|€|\$|£|eur|usd|sek|gbp|kr)?$`)

// PlainNumber is a number without the marks that people set between and around its digits, "" if it is none. Of a
// comma before three digits more it is not known whether it was a point; where numbers are amounts it hardly is.
func PlainNumber(text string) string {
	m := numberForm.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	digits := strings.NewReplacer(" ", "", "_", "").Replace(m[1])
	point, comma := strings.LastIndexByte(digits, '.'), strings.LastIndexByte(digits, ',')
	decimalComma := comma > point && (point >= 0 || strings.Count(digits, ",") == 1 && len(digits)-comma-1 != 3)
	switch {
	case decimalComma:
		digits = strings.Replace(strings.ReplaceAll(digits, ".", ""), ",", ".", 1)
	case strings.Count(digits, ".") > 1:
		digits = strings.ReplaceAll(digits, ".", "")
	}
	digits = strings.ReplaceAll(digits, ",", "")
	if strings.EqualFold(m[2], "k") {
		digits += "000" // of a fraction no number comes out
		if strings.Contains(digits, ".") {
			return ""
		}
	}
	if !value.IsNumber(digits) {
		return ""
	}
	return digits
}

// Range are the ends of a range of whole numbers as other tools write it: 5..10.
func Range(text string) (low, high string, ok bool) {
	low, high, ok = strings.Cut(text, "..")
	return low, strings.TrimPrefix(high, "."), ok && value.IsNumber(low) && value.IsNumber(strings.TrimPrefix(high, "."))
}

// pair finds two ends from a token on: 5, 10 and (5, 10) and 5 to 10 and 5..10 and 9-17.
func (p *parser) pair() (low, high string, ok bool) {
	n := 0
	if p.ahead(n).isSign("(") {
		n++
	}
	first := p.ahead(n)
	if inner, bracketed := strings.CutPrefix(first.Value, "["); bracketed && p.ahead(n+1).isSign(",") {
		last := strings.TrimSuffix(p.ahead(n+2).Value, "]")
		return inner, last, value.IsNumber(inner) && value.IsNumber(last)
	}
	if low, high, ok = Range(first.Value); ok && first.Kind == tokenNumber {
		return low, high, true
	}
	second := p.ahead(n + 1)
	if second.isSign(",") || second.Value == "to" || second.Value == "and" {
		second = p.ahead(n + 2)
	} else if second.Kind != tokenNumber || second.Span.Start != first.Span.End {
		return "", "", false
	} else {
		second.Value = strings.TrimPrefix(second.Value, "-")
	}
	return first.asValue(), second.asValue(), first.isValue() && second.isValue()
}

// between reads the two ends of a range.
func (p *parser) between(c *Comparison) {
	if low, high, ok := p.pair(); ok && (p.peek().isSign("(") || p.ahead(1).Value != "and") {
		p.fail(p.peek().Span, "the ends of between have an and between them", c.test("between", low, "and", high))
		return
	}
	low := p.literal("between")
	if p.goesOn(c); p.peek().Value != "and" && p.err == nil && p.pos < len(p.tokens)-1 {
		p.unexpected("and")
	}
	p.need("and")
	c.Op, c.Literals = OpBetween, []Literal{low, p.literal("and")}
	p.goesOn(c)
}

// values are what stands from a token on, one behind the other with commas or words between them, up to what is none.
func (p *parser) values() (out []string) {
	for n := 0; ; n++ {
		t := p.ahead(n)
		switch {
		case t.Kind == tokenText, t.isValue() && !p.ahead(n+1).isSign(comparing...):
			out = append(out, t.asValue())
		default:
			return out
		}
		for n++; p.ahead(n).isSign(")"); n++ {
			continue
		}
		if next := p.ahead(n); !next.isSign(",") && next.Value != "or" {
			return out
		}
	}
}

// unlisted fails where the values of an in have no brackets.
func (p *parser) unlisted(c *Comparison) {
	t := p.peek()
	if low, high, ok := p.pair(); ok && !p.ahead(1).isSign(",") && p.ahead(1).Value != "and" {
		p.fail(t.Span, misplaced, c.test("between", low, "and", high))
	} else if values := p.values(); len(values) > 0 {
		p.fail(t.Span, "the values of in stand in brackets", c.test("in", "("+strings.Join(values, ", ")+")"))
	}
	p.need("(")
}

// several fails where one operator is given several texts: contains 'a', 'b' and contains any ('a', 'b').
func (p *parser) several(c *Comparison) {
	start := p.pos
	for slices.Contains([]string{"any", "all", "one", "of", "in"}, p.peek().Value) && p.peek().Kind == TokenWord {
		p.pos++
	}
	marked := p.pos > start || p.accept("(")
	p.accept("(")
	values := p.values()
	at := p.tokens[start].Span
	p.pos = start
	if len(values) == 0 || !marked && !p.ahead(1).isSign(",") {
		return
	}
	join := " or "
	if c.Not {
		join = " and "
	}
	var tests []string
	for _, v := range values {
		tests = append(tests, c.Term.Written()+" "+negated(c.Not, c.Word)+" "+v)
	}
	text := strings.Join(tests, join)
	if len(tests) > 1 {
		text = "(" + text + ")"
	}
	p.fail(at, c.Word+" takes one text", source.Fix(text))
}

// set fails where a value set stands without its in.
func (p *parser) set(c *Comparison) {
	if t := p.peek(); t.Kind == tokenSet {
		p.fail(t.Span, "a value set stands behind in, without brackets",
			source.Fix(c.Term.Written()+map[bool]string{true: " not", false: ""}[c.Not]+" in "+t.Written()))
	}
}

// turnedRound is the test of a value that stands before its column: 5 < amount, 'a' in url.
func (p *parser) turnedRound(t Token) (source.Hint, bool) {
	mirrored := map[string]string{"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
	sign, column := p.ahead(1), p.ahead(2)
	not := ""
	if sign.Value == "not" {
		not, sign, column = "not ", p.ahead(2), p.ahead(3)
	}
	if column.Kind != TokenWord || Reserved(column.Value) {
		return source.Hint{}, false
	}
	if sign.Value == "in" && t.Kind == tokenText {
		return source.Fix(column.Value + " " + not + "contains " + t.Written()), true
	}
	if !sign.isSign(comparing...) || not != "" {
		return source.Hint{}, false
	}
	text := column.Value + " " + mirrored[sign.Value] + " " + t.Written()
	if next := p.ahead(3); next.isSign(comparing...) && p.ahead(4).isValue() {
		text += " and " + column.Value + " " + next.Value + " " + p.ahead(4).asValue()
	}
	return source.Fix(text), true
}

// Beside says of keys that they stand beside the where.
func Beside(keys string) string { return keys + ", beside where and not in it" }

// noTest are the hints for what stands where a test begins and is none.
func (p *parser) noTest() []source.Hint {
	t, next := p.peek(), p.ahead(1)
	switch {
	case t.isSign(comparing...) && p.last != nil && next.isValue():
		return []source.Hint{source.Fix(p.last.Term.Written() + " " + t.Value + " " + next.asValue())}
	case t.Kind == tokenBare && strings.HasSuffix(t.Value, ":") && next.isValue():
		return []source.Hint{source.Fix(strings.TrimSuffix(t.Value, ":") + " = " + next.asValue())}
	case t.Kind == tokenSet:
		return []source.Hint{source.Fix("a column before it: column in " + t.Written())}
	}
	return nil
}

// behindTest are the hints for what stands behind a test that is complete.
func (p *parser) behindTest() []source.Hint {
	t, next := p.peek(), p.ahead(1)
	switch {
	case p.last == nil:
	case t.isSign(comparing...) && next.isValue():
		return []source.Hint{source.Fix("and " + p.last.Term.Written() + " " + t.Value + " " + next.asValue())}
	case t.isSign(",") && next.Kind == TokenWord && p.last.Word != "in":
		return []source.Hint{source.Fix("and " + next.Value + " ...")}
	case t.isSign(",") && next.Kind == tokenText && (p.last.Word == "=" || p.last.Word == "!="):
		not := map[string]string{"!=": "not "}[p.last.Word]
		p.pos--
		values := p.values()
		p.pos++
		return []source.Hint{source.Fix(p.last.Term.Written() + " " + not + "in (" + strings.Join(values, ", ") + ")")}
	case strings.HasPrefix(t.Value, "--"), strings.HasPrefix(t.Value, "/*"), strings.HasPrefix(t.Value, "//"):
		return []source.Hint{source.Fix("a comment stands behind a # of the file, outside the condition")}
	}
	return nil
}

// method reads a call behind its column, channel.lower() or page_path.contains('a'), and fails.
func (p *parser) method(t Token) bool {
	i := strings.LastIndexByte(t.Value, '.')
	if i <= 0 || strings.HasPrefix(t.Value, "local.") {
		return false
	}
	o := Operand{Function: t.Value[i+1:], Column: t.Value[:i]}
	if key := p.peek(); key.Kind == tokenText {
		o.Key = &key
	}
	test, ok := o.AsOperator()
	if !ok {
		test = o.Written()
	}
	p.fail(t.Span, "the column of a function stands in its brackets", source.Fix(test))
	return true
}

// counted fails where events are counted within a test.
func (p *parser) counted(function Token) {
	if strings.EqualFold(function.Value, "count") && p.peek().isSign(")") {
		p.fail(function.Span, "a test is about one event and counts none", counting)
	}
}

var counting = source.Fix("at_least: 3 beside did and where says how many events")

// searching are operators of other languages that look for a pattern anywhere in a text.
var searching = map[string]bool{
	"~": true, "=~": true, "~*": true, "!~": true, "!~*": true, "rlike": true, "regexp": true, "regex": true,
	"regexp_like": true, "regexp_matches": true,
}

// searched is the test that a search for a pattern was meant for; matches is about the whole text.
func searched(c *Comparison, word, pattern string) source.Hint {
	not := c.Not != strings.HasPrefix(word, "!")
	term := c.Term.Written()
	if strings.HasSuffix(word, "*") && c.Term.Function == "" {
		term, pattern = "lower("+term+")", strings.ToLower(pattern)
	}
	inner, begins := strings.CutPrefix(pattern, "^")
	inner, ends := strings.CutSuffix(inner, "$")
	operator := "matches"
	switch plain := regexp.QuoteMeta(inner) == inner; {
	case plain && begins && ends:
		operator = "="
	case plain && begins:
		operator = "starts_with"
	case plain && ends:
		operator = "ends_with"
	case plain:
		operator = "contains"
	default:
		if strings.Contains(inner, "|") && (!begins || !ends) {
			inner = "(" + inner + ")"
		}
		if !begins && !strings.HasPrefix(inner, ".*") {
			inner = ".*" + inner
		}
		if !ends && !strings.HasSuffix(inner, ".*") {
			inner += ".*"
		}
	}
	return source.Fix(term + " " + negated(not, operator) + " " + value.Quote(inner))
}

// backward are words that say how far back is looked, which within does.
var backward = []string{"within", "last", "past", "during", "since", "ago", "before", "after", "in_last"}

var lookBack = source.Fix("leave the test out: within, beside where, says how far back, as within: 7d")

// meantFor are hints for what stands behind a term and is no operator.
func (p *parser) meantFor(c *Comparison, t Token) []source.Hint {
	next, column, word := p.ahead(1), c.Term.Column, strings.ToLower(t.Value)
	switch {
	case t.Kind == tokenText || t.Kind == tokenNumber:
		return []source.Hint{c.test("=", t.Written())}
	case c.Not && t.isSign(comparing...) && next.isValue():
		return []source.Hint{c.test(t.Value, next.asValue())}
	case slices.Contains([]string{"did", "visited", "viewed", "did_not"}, column) && t.Kind == TokenWord:
		return []source.Hint{source.Fix(Beside("did: " + t.Value))}
	case slices.Contains([]string{"where", "if", "when", "having", "filter"}, strings.ToLower(column)):
		return []source.Hint{source.Fix("leave " + column + " out: " + t.Value + " ...")}
	case searching[word] && next.Kind == tokenText:
		return []source.Hint{searched(c, word, next.Value)}
	case (t.Value == ":=" || t.Value == ":" || word == "isnt") && next.isValue():
		return []source.Hint{source.Fix(c.Term.Written() + " " + negated(word == "isnt", "=") + " " + next.asValue())}
	case word == "isnt" && next.Value == "null":
		return []source.Hint{source.Fix(c.Term.Written() + " is not null")}
	case word == "from" && (p.ahead(2).Value == "to" || p.ahead(2).isSign(",")) && p.ahead(3).isValue():
		return []source.Hint{c.test("between", next.asValue(), "and", p.ahead(3).asValue())}
	case slices.Contains(backward, word) && t.Kind == TokenWord && next.Kind == tokenNumber:
		return []source.Hint{lookBack}
	}
	return nil
}

// meant are the hints for a character that stands alone and has no meaning.
func (l *Lexed) meant(r rune) []source.Hint {
	var before []string
	for _, t := range l.Tokens[max(0, len(l.Tokens)-3):] {
		before = append(before, t.Value)
	}
	switch said := strings.ToLower(strings.Join(before, "")); {
	case r == '*' && strings.HasSuffix(said, "count("):
		return []source.Hint{counting}
	case r == '-' && (strings.HasSuffix(said, "now()") || strings.HasSuffix(said, "today")):
		return []source.Hint{lookBack}
	case r == ';':
		return []source.Hint{source.Fix("and between two tests that must both hold, or if one is enough")}
	case r == '#':
		return []source.Hint{source.Fix("a comment stands behind a # of the file, outside the condition")}
	case r == '*' || r == '+' || r == '-' || r == '/':
		return []source.Hint{source.Expected("a column and a value: rules do not calculate")}
	}
	return nil
}
