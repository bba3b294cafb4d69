package prose

import (
	"fmt"
	"regexp"
	"strings"
)

// phrase names one thing that sentences say.
type phrase string

// phrases are a language: for each phrase a text with places for what differs. {events} is a place; {n:day|days} is the
// one word for one and the other for all other numbers. A language is one file like english.go.
type phrases map[phrase]string

var placeForm = regexp.MustCompile(`\{([a-z_]+)(?::([^|}]*)\|([^}]*))?\}`)

// fill returns a phrase with its places filled: pairs of a place's name and what stands there.
func (in phrases) fill(p phrase, pairs ...any) string { return fill(in[p], pairs...) }

func fill(text string, pairs ...any) string {
	return placeForm.ReplaceAllStringFunc(text, func(place string) string {
		form := placeForm.FindStringSubmatch(place)
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] != form[1] {
				continue
			}
			text := fmt.Sprint(pairs[i+1])
			switch {
			case !strings.Contains(place, "|"):
				return text
			case text == "1":
				return form[2]
			}
			return form[3]
		}
		return place
	})
}
