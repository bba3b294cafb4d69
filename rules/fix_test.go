package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
)

// A condition that somebody wrote with the habits of other languages becomes, once it is put right, the condition that
// was meant: the rule has the definition hash of the right one, however YAML writes it.
func TestWhatIsPutRightIsWhatWasMeant(t *testing.T) {
	s, _ := rulestest.Scope(t, &txtar.Archive{})
	terms := rapid.SampledFrom([][2]string{
		{"product = 'card'", "product == 'card'"},
		{"product != 'card'", "product <> 'card'"},
		{"amount >= 1000", "amount => '1000'"},
		{"amount in (1, 2.50)", "amount IN ('1', '2.50')"},
		{"not logged_in", "!logged_in"},
		{"channel is not null", "channel IS NOT NULL"},
		{"channel = '5'", "channel = 5"},
		{"channel = 'ä😀'", "channel == 'a\u0308😀'"},
		{"opened_on > date '2026-04-01'", "opened_on > '2026-04-01'"},
		{"channel = 'it''s'", "channel=='it''s'"},
		{"(amount > 3 or amount < 1)", "(amount > 3||amount < 1)"},
	})
	rapid.Check(t, func(t *rapid.T) {
		var right, wrong []string
		for range rapid.IntRange(1, 4).Draw(t, "terms") {
			pair := terms.Draw(t, "term")
			right, wrong = append(right, pair[0]), append(wrong, pair[1])
		}
		style := rapid.SampledFrom([]string{"plain", "single", "double", "literal", "folded", "lines"}).Draw(t, "style")
		joint := rapid.SampledFrom([]string{" and ", " && ", "&&", " AND "}).Draw(t, "and")
		rule := func(where string) string {
			return "apiVersion: malgrupp/v1\nkind: Segment\nmetadata: {name: fixed, owner: team-home-loans, review_by: " +
				"2026-12-31}\nspec:\n  purpose: advertising\n  identity: customer\n  deliver: []\n  match:\n    did: any\n    " +
				"where: " + where + "\n    within: 30d\n"
		}
		text := rule(written(style, wrong, joint))
		if rapid.Bool().Draw(t, "crlf") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		meant, found := s.Segment(&source.Source{Name: "fixed.yaml", Text: rule("|\n      " + strings.Join(right, " and "))})
		if meant == nil {
			t.Fatal(found.Text())
		}
		file := &source.Source{Name: "fixed.yaml", Text: text}
		got, found := s.Segment(file)
		for range 4 {
			var fixed source.Findings
			if file.Text, fixed = source.Fixed(file, found); len(fixed) == 0 {
				break
			}
			got, found = s.Segment(&source.Source{Name: file.Name, Text: file.Text})
		}
		if got == nil {
			t.Fatalf("%s\nis put right to\n%s\n%s", text, file.Text, found.Text())
		}
		if diff := cmp.Diff(meant.Normal(), got.Normal()); diff != "" || !norm.NFC.IsNormalString(file.Text) {
			t.Fatalf("%s\nis put right to\n%s\n%s", text, file.Text, diff)
		}
	})
}

// written writes the terms of a condition in one of YAML's ways.
func written(style string, terms []string, joint string) string {
	one := strings.Join(terms, joint)
	switch style {
	case "single":
		return "'" + strings.ReplaceAll(one, "'", "''") + "'"
	case "double":
		return `"` + one + `"`
	case "literal":
		return "|\n        " + strings.Join(terms, "\n        "+joint)
	case "folded":
		return ">-\n        " + strings.Join(terms, joint+"\n        ")
	case "lines":
		return strings.Join(terms, "\n        "+joint)
	}
	return one
}

func TestEditsThatTouchWaitForTheNextRound(t *testing.T) {
	src := &source.Source{Name: "a", Text: "abcdef"}
	finding := func(start, end int, text string) *source.Finding {
		return &source.Finding{
			Source: src, Span: source.Span{Start: start, End: end}, Edits: []source.Edit{{Start: start, End: end, Text: text}},
		}
	}
	text, fixed := source.Fixed(src,
		source.Findings{finding(4, 5, "E"), finding(0, 2, "1234"), finding(1, 3, "x"), finding(3, 3, "")})
	if text != "1234cdEf" && text != "1234cEf" || len(fixed) < 2 {
		t.Errorf("%q by %d findings", text, len(fixed))
	}
}
