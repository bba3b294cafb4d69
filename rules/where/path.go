package where

import (
	"regexp"
	"strings"
)

// Step is one name on the way to a column of a file. One in backquotes is the whole name of a group or column; of
// others the reader finds out where a dot is part of a name.
type Step struct {
	Name   string
	Quoted bool
}

// ParsePath reads where a file keeps a column: user.geo.country, Device ID, `a.b`.c. In backquotes a doubled one stands
// for one.
func ParsePath(text string) (path []Step, ok bool) {
	for more := true; more; {
		var s Step
		if s.Quoted = strings.HasPrefix(text, "`"); s.Quoted {
			s.Name, text, ok = quotedName(text)
			if !ok {
				return nil, false
			}
			if text, more = strings.CutPrefix(text, "."); !more && text != "" {
				return nil, false
			}
		} else if s.Name, text, more = strings.Cut(text, ".`"); more {
			text = "`" + text
		}
		if s.Name == "" || !s.Quoted && strings.Contains(s.Name, "`") {
			return nil, false
		}
		path = append(path, s)
	}
	return path, true
}

// quotedName takes a name in backquotes off the front of a text.
func quotedName(text string) (name, rest string, ok bool) {
	var b strings.Builder
	for rest = text[1:]; ; rest = rest[1:] {
		before, after, found := strings.Cut(rest, "`")
		if !found {
			return "", "", false
		}
		b.WriteString(before)
		if rest = after; !strings.HasPrefix(rest, "`") {
			return b.String(), rest, true
		}
		b.WriteByte('`')
	}
}

// Flat is a path as names joined by dots: two that differ only in quotes have the same.
func Flat(path []Step) string {
	names := make([]string, len(path))
	for i, s := range path {
		names[i] = s.Name
	}
	return strings.Join(names, ".")
}

// Param is a place in a list of keys and values: param(LIST, 'KEY', SLOT).
type Param struct{ List, Key, Slot string }

var paramForm = regexp.MustCompile(`(?s)^param\((.+?), ?'((?:[^']|'')+)', ?([a-z]+)\)$`)

// ParseParam reads a place in a list of keys and values; in the key's quotes a doubled one stands for one. The slot may
// be any word.
func ParseParam(text string) (p Param, ok bool) {
	parts := paramForm.FindStringSubmatch(text)
	if parts == nil {
		return p, false
	}
	_, ok = ParsePath(parts[1])
	return Param{parts[1], strings.ReplaceAll(parts[2], "''", "'"), parts[3]}, ok
}
