package identifier

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// email writes addresses: lower case, white space at the ends gone.
type email struct {
	white    whiteSpace // what becomes of white space inside; collapsed, it makes the value no address
	trimDots bool       // NUL and full stops at both ends go as well
	local    localPart
}

// localPart says how the part before the @ is rewritten, so that the spellings of one mailbox become one.
type localPart uint8

const (
	untouched        localPart = iota
	gmailOneDomain             // gmail.com: cut from the first +, delete full stops
	gmailBothDomains           // the same for gmail.com and googlemail.com, each under its own name
	lettersAndDigits           // every domain: cut from the first +, delete all but letters and digits
)

func (e email) append(dst []byte, text, _ string) ([]byte, Reason) {
	start := len(dst)
	dst, seen := appendLower(dst, text, e.white, false)
	if e.trimDots {
		dst = trimDots(dst, start)
	}
	if len(dst) == start {
		return dst, Empty
	}
	if seen&unaddressed != 0 && bytes.ContainsFunc(dst[start:], func(r rune) bool { return classOf(r)&unaddressed != 0 }) {
		return dst, NotAnEmail
	}
	at, reason := splitAddress(dst[start:])
	if reason != Accepted {
		return dst, reason
	}
	return e.local.rewrite(dst, start, start+at)
}

// trimDots trims the address dst[start:] in place.
func trimDots(dst []byte, start int) []byte {
	dots := func(b byte) bool { return b == '.' || b == ' ' || b == 0 }
	for len(dst) > start && dots(dst[len(dst)-1]) {
		dst = dst[:len(dst)-1]
	}
	first := start
	for first < len(dst) && dots(dst[first]) {
		first++
	}
	return append(dst[:start], dst[first:]...)
}

// splitAddress returns where the @ of an address stands, or what is wrong with the address.
func splitAddress(address []byte) (int, Reason) {
	at := bytes.IndexByte(address, '@')
	if at < 1 || bytes.IndexByte(address, ' ') >= 0 {
		return 0, NotAnEmail
	}
	dots, label := 0, 0
	for _, b := range address[at+1:] {
		switch {
		case b >= utf8.RuneSelf:
			return 0, NonASCIIDomain
		case b == '@', b == '.' && label == 0:
			return 0, NotAnEmail
		case b == '.':
			dots, label = dots+1, 0
		default:
			label++
		}
	}
	if dots == 0 || label == 0 {
		return 0, NotAnEmail
	}
	return at, Accepted
}

// rewrite rewrites the local part of the address dst[start:], whose @ stands at at, in place.
func (l localPart) rewrite(dst []byte, start, at int) ([]byte, Reason) {
	if !l.covers(dst[at+1:]) {
		return dst, Accepted
	}
	local := dst[start:at]
	if plus := bytes.IndexByte(local, '+'); plus >= 0 {
		local = local[:plus]
	}
	kept := dst[:start]
	for i := 0; i < len(local); {
		r, size := utf8.DecodeRune(local[i:])
		if l.keeps(r) {
			kept = append(kept, local[i:i+size]...)
		}
		i += size
	}
	if len(kept) == start {
		return dst, EmptyLocalPart
	}
	return append(kept, dst[at:]...), Accepted
}

func (l localPart) covers(domain []byte) bool {
	switch l {
	case gmailOneDomain:
		return string(domain) == "gmail.com"
	case gmailBothDomains:
		return string(domain) == "gmail.com" || string(domain) == "googlemail.com"
	}
	return l == lettersAndDigits
}

func (l localPart) keeps(r rune) bool {
	if l == lettersAndDigits {
		return unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	return r != '.'
}
