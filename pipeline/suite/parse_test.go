package suite_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
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
		"{name: a, events: [{t: -5d 10:00, e: calculator_usd}], expect: in}":          "did you mean: calculator_used",
		"{name: a, events: [{t: -5d 10:00, e: login, product: mortage}], expect: in}": "did you mean: mortgage",
		"{name: a, events: [{t: -5d 10:00, e: login, product: 5}], expect: in}":       "product is a number",
		"{name: a, events: [{t: -5d 10:00, e: login, page_path: true}], expect: in}":  "page_path is true",
		"{name: a, events: [{t: -5d 10:00, e: login, amount: many}], expect: in}":     `amount is "many"`,
		"{name: a, events: [{t: -5d 10:00, e: login, amount: 0.001}], expect: in}":    "which decimal(18,2) does not hold",
		"{name: a, events: [{t: -5d 10:00, e: login, amount: -1}], expect: in}":       "within min and max of the schema",
		"{name: a, events: [{t: -5d 10:00}], expect: in}":                             `an event needs the key "e"`,
		"{name: a, events: [{t: -5d 10:00, event: login}], expect: in}":               "did you mean: e\n",
		"{name: a, events: [{time: -5d 10:00, e: login}], expect: in}":                "did you mean: t\n",
		"{name: a, events: [{t: 2026-04-10 10:00, e: login}], expect: in}":            "mean: 2026-04-10T10:00:00+03:00",
		"{name: a, events: [{t: 2026-01-10T10:00, e: login}], expect: in}":            "mean: 2026-01-10T10:00:00+02:00",
		"{name: a, events: [{t: -5, e: login}], expect: in}":                          "did you mean: -5d 12:00",
		"{name: a, events: [{t: 2 days ago, e: login}], expect: in}":                  "did you mean: -2d 12:00",
		"{name: a, events: [{t: 5d 09:00, e: login}], expect: in, as_of: 2026-04-15}": "mean: 2026-04-15T00:00:00+03:00",
		"{name: a, events: [{e: login}], expect: in}":                                 `an event needs the key "t"`,
		"{name: a, events: [], expect: in, profile: {has_mortgage: yes}}":             "did you mean: true",
		"{name: a, events: [], expect: true}":                                         "did you mean: in",
		"{name: a, events: [], expect: no}":                                           "did you mean: out",
		"{name: a, events: [{t: -5d 10:00, e: login}], expect: in, subject: 5}":       "subject is a number",
		"{name: a, events: [{t: -5d 10:00, e: calculator_used, product: card}], expect: inn}": `"inn" is not a value ` +
			`of expect`,
	} {
		src := &source.Source{Name: "tests/a.yaml", Text: "apiVersion: malgrupp/v1\nkind: SegmentTest\nmetadata: {name: " +
			"some-test}\nspec:\n  segment: mortgage-calculator-no-application\n  as_of: 2026-04-15T00:00:00+03:00\n  " +
			"cases:\n    - " + text + "\n"}
		if _, found := suite.ParseTest(src, l); !strings.Contains(found.Text(), want) {
			t.Errorf("%s\nfound %q, want %q", text, found.Text(), want)
		}
	}
}

func TestASuiteIsAsStrictAsItsRules(t *testing.T) {
	for _, c := range []struct{ defaults, row, want string }{
		{"", "{t: as_of, e: page_view, prodct: x}", "did you mean: product"},
		{"", "{t: as_of, e: page_view, amount: x}", `amount is "x"`},
		{"", "{t: as_of, e: page_view, product: true}", "product is true"},
		{"", "{t: as_of, e: page_veiw}", "tests/a.yaml:7:54: warning[W-UNKNOWN-EVENT]"},
		{"", "{t: as_of, e: page_veiw}", "did you mean: page_view"},
		{"events: [page_view, login]", "{t: as_of, e: page_veiw}", `there is no event "page_veiw"`},
		{"columns: {kind: {type: text, enum: [card, fund]}}", "{t: as_of, e: page_view, kind: cart}", "did you mean: card"},
		{"columns: {kind: {type: boolean}}", "{t: as_of, e: page_view, kind: yes}", "did you mean: true"},
		{"columns: {kind: {type: date}}", "{t: as_of, e: page_view, kind: 1.4.2026}", "did you mean: 2026-04-01"},
		{"columns: {kind: {typ: date}}", "{t: as_of, e: page_view}", "did you mean: type"},
	} {
		text := "apiVersion: malgrupp/v1\nkind: ConformanceSuite\nmetadata: {name: some-suite}\ndefaults: {" + c.defaults +
			"}\ncases:\n  - {id: W01, rule: {match: {did: page_view, within: 1d}},\n    users: {u1: {expect: out, events: [" +
			c.row + "]}}}\n"
		_, found := suite.ParseSuite(&source.Source{Name: "tests/a.yaml", Text: text})
		if !strings.Contains(found.Text(), c.want) {
			t.Errorf("%s %s\nfound %q, want %q", c.defaults, c.row, found.Text(), c.want)
		}
	}
}

func TestARuleOfASuiteAsksForItsEventsAlone(t *testing.T) {
	s, found := suite.ParseSuite(&source.Source{Name: "tests/a.yaml", Text: "apiVersion: malgrupp/v1\n" +
		"kind: ConformanceSuite\nmetadata: {name: some-suite}\n" +
		"defaults:\n  {as_of: 2026-04-15T00:00:00Z, events: [page_view], columns: {kind: {type: text, enum: [card]}}}\n" +
		"cases:\n" +
		"  - {id: W01, rule: {match: {did: page_veiw, within: 1d}}, expect_error: E-UNKNOWN-EVENT}\n" +
		"  - {id: W02, rule: {match: {did: page_view, where: \"kind = 'cart'\", within: 1d}},\n" +
		"    expect_error: E-UNKNOWN-VALUE}\n"})
	if found != nil {
		t.Fatal(found.Text())
	}
	results, err := s.Run(t.Context())
	for _, r := range results {
		if err != nil || r.Status != suite.Passed {
			t.Error(r, err)
		}
	}
}

func TestFilesOfTestsMayBeLong(t *testing.T) {
	long := func(kind string, cases int) *source.Source {
		return &source.Source{Name: "tests/a.yaml", Text: "apiVersion: malgrupp/v1\nkind: " + kind +
			"\nmetadata: {name: some-suite}\ncases:\n" +
			strings.Repeat("  - {id: W, rule: {match: {did: a, within: 1d}}, users: {u: {events: [], expect: out}}}\n", cases)}
	}
	// Nineteen keys and values a case.
	if s, found := suite.ParseSuite(long("ConformanceSuite", 10_000)); found.Failed() || len(s.Cases) != 10_000 {
		t.Error(found)
	}
	if _, found := suite.ParseSuite(long("ConformanceSuite", 12_000)); !strings.Contains(found.Text(), "at most 200000") {
		t.Error(found)
	}
	if found := yaml.Read(long("Segment", 600)).Errors(); !strings.Contains(found.Text(), "at most 10000") {
		t.Error(found)
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
