package prose

import (
	"github.com/malgrupp/malgrupp/rules"
)

// English is the language of Sentences, for a test that makes another of it.
func English() map[string]string {
	out := map[string]string{}
	for p, text := range english {
		out[string(p)] = text
	}
	return out
}

// SentencesIn are the sentences with other phrases.
func SentencesIn(s *rules.Segment, language map[string]string) []Sentence {
	in := phrases{}
	for p, text := range language {
		in[phrase(p)] = text
	}
	return sentences(s, in)
}

// Languages are the phrases of all languages but English.
func Languages() map[string]map[string]string {
	out := map[string]map[string]string{}
	for code, in := range languages {
		out[code] = map[string]string{}
		for p, text := range in {
			out[code][string(p)] = text
		}
	}
	return out
}
