package store

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxKeyBytes = 1024

// checkRead refuses names of objects to be read that could lead elsewhere, or command a terminal. Otherwise they are
// what a listing says: percent signs stand for themselves, and slashes for nothing but slashes.
func checkRead(key string) error {
	if reason := misleading(key); reason != "" {
		return fmt.Errorf("%w: %s", errBadKey, reason)
	}
	return nil
}

// checkKey refuses names that some storage or file system could take for another place, or a terminal for a command.
func checkKey(key string) error {
	if reason := badKey(key); reason != "" {
		return fmt.Errorf("%w: %s", errBadKey, reason)
	}
	return nil
}

// checkPrefix is checkRead for the beginning of a key, which may be empty.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return checkRead(prefix)
}

// badKey says why nothing is written under a name, "" if nothing stands against it: besides what misleads, names that
// some storage reads otherwise than it lists them.
func badKey(key string) string {
	if reason := misleading(key); reason != "" {
		return reason
	}
	lower := strings.ToLower(key)
	for _, escape := range []string{"%2e", "%2f", "%5c", "%00", "%25"} {
		if strings.Contains(lower, escape) {
			return "it holds an escaped dot, slash, percent or zero"
		}
	}
	if strings.HasPrefix(key, "/") || strings.HasSuffix(key, "/") || strings.Contains(key, "//") {
		return "it begins or ends with a slash, or holds two in a row"
	}
	return ""
}

// misleading says why a name may be taken for another place, or for a command.
func misleading(key string) string {
	switch {
	case key == "":
		return "it is empty"
	case len(key) > maxKeyBytes:
		return fmt.Sprintf("it is longer than %d bytes", maxKeyBytes)
	case !utf8.ValidString(key):
		return "it is not UTF-8"
	case strings.ContainsRune(key, '\\'):
		return "it holds a backslash"
	case len(key) > 1 && key[1] == ':':
		return "it begins like a drive letter"
	}
	for _, r := range key {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return "it holds a control character"
		}
	}
	for part := range strings.SplitSeq(key, "/") {
		if part != "" && strings.Trim(part, ". ") == "" {
			return "a part of it is only dots or spaces"
		}
	}
	return ""
}
