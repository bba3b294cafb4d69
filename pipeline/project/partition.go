package project

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/rules/value"
)

// Partition says how folders are named; an empty Key means that the log is not partitioned.
type Partition struct {
	// Key is the beginning of folders that go on with a date, such as "dt=", or a pattern with {yyyy}, {MM}, {dd} and
	// perhaps {HH}, such as "{yyyy}/{MM}/{dd}" or "events_{yyyy}{MM}{dd}".
	Key   string
	Event bool // folders go by event date, not by arrival
	Zone  *value.Zone
}

// Place is the folder of an object: its day, and its hour where folders go by hours, else -1.
type Place struct {
	Day  value.CivilDate
	Hour int
}

// The parts of a pattern and how many digits they have.
var placeholders = []struct {
	name   string
	digits int
}{{"{yyyy}", 4}, {"{MM}", 2}, {"{dd}", 2}, {"{HH}", 2}}

// pattern is the key as one: "dt=" stands for dt={yyyy}-{MM}-{dd}.
func (p Partition) pattern() string {
	if strings.Contains(p.Key, "{") {
		return p.Key
	}
	return p.Key + "{yyyy}-{MM}-{dd}"
}

// Hourly reports whether folders go by hours.
func (p Partition) Hourly() bool { return strings.Contains(p.Key, "{HH}") }

// Folder is what the folder of a day is called; where folders go by hours, the first one.
func (p Partition) Folder(day value.CivilDate) string {
	date := day.String()
	return strings.NewReplacer("{yyyy}", date[:4], "{MM}", date[5:7], "{dd}", date[8:], "{HH}", "00").Replace(p.pattern())
}

// Locate finds the folder of an object. Where a pattern ends in the object's own name, the name may go on after the
// date. ok is false for an object in no such folder, or in those of two days; text is then what looks like one and is
// no date, or the second of them, "" if nothing does.
func (p Partition) Locate(key string) (at Place, text string, ok bool) {
	pattern := p.pattern()
	depth := strings.Count(pattern, "/") + 1
	parts := strings.Split(path.Dir(key), "/")
	for i := 0; i+depth <= len(parts); i++ {
		folder := strings.Join(parts[i:i+depth], "/")
		here, rest, dated := match(pattern, folder)
		if pattern != p.Key && strings.HasPrefix(folder, p.Key) {
			if dated = dated && len(folder) == len(p.Key)+len(time.DateOnly); !dated {
				return here, folder, false
			}
		}
		switch {
		case !dated || rest != "":
		case ok && here != at:
			return Place{}, folder, false
		default:
			at, text, ok = here, folder, true
		}
	}
	if ok || pattern != p.Key {
		return at, text, ok
	}
	parts = strings.Split(key, "/")
	if from := len(parts) - depth; from >= 0 {
		name := strings.Join(parts[from:], "/")
		if at, rest, ok := match(pattern, name); ok && rest != "" && strings.ContainsRune("._-", rune(rest[0])) {
			return at, name[:len(name)-len(rest)], true
		}
	}
	return Place{}, "", false
}

// match reads a text by a pattern and returns what is left of it. A month, day or hour may lack its leading zero where
// no other number stands beside it.
func match(pattern, text string) (at Place, rest string, ok bool) {
	at.Hour = -1
	var date [3]int
	beside := false
	for pattern != "" {
		name, after := placeholder(pattern)
		if name < 0 {
			if text == "" || text[0] != pattern[0] {
				return at, "", false
			}
			pattern, text, beside = pattern[1:], text[1:], false
			continue
		}
		next, _ := placeholder(after)
		n, left, ok := digits(text, placeholders[name].digits, name > 0 && !beside && next < 0)
		if !ok {
			return at, "", false
		}
		if name == 3 {
			at.Hour = n
		} else {
			date[name] = n
		}
		pattern, text, beside = after, left, true
	}
	at.Day, ok = value.ParseDate(fmt.Sprintf("%04d-%02d-%02d", date[0], date[1], date[2]))
	return at, text, ok && at.Hour < 24
}

// placeholder is the number of the placeholder that a pattern begins with, -1 for none, and what follows it.
func placeholder(pattern string) (name int, after string) {
	for i, p := range placeholders {
		if after, ok := strings.CutPrefix(pattern, p.name); ok {
			return i, after
		}
	}
	return -1, pattern
}

// digits reads a number of so many digits, or of fewer where short allows it.
func digits(text string, most int, short bool) (n int, rest string, ok bool) {
	end := 0
	for end < len(text) && end < most && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == 0 || end < most && !short {
		return 0, "", false
	}
	n, err := strconv.Atoi(text[:end])
	return n, text[end:], err == nil
}

// badPattern says what is wrong with a key, "" if nothing is.
func badPattern(key string) string {
	if !strings.Contains(key, "{") {
		if strings.HasSuffix(key, "=") {
			return ""
		}
		return "it is neither the beginning of a folder such as dt= nor a pattern"
	}
	left := key
	for i, p := range placeholders {
		switch n := strings.Count(key, p.name); {
		case n > 1:
			return "it has " + p.name + " twice"
		case n == 0 && i < 3:
			return "it has no " + p.name
		}
		left = strings.ReplaceAll(left, p.name, "")
	}
	if strings.ContainsAny(left, "{}") {
		return "it has a placeholder that is none of {yyyy}, {MM}, {dd} and {HH}"
	}
	if strings.HasPrefix(key, "/") || strings.HasSuffix(key, "/") || strings.Contains(key, "//") {
		return "it begins or ends with a slash, or has two in a row"
	}
	return ""
}
