package identifier

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean is the first step of every form (C0): the value without invisible characters and in NFC, so that two spellings
// of one letter become one. It refuses what is not UTF-8. ASCII passes as it is.
//
// Invisible characters go first: one between a letter and its mark would keep NFC from joining them.
func clean(value string) (text string, ok bool) {
	if ascii(value) {
		return value, true
	}
	if !utf8.ValidString(value) {
		return "", false
	}
	return norm.NFC.String(strings.Map(dropInvisible, value)), true
}

func ascii(s string) bool {
	var all byte
	for i := range len(s) {
		all |= s[i]
	}
	return all < utf8.RuneSelf
}

// dropInvisible deletes what exports and web pages leave in values without anybody seeing it.
func dropInvisible(r rune) rune {
	switch r {
	case '\uFEFF', // byte order mark
		'\u200B', '\u200C', '\u200D', // zero-width space, non-joiner, joiner
		'\u2060', // word joiner
		'\u00AD': // soft hyphen
		return -1
	}
	return r
}

// isHyphen reports whether r is one of the hyphens and dashes that text programs put for "-".
func isHyphen(r rune) bool { return r >= '\u2010' && r <= '\u2015' || r == '\u2212' }
