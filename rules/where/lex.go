package where

import (
	"fmt"
	"regexp"
	"slices"
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
	tokenBare   // a text, date or time that lacks its quotes: /lainat, 2026-04-01
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
	"==": "=", "===": "=", "!==": "!=", "<>": "!=", "=<": "<=", "=>": ">=", "&&": "and", "||": "or", "!": "not",
	"AND": "and", "OR": "or", "NOT": "not", "IN": "in", "IS": "is", "NULL": "null", "BETWEEN": "between",
	"TRUE": "true", "FALSE": "false", "And": "and", "Or": "or", "Not": "not", "In": "in", "Is": "is", "Null": "null",
	"Between": "between", "True": "true", "False": "false",
	"≠": "!=", "≤": "<=", "≥": ">=", "&": "and", "|": "or",
}

// Lexed cuts a `where` text into tokens. The first thing it cannot read ends it.
type Lexed struct {
	text   string
	pos    int
	Tokens []Token
	Wrong  []Misspelt
	Broken string      // what is wrong, "" if nothing
	At     source.Span // where
	Hints  []source.Hint
	opened rune // the bracket that closes a list in square or curly brackets
}

func Lex(text string) *Lexed {
	l := &Lexed{text: text}
	for l.Broken == "" {
		for l.pos < len(text) && strings.IndexByte(" \n\r", text[l.pos]) >= 0 {
			l.pos++
		}
		if l.pos == len(text) {
			break
		}
		l.next()
	}
	l.nulls()
	l.Tokens = append(l.Tokens, Token{Kind: tokenEnd, Span: source.Span{Start: len(text), End: len(text)}})
	return l
}

func (l *Lexed) next() {
	switch c := l.text[l.pos]; {
	case c == '\'', c == '"':
		l.quoted(c)
	case isDigit(c), c == '-' && l.pos+1 < len(l.text) && isDigit(l.text[l.pos+1]):
		l.number()
	case isLetter(c):
		l.word()
	case c == '@':
		l.take(tokenSet, l.run(l.pos+1, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' }))
	case strings.IndexByte("(),", c) >= 0:
		l.take(TokenSign, l.pos+1)
	case search.MatchString(l.text[l.pos:]):
		l.take(TokenWord, l.pos+len(strings.TrimRight(search.FindString(l.text[l.pos:]), " '")))
	case strings.IndexByte("=<>!&|", c) >= 0:
		l.take(TokenSign, l.sign())
	default:
		l.other()
	}
}

// curly are the quotes that text programs set, with those that close them.
var curly = map[rune]string{
	'“': "”“", '”': "”", '„': "”“", '‘': "’‘", '’': "’", '‚': "’‘", '«': "»", '»': "«", '`': "`´", '´': "´",
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789."

// other reads what begins with a character that has no meaning here.
func (l *Lexed) other() {
	r, size := utf8.DecodeRuneInString(l.text[l.pos:])
	rest := l.text[l.pos+size:]
	switch i := strings.IndexAny(rest, curly[r]); {
	case r == '\u00a0': // a blank that keeps words together
		l.pos += size
	case r == '`' && i > 0 && isLetter(rest[0]) && strings.Trim(rest[:i], letters) == "":
		l.misspell(l.pos+size+i+size, rest[:i], TokenWord)
	case curly[r] != "" && i >= 0 && r != '`':
		_, closing := utf8.DecodeRuneInString(rest[i:])
		l.misspell(l.pos+size+i+closing, rest[:i], tokenText)
	case strings.ContainsRune("≠≤≥", r):
		l.take(TokenSign, l.pos+size)
	case (r == '[' || r == '{') && len(l.Tokens) > 0 && l.Tokens[len(l.Tokens)-1].Value == "in":
		l.misspell(l.pos+size, "(", TokenSign)
		l.opened = map[rune]rune{'[': ']', '{': '}'}[r]
	case l.opened != 0 && r == l.opened:
		l.misspell(l.pos+size, ")", TokenSign)
		l.opened = 0
	default:
		l.bare(r, size)
	}
}

// search are the signs by which other languages look for a pattern.
var search = regexp.MustCompile(`^[=!]?~\*?[ ']`)

// word reads a word; one that was cut short keeps its apostrophe out: isn't, doesn't.
func (l *Lexed) word() {
	end := l.run(l.pos, func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' })
	if l.text[end-1] == 'n' && strings.HasPrefix(l.text[end:], "'t ") && !Reserved(l.text[l.pos:end]) {
		l.Tokens = append(l.Tokens, Token{
			Kind: TokenWord, Value: l.text[l.pos:end] + "t", Span: source.Span{Start: l.pos, End: end + 2},
		})
		l.pos = end + 2
		return
	}
	l.take(TokenWord, end)
}

// nulls reads a comparison with null in the signs of another language as the test that it is meant for.
func (l *Lexed) nulls() {
	for i := 1; i < len(l.Tokens); i++ {
		sign, null := l.Tokens[i-1], l.Tokens[i]
		right := map[string]string{"=": "is", "!=": "is not"}[sign.Value]
		if sign.Kind != TokenSign || right == "" || null.Kind != TokenWord || null.Value != "null" {
			continue
		}
		at := slices.IndexFunc(l.Wrong, func(w Misspelt) bool { return w.Span.Start >= sign.Span.Start })
		switch {
		case at < 0 || l.Wrong[at].Span.Start > null.Span.Start:
			continue // all is spelt well, and it is told why it never holds
		case l.Wrong[at].Span == sign.Span:
			l.Wrong[at].Right = right
		default:
			l.Wrong = slices.Insert(l.Wrong, at, Misspelt{sign.Span, right})
		}
		l.Tokens[i-1] = Token{Kind: TokenWord, Value: "is", Span: sign.Span}
		if right == "is not" {
			l.Tokens = slices.Insert(l.Tokens, i, Token{Kind: TokenWord, Value: "not", Span: sign.Span})
		}
	}
}

// misspell adds a token up to end that is understood nevertheless.
func (l *Lexed) misspell(end int, value string, kind tokenKind) {
	t := Token{Kind: kind, Value: value, Span: source.Span{Start: l.pos, End: end}}
	l.Wrong = append(l.Wrong, Misspelt{t.Span, t.Written()})
	l.Tokens = append(l.Tokens, t)
	l.pos = end
}

// bare reads a text without its quotes, from the blank before the character to the next one. A character that stands
// alone, or behind what is no value, ends the reading.
func (l *Lexed) bare(r rune, size int) {
	start, end := l.pos, l.run(l.pos+size, func(c byte) bool { return strings.IndexByte(" \r\n(),'\"", c) < 0 })
	kept := len(l.Tokens)
	for kept > 0 && l.Tokens[kept-1].Span.End == start && l.Tokens[kept-1].Kind != TokenSign &&
		l.Tokens[kept-1].Kind != tokenText {
		kept--
		start = l.Tokens[kept].Span.Start
	}
	if end-start == size {
		l.stop(source.Span{Start: start, End: end}, fmt.Sprintf("%q has no meaning here", string(r)))
		if meant := l.meant(r); meant != nil {
			l.Hints = meant
		}
		return
	}
	for n := len(l.Wrong); n > 0 && l.Wrong[n-1].Span.Start >= start; n-- {
		l.Wrong = l.Wrong[:n-1]
	}
	l.Tokens = append(l.Tokens[:kept], Token{
		Kind: tokenBare, Value: l.text[start:end], Span: source.Span{Start: start, End: end},
	})
	l.pos = end
}

// written are dates, times and instants without their word and quotes.
var written = regexp.MustCompile(`^(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2}:\d{2})[-0-9T:Z+.]*`)

func (l *Lexed) number() {
	if end := len(written.FindString(l.text[l.pos:])); end > 0 {
		l.take(tokenBare, l.pos+end)
		return
	}
	l.take(tokenNumber, l.run(l.pos+1, func(c byte) bool { return isDigit(c) || c == '.' || isLetter(c) }))
}

// sign returns the end of the longest operator sign that begins here.
func (l *Lexed) sign() int {
	for _, three := range []string{"===", "!=="} {
		if strings.HasPrefix(l.text[l.pos:], three) {
			return l.pos + len(three)
		}
	}
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
	l.Hints = []source.Hint{source.Expected("the quote that it began with; one within a text is written twice: 'it''s'")}
}

func (l *Lexed) stop(at source.Span, what string) {
	l.At, l.Broken = at, what
	l.Hints = []source.Hint{source.Expected("column = 'text', column > 100, and, or, not")}
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
