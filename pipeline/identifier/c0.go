package identifier

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean is the first step of every form (C0): the value without invisible characters and in NFC, so that two spellings
// of one letter become one. It refuses what is not UTF-8.
//
// Invisible characters go first: one between a letter and its mark would keep NFC from joining them.
func clean(value string) (text string, ok bool) {
	if latin(value) {
		return value, true
	}
	if !utf8.ValidString(value) {
		return "", false
	}
	return norm.NFC.String(strings.Map(dropInvisible, value)), true
}

// The letters of Latin-1 and Latin Extended-A, U+00C0 to U+017F, lie between these. All are letters or signs that are
// seen, and none changes in NFC.
const (
	latinStart = 0xC0
	latinEnd   = 0x180
)

// latin reports whether s is UTF-8 of only ASCII and those letters, which clean leaves as they are.
func latin(s string) bool {
	const first, last = 0xC0 | latinStart>>6, 0xC0 | (latinEnd-1)>>6
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b < utf8.RuneSelf {
			continue
		}
		i++
		if b < first || b > last || i == len(s) || s[i]&0xC0 != utf8.RuneSelf {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// dropInvisible deletes what exports, web pages and contact cards leave in values without anybody seeing it.
func dropInvisible(r rune) rune {
	switch {
	case r == '\uFEFF', // byte order mark
		r >= '\u200B' && r <= '\u200D', // zero-width space, non-joiner, joiner
		r >= '\u2060' && r <= '\u2064', // word joiner, and signs of mathematics without a width
		r == '\u180E',                  // Mongolian vowel separator
		r == '\u00AD',                  // soft hyphen
		unicode.Is(unicode.Bidi_Control, r),
		unicode.Is(unicode.Variation_Selector, r):
		return -1
	}
	return r
}

// isHyphen reports whether r is one of the hyphens and dashes that text programs put for "-".
func isHyphen(r rune) bool { return r >= '\u2010' && r <= '\u2015' || r == '\u2212' }
