package report

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

// languages are those of a report, by code: what the code says in English, and how it is said there.
var languages = map[string]map[string]string{"en": nil, "sv": phrases(swedish), "fi": phrases(finnish)}

var (
	//go:embed sv.txt
	swedish string
	//go:embed fi.txt
	finnish string
)

// phrases reads a language: lines in English, each followed by its translation behind a tab.
func phrases(text string) map[string]string {
	out, english := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if said, ok := strings.CutPrefix(line, "\t"); ok {
			out[english] = said
		}
		english = line
	}
	return out
}

// Languages are the codes of languages, sorted.
func Languages() []string { return slices.Sorted(maps.Keys(languages)) }

// words say things in a language, with times of one zone.
type words struct {
	phrases map[string]string
	lang    string
	zone    *value.Zone
}

// say is a phrase with its places filled.
func (w *words) say(english string, of ...any) string {
	text, ok := w.phrases[english]
	if !ok {
		text = english
	}
	if len(of) == 0 {
		return text
	}
	return fmt.Sprintf(text, of...)
}

// count says a number of things: one of them, or several.
func (w *words) count(n int, one, several string) string {
	if n == 1 {
		return w.say(one)
	}
	return w.say(several, w.number(int64(n)))
}

// number writes a number with its thousands apart.
func (w *words) number(n int64) string {
	text, apart := strconv.FormatInt(n, 10), "\u00a0"
	if w.lang == "en" {
		apart = ","
	}
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + apart + text[at:]
	}
	return text
}

// people writes a number of people or rows as it may be told.
func (w *words) people(n shown.Count) string {
	if n.Few() {
		return n.String()
	}
	return w.number(int64(n.Told()))
}

// size writes a number of bytes in the unit that people would.
func (w *words) size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	tenths, unit := 10*n, 0
	for tenths >= 10240 && unit < len(units)-1 {
		tenths, unit = tenths/1024, unit+1
	}
	if unit == 0 {
		return w.number(n) + " B"
	}
	point := "."
	if w.lang != "en" {
		point = ","
	}
	return fmt.Sprintf("%d%s%d %s", tenths/10, point, tenths%10, units[unit])
}

// several names a few things and says how many more there are.
func (w *words) several(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " " + w.say("and %s more", w.number(int64(len(names)-most)))
}
