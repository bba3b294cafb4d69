package source

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed foreign.txt
var foreignFile string

// foreignWords are the words of other tools with what they may mean here.
var foreignWords = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(foreignFile) {
		ours, theirs, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(ours, "#") {
			continue
		}
		for _, word := range strings.Fields(theirs) {
			out[word] = append(out[word], ours)
		}
	}
	return out
})

// typeset are quotes of text programs, and what a blank or hyphen may be written instead of in foreign.txt.
var typeset = strings.NewReplacer("“", "", "”", "", "„", "", "‟", "", "‘", "", "’", "", "‚", "", "«", "", "»", "",
	"\u00a0", " ")

var joined = strings.NewReplacer(" ", "_", "-", "_", "'", "")

// Untypeset is a text without the quotes that text programs set in place of straight ones.
func Untypeset(text string) string { return strings.TrimSpace(typeset.Replace(text)) }

// meantBy are those of the names that a word of another tool means.
func meantBy(word string, names []string) (meant []string) {
	for _, ours := range foreignWords()[joined.Replace(strings.ToLower(Untypeset(word)))] {
		if slices.Contains(names, ours) && !slices.Contains(meant, ours) {
			meant = append(meant, ours)
		}
	}
	return meant
}
