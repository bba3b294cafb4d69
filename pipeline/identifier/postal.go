package identifier

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
)

// postalCode writes postal codes in upper case, without the country that some people write before them.
type postalCode struct {
	short bool // lower case without spaces; GB up to the sector, US the first five digits
}

// digitCodes has the countries whose codes are so many digits and nothing else. The prefixes are what is written before
// the code, besides the country itself.
var digitCodes = map[string]struct {
	digits   int
	prefixes []string
}{
	"AX": {digits: 5, prefixes: []string{"FI", "FIN"}},
	"DE": {digits: 5, prefixes: []string{"D"}},
	"DK": {digits: 4},
	"EE": {digits: 5},
	"FI": {digits: 5, prefixes: []string{"AX", "FIN"}},
	"LT": {digits: 5},
	"LV": {digits: 4},
	"NO": {digits: 4, prefixes: []string{"N"}},
	"SE": {digits: 5, prefixes: []string{"S"}},
}

func (p postalCode) append(dst []byte, text, country string) ([]byte, Reason) {
	var space [32]byte
	code, reason := readCode(space[:0], text)
	switch {
	case reason != Accepted:
		return dst, reason
	case country == "":
		return dst, NoCountry
	case country == "GB":
		return p.appendBritish(dst, code)
	case country == "US":
		return p.appendAmerican(dst, code)
	}
	if plan, ok := digitCodes[country]; ok {
		return appendDigits(dst, code, country, plan.prefixes, plan.digits)
	}
	return p.appendOther(dst, code, country)
}

// longestCode is more than any postal code with its prefix takes, in bytes.
const longestCode = 20

// readCode appends a code in upper case, with plain hyphens and single spaces.
func readCode(dst []byte, text string) ([]byte, Reason) {
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
			dst = append(dst, byte(r))
		case r >= 'a' && r <= 'z':
			dst = append(dst, byte(r)&^0x20)
		case r == '-' || isHyphen(r):
			dst = append(dst, '-')
		case !unicode.IsSpace(r):
			return dst, BadPostalCode
		case len(dst) > 0 && dst[len(dst)-1] != ' ':
			dst = append(dst, ' ')
		}
		if len(dst) > longestCode {
			return dst, BadPostalCode
		}
	}
	if dst = bytes.TrimSuffix(dst, []byte(" ")); len(dst) == 0 {
		return dst, BadPostalCode
	}
	return dst, Accepted
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }

// appendDigits appends a code of a country that has only digits. One too short is refused and never padded: the zeros
// that a spreadsheet ate may not have been the first.
func appendDigits(dst, code []byte, country string, prefixes []string, digits int) ([]byte, Reason) {
	letters := 0
	for letters < len(code) && isUpper(code[letters]) {
		letters++
	}
	if letters > 0 {
		if prefix := string(code[:letters]); prefix != country && !slices.Contains(prefixes, prefix) {
			return dst, BadPostalCode
		}
		code = bytes.TrimLeft(code[letters:], " -")
	}
	start := len(dst)
	for _, b := range code {
		switch {
		case isDigit(b):
			dst = append(dst, b)
		case b != ' ':
			return dst, BadPostalCode
		}
	}
	if len(dst)-start != digits {
		return dst, BadPostalCode
	}
	return dst, Accepted
}

// inward is the length of the second half of a British code: the sector, a digit, and two letters.
const inward = 3

func (p postalCode) appendBritish(dst, code []byte) ([]byte, Reason) {
	code = without(bytes.TrimPrefix(code, []byte("GB-")), " ")
	out := len(code) - inward
	if out < 2 || !isOutward(code[:out]) || !isDigit(code[out]) || !isUpper(code[out+1]) || !isUpper(code[out+2]) {
		return dst, BadPostalCode
	}
	if p.short {
		return append(dst, bytes.ToLower(code[:out+1])...), Accepted
	}
	dst = append(append(dst, code[:out]...), ' ')
	return append(dst, code[out:]...), Accepted
}

// isOutward reports whether b is an area and a district: one or two letters, a digit, perhaps one more of either.
func isOutward(b []byte) bool {
	if !isUpper(b[0]) {
		return false
	}
	b = b[1:]
	if isUpper(b[0]) {
		b = b[1:]
	}
	switch len(b) {
	case 1:
		return isDigit(b[0])
	case 2:
		return isDigit(b[0]) && (isDigit(b[1]) || isUpper(b[1]))
	}
	return false
}

func (p postalCode) appendAmerican(dst, code []byte) ([]byte, Reason) {
	const zip, extended = 5, 9
	code = bytes.TrimPrefix(code, []byte("US-"))
	if len(code) == extended+1 && (code[zip] == '-' || code[zip] == ' ') {
		code = slices.Delete(code, zip, zip+1)
	}
	if len(code) != zip && len(code) != extended || !allDigits(code) {
		return dst, BadPostalCode
	}
	dst = append(dst, code[:zip]...)
	if p.short || len(code) == zip {
		return dst, Accepted
	}
	return append(append(dst, '-'), code[zip:]...), Accepted
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// appendOther appends a code of a country whose plan is not known here, as it is written.
func (p postalCode) appendOther(dst, code []byte, country string) ([]byte, Reason) {
	code = bytes.TrimLeft(bytes.TrimPrefix(code, []byte(country+"-")), " ")
	if bytes.IndexFunc(code, func(r rune) bool { return r >= '0' && r <= '9' }) < 0 {
		return dst, BadPostalCode // every country that has codes has digits in them
	}
	if code[0] == '-' {
		return dst, BadPostalCode // it lost something; a spreadsheet would read what is left as a formula
	}
	if p.short {
		return append(dst, bytes.ToLower(without(code, " -"))...), Accepted
	}
	return append(dst, code...), Accepted
}

// without deletes the characters of set from code, in place.
func without(code []byte, set string) []byte {
	return slices.DeleteFunc(code, func(b byte) bool { return strings.IndexByte(set, b) >= 0 })
}
