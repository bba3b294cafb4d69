package where

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// tokenKind is what a piece of a `where` text is.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	TokenWord
	tokenText   // 'quoted'
	tokenNumber // 12.50
	TokenSign   // = != < <= > >= ( ) ,
	tokenSet    // @partner-sites
)

// Token is a piece of a `where` text with the offsets at which it stands there. Value is what it means: the word, the
// sign, the number as written, the text without quotes, the set's name without @.
type Token struct {
	Kind  tokenKind
	Value string
	Span  source.Span
}

// Misspelt is an operator of another language that was understood nevertheless.
type Misspelt struct {
	Span  source.Span
	Right string
}

// synonyms are operators of other languages and how they are written here.
var synonyms = map[string]string{
	"==": "=", "<>": "!=", "=<": "<=", "=>": ">=", "&&": "and", "||": "or", "!": "not",
	"AND": "and", "OR": "or", "NOT": "not", "IN": "in", "IS": "is", "NULL": "null", "BETWEEN": "between",
	"TRUE": "true", "FALSE": "false",
}

// Lexed cuts a `where` text into tokens. The first thing it cannot read ends it.
type Lexed struct {
	text   string
	pos    int
	Tokens []Token
	Wrong  []Misspelt
	Broken string      // what is wrong, "" if nothing
	At     source.Span // where
}

func Lex(text string) *Lexed {
	l := &Lexed{text: text}
	for l.Broken == "" {
		for l.pos < len(text) && (text[l.pos] == ' ' || text[l.pos] == '\n' || text[l.pos] == '\r') {
			l.pos++
		}
		if l.pos == len(text) {
			break
		}
		l.next()
	}
	l.Tokens = append(l.Tokens, Token{Kind: tokenEnd, Span: source.Span{Start: len(text), End: len(text)}})
	return l
}

func (l *Lexed) next() {
	switch c := l.text[l.pos]; {
	case c == '\'', c == '"':
		l.quoted(c)
	case isDigit(c), c == '-' && l.pos+1 < len(l.text) && isDigit(l.text[l.pos+1]):
		l.take(tokenNumber, l.run(l.pos+1, func(c byte) bool { return isDigit(c) || c == '.' || isLetter(c) }))
	case isLetter(c):
		l.take(TokenWord, l.run(l.pos, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' }))
	case c == '@':
		l.take(tokenSet, l.run(l.pos+1, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' }))
	case strings.IndexByte("(),", c) >= 0:
		l.take(TokenSign, l.pos+1)
	case strings.IndexByte("=<>!&|", c) >= 0:
		l.take(TokenSign, l.sign())
	default:
		r, size := utf8.DecodeRuneInString(l.text[l.pos:])
		l.stop(source.Span{Start: l.pos, End: l.pos + size}, fmt.Sprintf("%q has no meaning here", string(r)))
	}
}

// sign returns the end of the longest operator sign that begins here.
func (l *Lexed) sign() int {
	if l.pos+1 < len(l.text) {
		switch two := l.text[l.pos : l.pos+2]; two {
		case "!=", "<=", ">=", "==", "<>", "=<", "=>", "&&", "||":
			return l.pos + 2
		}
	}
	return l.pos + 1
}

// take adds the token that ends at end; operators of other languages are noted and translated.
func (l *Lexed) take(kind tokenKind, end int) {
	t := Token{Kind: kind, Value: l.text[l.pos:end], Span: source.Span{Start: l.pos, End: end}}
	if kind == tokenSet {
		t.Value = t.Value[1:]
	}
	if right, ok := synonyms[t.Value]; ok && kind != tokenSet {
		l.Wrong = append(l.Wrong, Misspelt{t.Span, right})
		t.Value = right
		if isLetter(right[0]) {
			t.Kind = TokenWord
		}
	}
	if t.Value == "&" || t.Value == "|" {
		l.stop(t.Span, fmt.Sprintf("%q has no meaning here", t.Value))
		return
	}
	l.Tokens = append(l.Tokens, t)
	l.pos = end
}

// quoted reads a text; a doubled quote inside stands for one.
func (l *Lexed) quoted(quote byte) {
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
		l.Tokens = append(l.Tokens, Token{Kind: tokenText, Value: b.String(), Span: source.Span{Start: l.pos, End: i + 1}})
		l.pos = i + 1
		return
	}
	l.stop(source.Span{Start: l.pos, End: len(strings.TrimRight(l.text, "\r\n "))}, "this text has no closing quote")
}

func (l *Lexed) stop(at source.Span, what string) {
	l.At, l.Broken = at, what
}

func (l *Lexed) run(from int, in func(byte) bool) int {
	for from < len(l.text) && in(l.text[from]) {
		from++
	}
	return from
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// Written is the canonical spelling of a token.
func (t Token) Written() string {
	switch t.Kind {
	case tokenText:
		return value.Quote(t.Value)
	case tokenSet:
		return "@" + t.Value
	}
	return t.Value
}

// Spaced returns the right spelling of an operator, set apart from its neighbours if it is a word.
func Spaced(text string, w Misspelt) string {
	right := w.Right
	if !isLetter(right[0]) {
		return right
	}
	if w.Span.End < len(text) && text[w.Span.End] != ' ' {
		right += " "
	}
	if w.Span.Start > 0 && text[w.Span.Start-1] != ' ' {
		right = " " + right
	}
	return right
}
