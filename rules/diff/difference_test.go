package diff_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/diff"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
)

// A difference is found between any two rules that have two definitions, and between no others.
func TestRulesDifferWhereTheirDefinitionsDo(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for _, file := range files {
		all := rightSegments(t, file)
		for _, a := range all {
			for _, b := range all {
				d := diff.Differences(a, b)
				if (a.Hash == b.Hash) != (len(d) == 0) {
					t.Errorf("%s: %s and %s have definitions %x and %x, and the differences %v", file, a.Name, b.Name, a.Hash[:4],
						b.Hash[:4], d)
				}
				pairs++
			}
		}
	}
	if pairs < 100 {
		t.Errorf("only %d pairs of rules were compared", pairs)
	}
}

// Whatever a rule can say, one change alone makes of the older rule one that differs by just that, and a rule with a
// single difference becomes the newer one.
func TestAChangeAloneIsThatChangeAndNoOther(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	made, single := map[string]int{}, 0
	for _, file := range files {
		all := rightSegments(t, file)
		for _, a := range all {
			for _, b := range all {
				before := a.Normal()
				changes := diff.Changes(a, b)
				for _, c := range changes {
					if c.Alone == nil {
						continue
					}
					made[c.What]++
					d := diff.Differences(a, c.Alone)
					if len(d) != 1 || d[0].What != c.What || d[0].Old != c.Old {
						t.Errorf("%s: %s with %+v alone differs from itself by %+v", file, a.Name, c.Difference, d)
					}
					if len(changes) == 1 && c.Alone.Hash != b.Hash {
						t.Errorf("%s: %s with its only difference from %s is another rule than that:\n%s\n%s", file, a.Name, b.Name,
							c.Alone.Normal(), b.Normal())
					}
				}
				if len(changes) == 1 {
					single++
				}
				if a.Normal() != before {
					t.Fatalf("%s: comparing %s changed it", file, a.Name)
				}
			}
		}
	}
	for _, what := range []string{
		"condition", "within", "where", "compare", "events", "deliver", "purpose", "cap", "top", "stay", "holdout",
		"exclusive",
	} {
		if made[what] == 0 {
			t.Errorf("no change of %s was made", what)
		}
	}
	if single == 0 {
		t.Error("no two rules differed by one thing only")
	}
}

// rightSegments are the segments of a case in which nothing is wrong.
func rightSegments(t *testing.T, file string) (all []*rules.Segment) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := rulestest.Scope(t, archive)
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "segments/") {
			if seg, found := s.Segment(&source.Source{Name: f.Name, Text: string(f.Data)}); seg != nil && !found.Failed() {
				all = append(all, seg)
			}
		}
	}
	return all
}

// A difference is said with the numbers of the rules, whatever digits their columns have.
func TestDifferencesAreSaidWithTheNumbersOfTheRules(t *testing.T) {
	s, _ := rulestest.Scope(t, &txtar.Archive{})
	parsed := func(where string) *rules.Segment {
		seg, found := s.Segment(&source.Source{Name: "a.yaml", Text: "apiVersion: malgrupp/v1\nkind: Segment\nmetadata: " +
			"{name: amounts, owner: team-home-loans, review_by: 2026-12-31}\nspec:\n  purpose: advertising\n  identity: " +
			"customer\n  deliver: [files]\n  match: {did: calculator_used, where: \"" + where + "\", within: 7d}\n"})
		if seg == nil {
			t.Fatal(found.Text())
		}
		return seg
	}
	d := diff.Differences(parsed("amount > 100.5"), parsed("amount > 100.5 and amount != 7.005"))
	if len(d) != 1 || d[0].Old != "amount > 100.5" || d[0].New != "amount != 7.005 and amount > 100.5" {
		t.Errorf("%+v", d)
	}
	if d := diff.Differences(parsed("amount > 100.5"), parsed("amount > 100.50")); len(d) != 0 {
		t.Errorf("%+v", d)
	}
}
