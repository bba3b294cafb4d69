package where

import (
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// meantOperator are the hints for an operator of another language: the whole test, where the value that follows says
// what was meant, else the operators that are near.
func (p *parser) meantOperator(c *Comparison, t Token) []source.Hint {
	expected := source.Expected(OperatorWords)
	var next Token
	if p.pos+1 < len(p.tokens) {
		next = p.tokens[p.pos+1]
	}
	word := strings.ToLower(t.Value)
	if negation := map[bool]string{true: "not ", false: ""}[c.Not]; word == "null" {
		return []source.Hint{source.Fix(c.Term.Written() + " is " + negation + "null")}
	} else if given(word) {
		return []source.Hint{source.Fix(c.Term.Written() + " is " + map[string]string{"": "not "}[negation] + "null")}
	}
	if word == "like" || word == "ilike" {
		if next.Kind != tokenText {
			return []source.Hint{source.Expected("starts_with, ends_with, contains or matches")}
		}
		term := c.Term.Written()
		if word == "ilike" && c.Term.Function == "" {
			term = "lower(" + term + ")"
		}
		return []source.Hint{source.Fix(term + " " + likeAs(c, word == "ilike", next.Value))}
	}
	meant, next := p.spelledOut(p.pos)
	switch {
	case len(meant) == 0:
		return []source.Hint{expected}
	case next.Kind == tokenText, next.Kind == tokenNumber:
		return []source.Hint{source.Fix(c.Term.Written() + " " + negated(c.Not, meant[0]) + " " + next.Written()), expected}
	}
	return []source.Hint{{Label: source.LabelDidYouMean, Text: strings.Join(meant, ", ")}, expected}
}

var operators = append([]string{
	"=", "!=", "<", "<=", ">", ">=", "not contains", "not starts_with", "not ends_with", "not in",
}, reservedWords...)

// spelledOut finds the operator that words from a token on spell out, as many words as make sense, and the token
// behind.
func (p *parser) spelledOut(from int) (meant []string, next Token) {
	end := from
	for end < len(p.tokens) && p.tokens[end].Kind == TokenWord {
		end++
	}
	for ; end > from; end-- {
		words := make([]string, 0, end-from)
		for _, t := range p.tokens[from:end] {
			words = append(words, t.Value)
		}
		if meant = source.Suggest(strings.Join(words, "_"), operators); len(meant) > 0 {
			return meant, p.tokens[end]
		}
	}
	return nil, Token{}
}

// negated is an operator with not before it.
func negated(not bool, operator string) string {
	opposite := map[string]string{"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
	switch rest, was := strings.CutPrefix(operator, "not "); {
	case !not:
		return operator
	case opposite[operator] != "":
		return opposite[operator]
	case was:
		return rest
	}
	return "not " + operator
}

// likeAs is what follows the column where SQL says LIKE: % stands for any characters.
func likeAs(c *Comparison, folded bool, pattern string) string {
	if folded {
		pattern = strings.ToLower(pattern)
	}
	not := ""
	if c.Not {
		not = "not "
	}
	inner := strings.Trim(pattern, "%")
	starts, ends := strings.HasPrefix(pattern, "%"), strings.HasSuffix(pattern, "%")
	switch {
	case strings.Contains(inner, "%"):
		parts := strings.Split(pattern, "%")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		return not + "matches " + value.Quote(strings.Join(parts, ".*"))
	case starts && ends:
		return not + "contains " + value.Quote(inner)
	case ends:
		return not + "starts_with " + value.Quote(inner)
	case starts:
		return not + "ends_with " + value.Quote(inner)
	case c.Not:
		return "!= " + value.Quote(inner)
	}
	return "= " + value.Quote(inner)
}

// meantIs reports what follows is and is none of its words: is missing, is 'card'.
func (p *parser) meantIs(c *Comparison) {
	t := p.peek()
	not, sign := "", " = "
	if c.Not {
		not, sign = "not ", " != "
	}
	switch {
	case t.Kind != tokenEnd && given(t.Value):
		negated := map[string]string{"": "not "}[not]
		p.fail(t.Span, misplaced, source.Fix(c.Term.Written()+" is "+negated+"null"))
	case t.Kind != tokenEnd && NoValue(t.Value):
		p.fail(t.Span, misplaced, source.Fix(c.Term.Written()+" is "+not+"null"))
	case t.Kind == tokenText, t.Kind == tokenNumber:
		p.fail(t.Span, misplaced, source.Fix(c.Term.Written()+sign+t.Written()))
	default:
		from := p.pos - 1
		if c.Not {
			from--
		}
		if meant, next := p.spelledOut(from); len(meant) > 0 && (next.Kind == tokenText || next.Kind == tokenNumber) {
			p.fail(t.Span, misplaced, source.Fix(c.Term.Written()+" "+meant[0]+" "+next.Written()))
			return
		} else if p.peek().Value == "in" || p.peek().Value == "between" {
			p.fail(t.Span, misplaced, source.Fix("leave the is out: "+c.Term.Written()+" "+not+t.Value+" ..."))
			return
		} else if t.isSign(comparing...) && p.ahead(1).isValue() {
			p.fail(t.Span, misplaced, c.test(t.Value, p.ahead(1).asValue()))
			return
		} else if t.isValue() && p.ahead(1).Kind != tokenText && p.ahead(1).Kind != tokenNumber {
			meant := c.Term.Written() + sign + t.asValue()
			if truth := map[string]string{"yes": "true", "on": "true", "no": "false", "off": "false"}[t.Value]; truth != "" {
				meant = c.Term.Written() + " is " + not + truth
			}
			p.fail(t.Span, misplaced, source.Fix(meant))
			return
		}
		p.unexpected("null, true or false")
	}
}

// called reports whether an operator's word comes next as if it were a function's: contains(page_path, 'x').
func (p *parser) called() bool {
	_, text := textOperators[p.peek().Value]
	return text && p.tokens[p.pos+1].Value == "(" && p.tokens[p.pos+1].Kind == TokenSign
}

// given reports whether a word of other languages says that there is a value.
func given(word string) bool {
	switch strings.ToLower(word) {
	case "exists", "exist", "set", "defined", "present", "notnull", "filled", "given", "known", "not_null":
		return true
	}
	return false
}

// goneOn is what a value without a column was meant for: 'fund' after product = 'card' or.
func (p *parser) goneOn(t Token) source.Hint {
	if test := p.last.Again(t.Written()); test != "" {
		return source.Fix(test)
	}
	return source.Expected("column = " + t.Written())
}

// Again is the same test of another value, "" of tests that take none or several.
func (c *Comparison) Again(value string) string {
	if c == nil || slices.Contains([]string{"", "is", "between", "in"}, c.Word) {
		return ""
	}
	operator := c.Word
	if c.Not && operator != "!=" {
		operator = "not " + operator
	}
	return c.Term.Written() + " " + operator + " " + value
}

// afterNot is the next token, or the one behind a not.
func (p *parser) afterNot() Token {
	if t := p.peek(); t.Value != "not" || t.Kind != TokenWord {
		return t
	}
	return p.tokens[p.pos+1]
}

// NoValue reports whether a word of other languages says that there is no value.
func NoValue(word string) bool {
	switch strings.ToLower(word) {
	case "none", "nil", "missing", "unset", "undefined", "nan", "na", "empty", "blank", "absent", "null", "''":
		return true
	}
	return false
}

// Written is the operand as rules write it.
func (o Operand) Written() string {
	switch {
	case o.Function == "":
		return o.Column
	case o.Key == nil:
		return o.Function + "(" + o.Column + ")"
	}
	return o.Function + "(" + o.Column + ", " + value.Quote(o.Key.Value) + ")"
}

// AsOperator is the test that a call of an operator's name was meant for: contains(page_path, 'x'), isnull(product).
func (o Operand) AsOperator() (string, bool) {
	switch strings.ToLower(o.Function) {
	case "isnull", "is_null", "isempty", "isna", "missing":
		return o.Column + " is null", true
	case "exists", "notnull", "isnotnull", "is_not_null", "notempty", "has":
		return o.Column + " is not null", true
	}
	if o.Key == nil {
		return "", false
	}
	near := source.Suggest(o.Function, []string{"starts_with", "ends_with", "contains", "matches"})
	if len(near) == 0 {
		return "", false
	}
	return o.Column + " " + near[0] + " " + value.Quote(o.Key.Value), true
}
