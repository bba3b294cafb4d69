package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// tokenKind is what a piece of a `where` text is.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenText   // 'quoted'
	tokenNumber // 12.50
	tokenSign   // = != < <= > >= ( ) ,
	tokenSet    // @partner-sites
)

// token is a piece of a `where` text with the offsets at which it stands there. Value is what it means: the word, the
// sign, the number as written, the text without quotes, the set's name without @.
type token struct {
	kind  tokenKind
	value string
	span  Span
}

// misspelt is an operator of another language that was understood nevertheless.
type misspelt struct {
	span  Span
	right string
}

// synonyms are operators of other languages and how they are written here.
var synonyms = map[string]string{
	"==": "=", "<>": "!=", "=<": "<=", "=>": ">=", "&&": "and", "||": "or", "!": "not",
	"AND": "and", "OR": "or", "NOT": "not", "IN": "in", "IS": "is", "NULL": "null", "BETWEEN": "between",
	"TRUE": "true", "FALSE": "false",
}

// lexer cuts a `where` text into tokens. The first thing it cannot read ends it.
type lexer struct {
	text   string
	pos    int
	tokens []token
	wrong  []misspelt
	broken string // what is wrong, "" if nothing
	at     Span   // where
}

func lex(text string) *lexer {
	l := &lexer{text: text}
	for l.broken == "" {
		for l.pos < len(text) && (text[l.pos] == ' ' || text[l.pos] == '\n' || text[l.pos] == '\r') {
			l.pos++
		}
		if l.pos == len(text) {
			break
		}
		l.next()
	}
	l.tokens = append(l.tokens, token{kind: tokenEnd, span: Span{len(text), len(text)}})
	return l
}

func (l *lexer) next() {
	switch c := l.text[l.pos]; {
	case c == '\'', c == '"':
		l.quoted(c)
	case isDigit(c), c == '-' && l.pos+1 < len(l.text) && isDigit(l.text[l.pos+1]):
		l.take(tokenNumber, l.run(l.pos+1, func(c byte) bool { return isDigit(c) || c == '.' || isLetter(c) }))
	case isLetter(c):
		l.take(tokenWord, l.run(l.pos, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' }))
	case c == '@':
		l.take(tokenSet, l.run(l.pos+1, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' }))
	case strings.IndexByte("(),", c) >= 0:
		l.take(tokenSign, l.pos+1)
	case strings.IndexByte("=<>!&|", c) >= 0:
		l.take(tokenSign, l.sign())
	default:
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		l.stop(Span{l.pos, l.pos + size}, fmt.Sprintf("%q has no meaning here", string(r)))
	}
}

// sign returns the end of the longest operator sign that begins here.
func (l *lexer) sign() int {
	if l.pos+1 < len(l.text) {
		switch two := l.text[l.pos : l.pos+2]; two {
		case "!=", "<=", ">=", "==", "<>", "=<", "=>", "&&", "||":
			return l.pos + 2
		}
	}
	return l.pos + 1
}

// take adds the token that ends at end; operators of other languages are noted and translated.
func (l *lexer) take(kind tokenKind, end int) {
	t := token{kind: kind, value: l.text[l.pos:end], span: Span{l.pos, end}}
	if kind == tokenSet {
		t.value = t.value[1:]
	}
	if right, ok := synonyms[t.value]; ok && kind != tokenSet {
		l.wrong = append(l.wrong, misspelt{t.span, right})
		t.value = right
		if isLetter(right[0]) {
			t.kind = tokenWord
		}
	}
	if t.value == "&" || t.value == "|" {
		l.stop(t.span, fmt.Sprintf("%q has no meaning here", t.value))
		return
	}
	l.tokens = append(l.tokens, t)
	l.pos = end
}

// quoted reads a text; a doubled quote inside stands for one.
func (l *lexer) quoted(quote byte) {
	var b strings.Builder
	for i := l.pos + 1; i < len(l.text); i++ {
		if l.text[i] != quote {
			b.WriteByte(l.text[i])
			continue
		}
		if i+1 < len(l.text) && l.text[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		l.tokens = append(l.tokens, token{kind: tokenText, value: b.String(), span: Span{l.pos, i + 1}})
		l.pos = i + 1
		return
	}
	l.stop(Span{l.pos, len(strings.TrimRight(l.text, "\r\n "))}, "this text has no closing quote")
}

func (l *lexer) stop(at Span, what string) {
	l.at, l.broken = at, what
}

func (l *lexer) run(from int, in func(byte) bool) int {
	for from < len(l.text) && in(l.text[from]) {
		from++
	}
	return from
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
