package suite_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/sample"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

var now = time.Date(2026, time.April, 15, 0, 0, 0, 0, time.UTC)

// bank is the project of sixteen segments.
func bank(t testing.TB) *load.Loaded {
	t.Helper()
	dir := t.TempDir()
	if err := sample.Init(dir, sample.InitOptions{Template: sample.Bank, Protected: sample.NoList, Now: now}); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(dir, "", value.DateOfDays(now.Unix()/86400))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Findings) > 0 {
		t.Fatal(l.Findings.Text())
	}
	return l
}

// failer is a test, of either kind.
type failer interface{ Fatal(args ...any) }

// with is a project in which a segment has another spec.
func with(t failer, l *load.Loaded, name, spec string) *load.Loaded {
	text := fmt.Sprintf("apiVersion: malgrupp/v1\nkind: Segment\nmetadata: {name: %s, owner: team-digital, review_by: "+
		"2026-12-31}\nspec:\n  purpose: analysis\n  identity: device\n  deliver: []\n%s", name, spec)
	s, found := l.Scope(0).Segment(&source.Source{Name: "segments/" + name + ".yaml", Text: text})
	if found.Failed() {
		t.Fatal(found.Text())
	}
	changed := *l
	changed.Segments = append(slices.DeleteFunc(slices.Clone(l.Segments), func(o *rules.Segment) bool {
		return o.Name == name
	}), s)
	return &changed
}

// cases are a test of a segment as of the fifteenth of April 2026.
func cases(t failer, l *load.Loaded, name, list string) *suite.Suite {
	text := fmt.Sprintf("apiVersion: malgrupp/v1\nkind: SegmentTest\nmetadata: {name: some-test}\nspec:\n  segment: %s\n"+
		"  as_of: 2026-04-15T00:00:00+03:00\n  cases:\n%s", name, list)
	s, found := suite.ParseTest(&source.Source{Name: "tests/some.yaml", Text: text}, l)
	if found.Failed() {
		t.Fatal(found.Text())
	}
	return s
}

func segment(l *load.Loaded, name string) *rules.Segment {
	return l.Segments[slices.IndexFunc(l.Segments, func(s *rules.Segment) bool { return s.Name == name })]
}

// changes are mutants as they are printed.
func changes(m suite.Mutation) []string {
	out := []string{}
	for _, s := range m.Survivors {
		out = append(out, s.Path+" "+s.Change)
	}
	return out
}

const inAndOut = `
    - {name: priced a loan, events: [{t: -5d 10:00, e: calculator_used, product: mortgage}], expect: in}
    - {name: logged in, events: [{t: -5d 10:00, e: login}], expect: out}
`

const all = `
  match:
    all:
      - {did: calculator_used, where: product = 'mortgage', within: 14d}
      - {did_not: application_submitted, within: 14d}
`

func TestAChangeThatNoCaseNoticesSurvives(t *testing.T) {
	l := with(t, bank(t), "some-rule", all)
	m, err := suite.Mutate(t.Context(), segment(l, "some-rule"), []*suite.Suite{cases(t, l, "some-rule", inAndOut)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{
		"match.all[1] dropped", "match.all[0] within 14d -> 15d", "match.all[0] within 14d -> 13d",
		"match.all[1] within 14d -> 15d", "match.all[1] within 14d -> 13d",
	}, changes(m)); diff != "" || m.Changes != 9 {
		t.Errorf("%d changes, survivors (-want +got):\n%s", m.Changes, diff)
	}
}

func TestWhatDecidedNoticesChangesToo(t *testing.T) {
	const outBoth = `
    - name: applied for the loan and did not price it
      events: [{t: -15d 10:00, e: calculator_used, product: mortgage}, {t: -5d 10:00, e: application_submitted}]
      expect: out
`
	l := with(t, bank(t), "some-rule", all)
	for because, survives := range map[string]bool{"": true, "      because: match.all[0]\n": false} {
		m, err := suite.Mutate(t.Context(), segment(l, "some-rule"),
			[]*suite.Suite{cases(t, l, "some-rule", outBoth+because)})
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(changes(m), "match.all[0] within 14d -> 15d"); got != survives {
			t.Errorf("with %q the longer window survives: %v", because, got)
		}
	}
}

func TestInAGroupThatSharesPeopleOutChangesAreJudgedOneByOne(t *testing.T) {
	l := with(t, bank(t), "some-rule", all)
	together, err := suite.Mutate(t.Context(), segment(l, "some-rule"), []*suite.Suite{cases(t, l, "some-rule", inAndOut)})
	if err != nil {
		t.Fatal(err)
	}
	l = with(t,
		with(t, l, "rival", "  match: {did: card_frozen, within: 30d}\n  exclusive: {group: loans, priority: 1}\n"),
		"some-rule", all+"  exclusive: {group: loans, priority: 2}\n")
	claimed := inAndOut + "    - {name: is claimed, events: [{t: -5d 10:00, e: calculator_used, product: mortgage}, " +
		"{t: -5d 10:05, e: card_frozen}], expect: out}\n"
	s := cases(t, l, "some-rule", claimed)
	results, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Status != suite.Passed {
			t.Errorf("%s: %v", r.Title, r.Faults)
		}
	}
	alone, err := suite.Mutate(t.Context(), segment(l, "some-rule"), []*suite.Suite{s})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changes(together), changes(alone)); diff != "" {
		t.Errorf("survivors (-together +one by one):\n%s", diff)
	}
}

func TestAChangeThatIsNotMadeWouldMakeNoDifference(t *testing.T) {
	base := bank(t)
	rapid.Check(t, func(t *rapid.T) {
		near := rapid.IntRange(2, 4).Draw(t, "near")
		of := rapid.SampledFrom([]string{
			"did: page_view", "metric: days()\n        of: page_view", "metric: distinct(page_path)\n        of: page_view",
		}).Draw(t, "verb")
		rule := func(to int) string {
			return fmt.Sprintf("  match:\n    all:\n      - %s\n        at_least: %d\n        within: {from: 6d, to: %dd}\n  "+
				"    - did_not: any\n        within: %dd\n",
				of, rapid.IntRange(1, 2).Draw(t, "at least"), to, near)
		}
		spec := rule(near)
		// The window could end a day later as well: whatever happened on that day, did_not makes her be out.
		later := strings.Replace(spec, fmt.Sprintf("to: %dd", near), fmt.Sprintf("to: %dd", near-1), 1)
		var events []string
		for range rapid.IntRange(1, 4).Draw(t, "events") {
			events = append(events,
				fmt.Sprintf("{t: -%dd %02d:00, e: page_view, page_path: /%d}", rapid.IntRange(1, 7).Draw(t, "day"),
					rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(1, 2).Draw(t, "page")))
		}
		list := "    - {name: she, events: [" + strings.Join(events, ", ") + "], expect: in}\n"
		var got []suite.Status
		for _, spec := range []string{spec, later} {
			l := with(t, base, "some-rule", spec)
			results, err := cases(t, l, "some-rule", list).Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, results[0].Status)
		}
		if got[0] != got[1] {
			t.Errorf("%s%s the changed window makes a difference: %v", spec, list, got)
		}
		for _, m := range suite.Mutants(segment(with(t, base, "some-rule", spec), "some-rule")) {
			if strings.HasSuffix(m.Change, fmt.Sprintf("to: %dd}", near-1)) {
				t.Errorf("%s%s %s is counted", spec, m.Path, m.Change)
			}
		}
	})
}
