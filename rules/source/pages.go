package source

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"
)

// pageText holds the texts behind all codes: of findings (E-, W-), of reasons for refusing a row, of the consent feed,
// of lists, and of reasons for refusing input. A page is a line with the code and lines with the text, up to an empty
// line. A code is never reused for another meaning.
//
//go:embed pages.txt
var pageText string

var pages = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for page := range strings.SplitSeq(strings.TrimSpace(pageText), "\n\n") {
		code, text, _ := strings.Cut(page, "\n")
		out[code] = strings.ReplaceAll(text, "\n", " ")
	}
	return out
})

// Explain returns the page of a code: what it means, why it is one, what to do.
func Explain(code string) (string, bool) {
	page, ok := pages()[code]
	return page, ok
}

// Codes returns all codes that have a page, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(pages())) }
