package main

import (
	"io"
	"regexp"
)

// colour is how a word that matters looks on a terminal.
type colour string

const (
	red    colour = "1;31"
	yellow colour = "33"
	green  colour = "32"
	cyan   colour = "36"
)

// painted is a text in a colour, where the writer ends at a terminal that shows colours.
func painted(w io.Writer, c colour, text string) string {
	if out, ok := w.(*written); ok && out.colours {
		return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
	}
	return text
}

var (
	severities = regexp.MustCompile(`(?m): (error|warning)\[[A-Z-]+\]:`)
	carets     = regexp.MustCompile(`(?m)(\| *)(\^+)`)
	hintLabels = regexp.MustCompile(`(?m)^  (did you mean|fix):`)
)

// findingsOn is the text of findings as it looks where it is written.
func findingsOn(w io.Writer, text string) string {
	if out, ok := w.(*written); !ok || !out.colours {
		return text
	}
	text = severities.ReplaceAllStringFunc(text, func(found string) string {
		c := yellow
		if found[len(": ")] == 'e' {
			c = red
		}
		return ": " + painted(w, c, found[len(": "):])
	})
	text = carets.ReplaceAllString(text, "${1}"+painted(w, red, "${2}"))
	return hintLabels.ReplaceAllString(text, "  "+painted(w, cyan, "${1}:"))
}
