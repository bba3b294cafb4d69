package identifier

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// phone writes telephone numbers as E.164: country code and national number, digits alone.
//
// A number is read here, character by character, and refused when it says more than a number (letters, an extension).
// What the digits mean is answered by phoneplan.go for the commonest forms of the commonest countries and by
// phonelibrary.go for all; both always agree.
type phone struct {
	plus bool // E.164 is written with its +
}

func (p phone) append(dst []byte, text, country string) ([]byte, Reason) {
	d, reason := dial(text)
	if reason != Accepted {
		return dst, reason
	}
	if p.plus {
		dst = append(dst, '+')
	}
	if out, ok := d.appendPlanned(dst, country); ok {
		return out, Accepted
	}
	return d.appendParsed(dst, country)
}

// dialled is a number as somebody would dial it.
type dialled struct {
	digits [32]byte // what does not fit is too long for any plan, and the first digits tell as much
	n      int
	abroad bool // country code first: it was written with + or 00, which digits does not hold
}

func (d *dialled) number() []byte { return d.digits[:d.n] }

func (d *dialled) add(digit byte) {
	if d.n < len(d.digits) {
		d.digits[d.n] = digit
		d.n++
	}
}

// dial reads a clean text.
func dial(text string) (d dialled, r Reason) {
	if !ascii(text) {
		text = strings.Map(plainDialling, text)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return d, Empty
	}
	const scheme = "tel:"
	if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text = text[len(scheme):]
	}
	if wasFloat(text) {
		return d, BadCharacter
	}
	for i := 0; i < len(text); i++ {
		switch b := text[i]; b {
		case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			d.add(b)
		case '+':
			if d.abroad || d.n > 0 {
				return d, refusal(text)
			}
			d.abroad = true
		case '(':
			if strings.HasPrefix(text[i:], "(0)") && d.trunkZeroFollows() {
				i += len("0)")
			}
		case ')', '-', '.', '/', ' ', '\t', '\n', '\v', '\f', '\r':
		default:
			return d, refusal(text)
		}
	}
	if !d.abroad && d.startsAbroad() {
		d.abroad = true
		d.n = copy(d.digits[:], d.digits[2:d.n])
	} else if d.n == 0 {
		return d, Empty
	}
	return d, Accepted
}

// startsAbroad reports whether what was read so far begins an international number.
func (d *dialled) startsAbroad() bool {
	return d.abroad || d.n >= 2 && d.digits[0] == '0' && d.digits[1] == '0'
}

// wasFloat reports whether a text is what a program writes that takes a number for a float: its only full stop is
// followed by zeros alone, which would read as more digits. A number with other signs may end so after a full stop, if
// there are more than two.
func wasFloat(text string) bool {
	whole, zeros, found := strings.Cut(text, ".")
	if !found || zeros == "" || strings.Trim(zeros, "0") != "" {
		return false
	}
	return len(zeros) <= 2 || allDigits([]byte(strings.TrimPrefix(whole, "+")))
}

// plainDialling replaces the digits, spaces and hyphens of all scripts by those of ASCII.
func plainDialling(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case unicode.IsSpace(r):
		return ' '
	case isHyphen(r):
		return '-'
	case unicode.IsDigit(r):
		return '0' + digitValue(r)
	}
	return r
}

// digitValue returns what a decimal digit of some script stands for. Unicode keeps the ten of a script together, in
// order, so it counts down to the first.
func digitValue(r rune) rune {
	n := rune(0)
	for unicode.IsDigit(r - n - 1) {
		n++
	}
	return n % 10
}

// refusal says why a text with a character that no number has is refused.
func refusal(text string) Reason {
	i := strings.IndexFunc(text, func(r rune) bool { return r == '#' || unicode.IsLetter(r) })
	switch {
	case i < 0:
		return BadCharacter
	case hasExtension(text[:i], text[i:]):
		return Extension
	case strings.IndexFunc(text, unicode.IsLetter) < 0:
		return BadCharacter
	}
	return Letters
}

// hasExtension reports whether a text is a number and then an extension, such as "ext. 12" or "#12".
func hasExtension(number, rest string) bool {
	mark := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return r != '#' && !unicode.IsLetter(r) }); i >= 0 {
		mark = rest[:i]
	}
	switch strings.ToLower(mark) {
	case "#", "x", "ext", "extn", "extension", "ankn", "anknytning", "alanumero":
		line := strings.TrimLeft(rest[len(mark):], " .:=")
		return strings.ContainsAny(number, "0123456789") && line != "" && allDigits([]byte(line))
	}
	return false
}
