package identifier

import (
	"unicode"
	"unicode/utf8"
)

// name writes given and family names in lower case. Diacritics and other scripts stay. Titles stay too: whether "Mrs"
// is part of a name is for whoever looks after the data to say.
type name struct {
	white   whiteSpace
	bare    bool // punctuation goes
	initial bool // only the first letter stays
}

func (n name) append(dst []byte, text, _ string) ([]byte, Reason) {
	start := len(dst)
	dst, seen := appendLower(dst, text, n.white, n.bare)
	if seen&digit != 0 {
		return dst, DigitsInName
	}
	if n.initial {
		dst = keepInitial(dst, start)
	}
	return dst, Accepted
}

// keepInitial leaves only the first letter of the name dst[start:], if it has one.
func keepInitial(dst []byte, start int) []byte {
	for i := start; i < len(dst); {
		r, size := utf8.DecodeRune(dst[i:])
		if unicode.IsLetter(r) {
			return append(dst[:start], dst[i:i+size]...)
		}
		i += size
	}
	return dst[:start]
}
