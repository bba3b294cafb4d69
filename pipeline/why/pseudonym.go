package why

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// pseudonyms replaces the texts of columns by others that every test of a plan takes for the same: what a rule cannot
// tell apart stays so, and what it can tell from each other, too. Equal texts become equal ones, different ones
// different.
type pseudonyms struct {
	tests map[string][]*rules.Test // by column
	truth map[*rules.Test]func(v value.Value, null bool) value.Truth
	given map[[2]string]string // by column and text
	taken map[[2]string]bool   // by column and pseudonym
}

func newPseudonyms(p *segments.Plan) (*pseudonyms, error) {
	out := &pseudonyms{
		tests: map[string][]*rules.Test{}, truth: map[*rules.Test]func(value.Value, bool) value.Truth{},
		given: map[[2]string]string{}, taken: map[[2]string]bool{},
	}
	for _, pick := range p.Picks {
		if pick.Where == nil {
			continue
		}
		for t := range rules.Tests(pick.Where) {
			row, err := builtin.CompileTest(t, pick.Zone)
			if err != nil {
				return nil, err
			}
			out.tests[t.Term.Column], out.truth[t] = append(out.tests[t.Term.Column], t), row
		}
	}
	return out, nil
}

// of returns the pseudonym of a text; a text that a rule or the schema itself names is its own. It fails where no other
// text is taken for the same.
func (p *pseudonyms) of(column *rules.Column, text string) (string, bool) {
	key := [2]string{column.Name, text}
	if given, ok := p.given[key]; ok {
		return given, true
	}
	own := slices.Concat(column.Enum, p.named(column.Name))
	if slices.Contains(own, text) {
		p.given[key] = text
		return text, true
	}
	for n := 1; n <= maxPseudonyms; n++ {
		for _, candidate := range p.candidates(column.Name, n) {
			at := [2]string{column.Name, candidate}
			if candidate != text && !p.taken[at] && !slices.Contains(own, candidate) && p.alike(column.Name, candidate, text) {
				p.given[key], p.taken[at] = candidate, true
				return candidate, true
			}
		}
	}
	return "", false
}

// maxPseudonyms bounds how many texts of one shape a column can have.
const maxPseudonyms = 200

// named are the texts that the tests of a column compare with.
func (p *pseudonyms) named(column string) (out []string) {
	for _, t := range p.tests[column] {
		for _, v := range t.Args {
			if v.Kind == value.Text {
				out = append(out, v.Text)
			}
		}
	}
	return out
}

// candidates are the n-th texts of every shape that a test may ask for: one of its own, or something around a text that
// the rule names, as a page, a page's parameter or a site.
func (p *pseudonyms) candidates(column string, n int) []string {
	out := []string{fmt.Sprintf("%s-%d", column, n), fmt.Sprintf("/%s-%d", column, n)}
	for _, text := range p.named(column) {
		out = append(out, fmt.Sprintf("%s-%d", text, n), fmt.Sprintf("%s/%d", text, n), fmt.Sprintf("%d-%s", n, text),
			fmt.Sprintf("%d-%s-%d", n, text, n),
			fmt.Sprintf("https://site-%d.example%s", n, text), fmt.Sprintf("https://site-%d.example%s/%d", n, text, n),
			fmt.Sprintf("https://%s/%d", text, n))
	}
	for _, t := range p.tests[column] {
		if t.Term.Key != "" {
			out = append(out, fmt.Sprintf("/page?%s=%d", t.Term.Key, n))
			for _, text := range p.named(column) {
				out = append(out, fmt.Sprintf("/page-%d?%s=%s", n, t.Term.Key, text))
			}
		}
	}
	return out
}

// alike reports whether every test of a column takes two texts for the same.
func (p *pseudonyms) alike(column, a, b string) bool {
	value := func(text string) value.Value { return value.Value{Kind: value.Text, Text: text} }
	return !slices.ContainsFunc(p.tests[column], func(t *rules.Test) bool {
		return p.truth[t](value(a), false) != p.truth[t](value(b), false)
	})
}
