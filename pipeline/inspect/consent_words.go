package inspect

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

// meanings are what words of platforms mean, in small letters. What is no yes is a no.
var meanings = func() map[string]string {
	out := map[string]string{}
	for means, words := range map[string]string{
		"grant": "grant granted yes y true 1 on accept accepted allow allowed opt_in optin opted_in confirmed consented " +
			"allow_all allow_selected explicit active given agree agreed",
		"deny": "deny denied no n false 0 off reject rejected refuse refused disallow declined decline not_given notgiven " +
			"no_choice deny_all pending implied implicit implicit_consent no_opt_out unset disagree inactive",
		"withdraw": "withdraw withdrawn revoke revoked opt_out optout opted_out hard_opt_out expired cancel cancelled",
		"object":   "object objected objection", "erase": "erase erased forget forgotten",
	} {
		for word := range strings.FieldsSeq(words) {
			out[word] = means
		}
	}
	return out
}()

// meaning is what a word seems to mean.
func meaning(word string) (string, bool) {
	means, known := meanings[strings.ReplaceAll(snake(word), ".", "_")]
	return means, known
}

// Most different words that a column of answers, and one of purposes, is thought to have.
const (
	mostAnswers  = 40
	mostPurposes = 200
)

// columnWords are the words of a column, as the map has them: an empty one is a cell without a value. ok is false for a
// column whose words are too many, or no words.
func (s *seen) columnWords(most int) (words map[string]int64, ok bool) {
	switch {
	case s.fault != "" || s.list || s.column.Name == "" || s.rows == 0:
		return nil, false
	case s.column.Type.Kind == value.Integer:
		if !s.spanned || s.lo < 0 || s.hi > 1 {
			return nil, false
		}
		words = map[string]int64{"0": 0, "1": 0}
		maps.Copy(words, s.samples)
	case s.column.Type.Kind == value.Text, s.column.Type.Kind == value.Boolean:
		if len(s.samples) > most {
			return nil, false
		}
		words = maps.Clone(s.samples)
		delete(words, "")
	default:
		return nil, false
	}
	if len(words) == 0 {
		return nil, false
	}
	if empty := s.nulls + s.samples[""]; empty > 0 {
		words[""] = empty
	}
	return words, true
}

// answers reports whether most of a column's words, empty cells apart, say yes or no.
func answers(words map[string]int64) bool {
	known := 0
	for word := range words {
		if _, is := meaning(word); is {
			known++
		}
	}
	return known > 0 && 2*known >= len(words)-1
}

// listed are the words of a column of lists; ok is false where it is none.
func (s *seen) listed() (words []string, ok bool) {
	all := map[string]bool{}
	for text := range s.texts {
		var some []string
		if strings.HasPrefix(text, "[") {
			if json.Unmarshal([]byte(text), &some) != nil {
				return nil, false
			}
			ok = true
		} else if text != "" {
			some = strings.Split(text, ",")
			ok = ok || len(some) > 1
		}
		for _, w := range some {
			all[strings.TrimSpace(w)] = true
		}
	}
	return slices.Sorted(maps.Keys(all)), ok && len(all) <= mostPurposes
}

// opposites are words that platforms have in pairs.
var opposites = [][2]string{
	{"yes", "no"},
	{"y", "n"},
	{"true", "false"},
	{"1", "0"},
	{"granted", "denied"},
	{"grant", "deny"},
	{"allow", "deny"},
	{"accepted", "rejected"},
	{"accept", "reject"},
	{"allowed", "denied"},
	{"opt_in", "opt_out"},
	{"optin", "optout"},
	{"on", "off"},
	{"active", "withdrawn"},
	{"confirmed", "withdrawn"},
	{"given", "withdrawn"},
}

// counterparts adds the words that nobody has said yet where all said yes, or all said no: the next one may say the
// other.
func (g *guess) counterparts() {
	says := [2]bool{}
	for word := range g.answers {
		means, known := meaning(word)
		says[0], says[1] = says[0] || means == "grant", says[1] || known && means != "grant"
	}
	if says[0] == says[1] {
		return
	}
	from := 0
	if says[1] {
		from = 1
	}
	for _, word := range slices.Sorted(maps.Keys(g.answers)) {
		i := slices.IndexFunc(opposites, func(p [2]string) bool { return p[from] == strings.ToLower(word) })
		if i < 0 {
			continue
		}
		other := opposites[i][1-from]
		switch {
		case len(word) > 1 && word == strings.ToUpper(word):
			other = strings.ToUpper(other)
		case word[:1] == strings.ToUpper(word[:1]):
			other = strings.ToUpper(other[:1]) + other[1:]
		}
		g.answers[other] += 0
		g.remark("answers: no row looked at says %s: it is added as the other of %s", quoted(other), quoted(word))
	}
}

// unknownWord is said of a word that the map does not have.
const unknownWord = "unknown: a run would stop"

// words are those of the columns that a map reads answers and purposes from, with what it makes of them. One that few
// rows have and neither the map nor we know may be no word at all, but somebody's name: it is masked.
func (l *look) words(m *project.ConsentMap, masked bool) (out []ConsentWord) {
	add := func(column string, most int, means func(word string) string) {
		s := l.at[column]
		if s == nil {
			return
		}
		words, _ := s.columnWords(most)
		for _, word := range slices.Sorted(maps.Keys(words)) {
			said, n := means(word), shown.Count(words[word])
			if _, usual := meaning(word); masked && said == unknownWord && !usual && n.Few() {
				word = mask(word)
			}
			out = append(out, ConsentWord{Printable(column), Printable(word), n, said})
		}
	}
	answer := func(word string) string { return cmp.Or(m.Answers[word], unknownWord) }
	purpose := func(word string) string {
		list, known := m.Purposes[word]
		switch {
		case !known:
			return unknownWord
		case len(list) == 0:
			return "nothing"
		}
		return strings.Join(list, ", ")
	}
	add(m.Purpose, mostPurposes, purpose)
	add(m.Answer, mostAnswers, answer)
	if m.Purpose == "" && m.Granted == "" {
		for _, column := range slices.Sorted(maps.Keys(m.Purposes)) {
			add(column, mostAnswers, answer)
		}
	}
	return out
}
