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
	upper                         // A to Z
	punctuation                   // general category P
	digit                         // general category Nd
	unaddressed                   // never part of an e-mail address: control characters and <>()[],;:"\
)

// classes has the class of each ASCII character.
var classes = func() (table [utf8.RuneSelf]class) {
	for b := range table {
		table[b] = classOf(rune(b))
		if b >= 'A' && b <= 'Z' {
			table[b] |= upper
		}
	}
	return table
}()

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
	start, gap, wide := len(dst), false, false
	for i := 0; i < len(text); {
		b, size := text[i], 1
		var c class
		var r rune
		if b < utf8.RuneSelf {
			c = classes[b]
		} else {
			wide = true
			r, size = utf8.DecodeRuneInString(text[i:])
			c = classOf(r)
		}
		i += size
		seen |= c
		if c&white != 0 {
			gap = w == collapsed && len(dst) > start
			continue
		}
		if bare && c&punctuation != 0 {
			continue
		}
		if gap {
			dst = append(dst, ' ')
			gap = false
		}
		switch {
		case size > 1:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		case c&upper != 0:
			dst = append(dst, b|0x20)
		default:
			dst = append(dst, b)
		}
	}
	if wide && !norm.NFC.IsNormal(dst[start:]) {
		dst = append(dst[:start], norm.NFC.Bytes(dst[start:])...)
	}
	return dst, seen
}
