package store

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxKeyBytes = 1024

// checkKey refuses names that some storage or file system could take for another place, or a terminal for a command.
func checkKey(key string) error {
	if reason := badKey(key); reason != "" {
		return fmt.Errorf("%w: %s", errBadKey, reason)
	}
	return nil
}

// checkPrefix is checkKey for the beginning of a key, which may be empty or end in a slash.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return checkKey(strings.TrimSuffix(prefix, "/"))
}

func badKey(key string) string {
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
	lower := strings.ToLower(key)
	for _, escape := range []string{"%2e", "%2f", "%5c", "%00", "%25"} {
		if strings.Contains(lower, escape) {
			return "it holds an escaped dot, slash, percent or zero"
		}
	}
	for part := range strings.SplitSeq(key, "/") {
		switch {
		case part == "":
			return "it begins or ends with a slash, or holds two in a row"
		case strings.Trim(part, ". ") == "":
			return "a part of it is only dots or spaces"
		}
	}
	return ""
}
