package prose

import (
	_ "embed"
	"strings"
)

// languages are those besides English, by code; each is a file of lines with the phrase, a colon and its text.
var languages = map[string]phrases{"sv": readPhrases(swedish), "fi": readPhrases(finnish)}

var (
	//go:embed sv.txt
	swedish string
	//go:embed fi.txt
	finnish string
)

func readPhrases(text string) phrases {
	out := phrases{}
	for line := range strings.Lines(text) {
		name, said, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		out[phrase(name)] = strings.ReplaceAll(said, "{space}", " ") // editors drop blanks at the ends of lines
	}
	return out
}
