package suite_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules/source"
)

func TestATestThatAsksForWhatIsNotThereIsRefused(t *testing.T) {
	l := bank(t)
	for text, want := range map[string]string{
		"{name: a, events: [], expect: in, because: 'match.all[2]'}": `because is "match.all[2]"`,
		"{name: a, events: [], expect: in, because: [match]}":        "because is a list",
		"{name: a, events: [{t: -5d 10:00, e: calculator_used, prodct: card}], expect: in}": `"prodct" is not a key of ` +
			`an event`,
		"{name: a, events: [{t: 5d 10:00, e: calculator_used}], expect: in}": `t is "5d 10:00"`,
		"{name: a, events: [], expect: withheld}": `"withheld" is not a value ` +
			`of expect`,
		"{name: a, events: [], expect: in, profile: {has_morgage: true}}": `"has_morgage" is not a ` +
			`key of profile`,
		"{name: a, events: [{t: -5d 10:00, e: login}], expect: in, subject: 5}": "subject is a number",
		"{name: a, events: [{t: -5d 10:00, e: calculator_used, product: card}], expect: inn}": `"inn" is not a value ` +
			`of expect`,
	} {
		src := &source.Source{Name: "tests/a.yaml", Text: "apiVersion: malgrupp/v1\nkind: SegmentTest\nmetadata: {name: " +
			"some-test}\nspec:\n  segment: mortgage-calculator-no-application\n  as_of: 2026-04-15T00:00:00+03:00\n  " +
			"cases:\n    - " + text + "\n"}
		if _, found := suite.ParseTest(src, l); !strings.Contains(found.Error(), want) {
			t.Errorf("%s\nfound %q, want %q", text, found.Error(), want)
		}
	}
}

func FuzzParse(f *testing.F) {
	l := bank(f)
	for _, src := range l.Tests {
		f.Add(src.Text)
	}
	f.Add("apiVersion: malgrupp/v1\nkind: ConformanceSuite\nmetadata: {name: some-suite}\ncases:\n  - {id: W01, rule: " +
		"{match: {did: a, within: 1d}}, users: {u1: {events: [], expect: out}}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, found := suite.Parse(&source.Source{Name: "tests/a.yaml", Text: text}, l)
		if s == nil && !found.Failed() {
			t.Error("neither tests nor a reason")
		}
		_ = found.Text()
	})
}
