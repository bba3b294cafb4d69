package inspect

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// nameColumns finds the names that rules will use, each once.
func nameColumns(columns []*proposed) {
	taken := map[string]bool{}
	for _, c := range columns {
		name := ruleName(c.own())
		if taken[name] && c.column.Slot != "" {
			name += "_" + c.column.Slot
		}
		for n, free := 2, name; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", free, n)
		}
		taken[name] = true
		c.column.Name = name
	}
}

// ruleName makes a name that rules take from a path in small letters.
func ruleName(path string) string {
	parts := strings.Split(path, ".")
	for i, part := range parts {
		part = strings.Map(func(r rune) rune {
			if r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, part)
		if part == "" || part[0] >= '0' && part[0] <= '9' {
			part = "_" + part
		}
		parts[i] = part
	}
	name := strings.Join(parts, ".")
	if !nameable(name) {
		return name + "_"
	}
	return name
}

// nameable asks the reader of schemas whether a column may have the name; the words of the language are no names.
func nameable(name string) bool {
	_, found := rules.ParseSchema(&source.Source{Text: schemaHead("some-name") + "    " + name + ": {type: text}\n"})
	return !slices.ContainsFunc(found, func(e *source.Finding) bool { return e.Code == "E-NAME" })
}

// snake writes eventTime and Event-Time as event_time; dots between parts stay.
func snake(name string) string {
	var b strings.Builder
	before := rune('_')
	for _, r := range name {
		switch {
		case r == '-' || r == ' ':
			r = '_'
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
		before = r
	}
	return b.String()
}

// Printable replaces what could steer a terminal or spoil a file: names and paths come from files that nobody checked.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '?'
	}, text)
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// schemaName is the name given, or one from the last folder of the place that is neither a partition nor an object.
func schemaName(given, place string) string {
	if given != "" {
		return given
	}
	place, _, _ = strings.Cut(place, "?")
	for dir := strings.TrimSuffix(place, "/"); dir != "." && dir != "/"; dir = path.Dir(dir) {
		name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(path.Base(dir)), "-"), "-")
		if strings.Contains(path.Base(dir), "=") || strings.Contains(path.Base(dir), ".") || len(name) < 3 || name[0] < 'a' {
			continue
		}
		if name = name[:min(len(name), 60)]; !strings.HasPrefix(name, load.ShippedPrefix) {
			return strings.TrimRight(name, "-")
		}
	}
	return "event-log"
}
