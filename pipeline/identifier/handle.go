package identifier

import "strings"

// handle writes the public name of an account: lower case, without the @ that people write before it.
type handle struct{}

func (handle) append(dst []byte, text, _ string) ([]byte, Reason) {
	for _, r := range strings.TrimPrefix(strings.TrimSpace(text), "@") {
		switch {
		case r >= 'A' && r <= 'Z':
			r |= 0x20
		case r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9'):
			return dst, BadCharacter
		}
		dst = append(dst, byte(r))
	}
	return dst, Accepted
}
