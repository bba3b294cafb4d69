// Package identity decides whose row it is: one number space for devices and customers, and a star map (a customer in
// the middle, devices around it) built from logins on every run.
//
// In come ids and logins, out go numbers and owners. There is no stored graph and no transitive step. The package knows
// no consent, no rules and no files (docs/identity.md).
package identity

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Normalise trims white space at both ends; letter case is part of an id.
func Normalise(id string) string { return strings.TrimSpace(id) }

// placeholders are ids that stand for nobody in particular, compared in lower case.
var placeholders = []string{
	"", "null", "nil", "none", "n/a", "na", "nan", "undefined", "unknown", "unset", "anonymous", "anon", "guest", "test",
	"default", "deleted", "optout", "opt-out", "(not set)", "[object object]", "true", "false", "-1",
}

// Placeholders are the ids that stand for nobody in particular, in lower case.
func Placeholders() []string { return slices.Clone(placeholders) }

const (
	longestID          = 128                    // bytes
	longestPlaceholder = len("[object object]") // lower-casing a longer id cannot make it a placeholder
)

// Blocked reports whether a normalised id may not be used: it has no owner and makes no edge. more extends the list and
// is compared in lower case.
func Blocked(id string, more ...string) bool {
	if len(id) > longestID || hasControl(id) {
		return true
	}
	if len(id) <= longestPlaceholder || len(more) > 0 {
		lower := strings.ToLower(id)
		if slices.Contains(placeholders, lower) || slices.Contains(more, lower) {
			return true
		}
	}
	return repeated(id)
}

func hasControl(id string) bool {
	for i := range len(id) {
		if b := id[i]; b < 0x20 || b == 0x7f || b >= 0x80 && strings.ContainsFunc(id[i:], unicode.IsControl) {
			return true
		}
	}
	return false
}

// Unwritable reports whether an id is no text that a list can hold: bytes that are not UTF-8, or control characters.
// Such ids come from columns of bytes that are read as text.
func Unwritable(id []byte) bool {
	i := 0
	for ; i+8 <= len(id); i += 8 {
		eight := binary.LittleEndian.Uint64(id[i:])
		if (eight|(eight-eachBelow)|(eight+eachOne))&eachHigh != 0 { // not ASCII, below a blank, or DEL
			break
		}
	}
	rest := id[i:]
	return !utf8.Valid(rest) || hasControl(string(rest))
}

const (
	eachHigh  = 0x8080808080808080
	eachOne   = 0x0101010101010101
	eachBelow = 0x20 * eachOne
)

// repeated reports whether an id, its hyphens apart, is nothing but zeros or one character four or more times.
func repeated(id string) bool {
	first, runes := rune(0), 0
	for _, r := range id {
		switch {
		case r == '-':
			continue
		case runes == 0:
			first = r
		case r != first:
			return false
		}
		runes++
	}
	return runes == 0 || first == '0' || runes >= 4
}
