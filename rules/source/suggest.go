package source

import (
	"cmp"
	"slices"
	"strings"
)

// Suggest returns the names that the writer of word may have meant, best first, at most three: what the word of another
// tool means (foreign.txt), else what is spelled nearly so.
func Suggest(word string, names []string) []string {
	if meant := meantBy(word, names); meant != nil {
		return meant
	}
	word = Untypeset(word)
	opposite := negates(word)
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	folded := strings.ToLower(word)
	for _, name := range names {
		if opposite && !strings.Contains(name, "not") && !negates(name) {
			continue
		}
		limit := max(len(word), len(name)) / 3
		d := editDistance(folded, strings.ToLower(name), limit)
		if d > limit && len(folded) >= 3 && strings.HasPrefix(name, folded) {
			d = limit
		}
		if d <= limit && d < len(name) {
			found = append(found, candidate{name, d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	var best []string
	for _, c := range found {
		if len(best) == 3 || c.distance > found[0].distance+1 {
			break
		}
		best = append(best, c.name)
	}
	return best
}

// negates reports whether a word says the opposite of what follows in it: what is spelled nearly so without that is
// not what was meant.
func negates(word string) bool {
	word = joined.Replace(strings.ToLower(word))
	return slices.ContainsFunc([]string{"!", "not_", "no_", "never_", "without_", "dont_", "doesnt_", "didnt_", "isnt_"},
		func(beginning string) bool { return strings.HasPrefix(word, beginning) })
}

// editDistance counts the insertions, deletions, changes and swaps of neighbours between a and b (bytes); a result
// above limit only says that there are more than limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			change := previous[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			current[j] = min(change, previous[j]+1, current[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}

// DidYouMean is the hint with the likely names, none if nothing is close.
func DidYouMean(word string, names []string) []Hint {
	if best := Suggest(word, names); len(best) > 0 {
		return []Hint{{LabelDidYouMean, strings.Join(best, ", ")}}
	}
	return nil
}

func Expected(text string) Hint { return Hint{LabelExpected, text} }

func Fix(text string) Hint { return Hint{LabelFix, text} }
