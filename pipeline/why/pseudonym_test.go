package why

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// shapes are conditions of every kind that looks at a text.
var shapes = []string{
	"page = 'a'", "page starts_with '/a'", "page ends_with 'b'", "page contains 'ab' and page starts_with '/a'",
	"page in ('a', 'b')", "page not in ('a', 'b')", "lower(page) = 'ab'", "path(page) starts_with '/a'",
	"host(page) = 'a.b'", "query_param(page, 'a') is not null", "query_param(page, 'a') = 'b'", "page is null",
	"not (page contains 'a') or page ends_with 'b'", "page matches '^/a[0-9]+$'", "length(page) > 3",
}

func TestAPseudonymIsTakenForTheTextAndNamesNobody(t *testing.T) {
	schema := &rules.Schema{Name: "web", Columns: []rules.Column{{Name: "page", Type: value.Type{Kind: value.Text}}}}
	scope := &rules.Scope{Language: builtin.Language(), Schemas: []*rules.Schema{schema}, AnyEvent: true}
	found := 0
	rapid.Check(t, func(r *rapid.T) {
		where, errs := scope.Where(&source.Source{Text: rapid.SampledFrom(shapes).Draw(r, "where")})
		if errs.Failed() {
			r.Fatal(errs.Text())
		}
		p, err := newPseudonyms(&segments.Plan{Picks: []rules.Pick{{Any: true, Where: where}}})
		if err != nil {
			r.Fatal(err)
		}
		texts := rapid.SliceOfDistinct(rapid.StringOfN(rapid.RuneFrom([]rune("/ab.?=1A")), 0, 8, -1), rapid.ID).Draw(r,
			"texts")
		back := map[string]string{}
		for _, text := range texts {
			got, ok := p.of(&schema.Columns[0], text)
			if !ok {
				continue
			}
			found++
			again, _ := p.of(&schema.Columns[0], text)
			if again != got {
				r.Fatalf("%q is %q, then %q", text, got, again)
			}
			if other, taken := back[got]; taken {
				r.Fatalf("%q stands for %q and for %q", got, other, text)
			}
			back[got] = text
			for test := range rules.Tests(where) {
				row, err := builtin.CompileTest(test, nil)
				if err != nil {
					r.Fatal(err)
				}
				value := func(s string) value.Value { return value.Value{Kind: value.Text, Text: s} }
				if row(value(got), false) != row(value(text), false) {
					r.Fatalf("%v tells %q from %q", test, got, text)
				}
			}
			if got == text && !strings.Contains(rulesText(where), "'"+text+"'") {
				r.Fatalf("%q stands for itself", text)
			}
		}
	})
	if found == 0 {
		t.Error("no text had a pseudonym")
	}
}

func rulesText(e rules.Expr) string { return rules.Key(e) }
