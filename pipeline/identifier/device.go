package identifier

import "strings"

// uuid writes the advertising id of a device: 8-4-4-4-12 hex digits with hyphens, in one case.
type uuid struct {
	upper bool // as iOS issues them; Android issues lower case
}

const (
	uuidLength = 36
	uuidDigits = 32
)

func (u uuid) append(dst []byte, text, _ string) ([]byte, Reason) {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		if text, ok = strings.CutSuffix(inner, "}"); !ok {
			return dst, NotAUUID
		}
	}
	if len(text) == uuidDigits && strings.IndexFunc(text, notHex) < 0 {
		return dst, UUIDWithoutHyphens
	}
	if len(text) != uuidLength {
		return dst, NotAUUID
	}
	zero := true
	for i := range uuidLength {
		b := text[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if b != '-' {
				return dst, NotAUUID
			}
			dst = append(dst, b)
			continue
		}
		if notHex(rune(b)) {
			return dst, NotAUUID
		}
		zero = zero && b == '0'
		dst = append(dst, u.digit(b))
	}
	if zero {
		return dst, AllZero // what a phone answers whose owner limited tracking
	}
	return dst, Accepted
}

func notHex(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'f') && (r < 'A' || r > 'F')
}

// digit returns a hex digit in the case of the form.
func (u uuid) digit(b byte) byte {
	switch {
	case b <= '9':
		return b
	case u.upper:
		return b &^ 0x20
	}
	return b | 0x20
}
