package identifier

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A class is a set of properties of a character, or of the characters of a text.
type class uint8

const (
	white       class = 1 << iota // White_Space
	punctuation                   // general category P
	digit                         // general category Nd
	unaddressed                   // never part of an e-mail address: control characters and <>()[],;:"\
)

func classOf(r rune) (c class) {
	if unicode.IsSpace(r) {
		c |= white
	}
	if unicode.IsPunct(r) {
		c |= punctuation
	}
	if unicode.IsDigit(r) {
		c |= digit
	}
	if unicode.IsControl(r) && c&white == 0 || strings.ContainsRune(`<>()[],;:"\`, r) {
		c |= unaddressed
	}
	return c
}

// A letter is what appendLower needs to know of a character.
type letter struct {
	class class
	lower uint16
}

// letters has the characters of nearly all names, so that Unicode's tables are asked for few.
var letters = func() (table [latinEnd]letter) {
	for r := range rune(latinEnd) {
		table[r] = letter{classOf(r), uint16(unicode.ToLower(r))}
	}
	return table
}()

// whiteSpace says what becomes of white space between characters; at both ends it always goes.
type whiteSpace uint8

const (
	collapsed whiteSpace = iota // a run becomes one space
	deleted
)

// appendLower appends clean text in lower case and returns the classes of all its characters. With bare set,
// punctuation goes.
func appendLower(dst []byte, text string, w whiteSpace, bare bool) ([]byte, class) {
	var seen class
	special := white
	if bare {
		special |= punctuation
	}
	start, wide := len(dst), false
	for i := 0; i < len(text); {
		if b := text[i]; b < utf8.RuneSelf && letters[b].class&special == 0 {
			seen |= letters[b].class
			dst = append(dst, byte(letters[b].lower))
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		var c class
		if r < latinEnd {
			c, r = letters[r].class, rune(letters[r].lower)
		} else {
			c, r = classOf(r), unicode.ToLower(r)
			wide = true
		}
		seen |= c
		switch {
		case c&special == 0:
			dst = utf8.AppendRune(dst, r)
		case c&white != 0 && w == collapsed && len(dst) > start && dst[len(dst)-1] != ' ':
			dst = append(dst, ' ')
		}
	}
	if len(dst) > start && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	if wide && !norm.NFC.IsNormal(dst[start:]) {
		dst = append(dst[:start], norm.NFC.Bytes(dst[start:])...)
	}
	return dst, seen
}
