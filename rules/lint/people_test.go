package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
)

// segment is a rule with a match, an exclusion ("" for none) and more lines of its spec.
func segment(name, match, exclude, more string) *source.Source {
	if exclude != "" {
		more += "  exclude: " + exclude + "\n"
	}
	return &source.Source{Name: name, Text: "apiVersion: malgrupp/v1\nkind: Segment\nmetadata: {name: " + name +
		", owner: team-home-loans, review_by: 2026-12-31}\nspec:\n  purpose: advertising\n  identity: customer\n  deliver: " +
		"[files]\n  match: " + match + "\n" + more}
}

func TestSegmentsWhoseRulesExcludeEachOtherAreApart(t *testing.T) {
	s, _ := rulestest.Scope(t, &txtar.Archive{})
	const login, views = "{did: login, within: 7d}", "{did: page_view, within: 7d}"
	for _, c := range []struct {
		a, b  [3]string // match, exclude, more
		apart bool
	}{
		{[3]string{login}, [3]string{views, "{did: login, within: 14d}"}, true},
		{[3]string{login}, [3]string{views, "{did: login, within: 6d}"}, false},
		{[3]string{login}, [3]string{views, "{in_segment: first-one}"}, true},
		{[3]string{login}, [3]string{"{all: [{in_segment: first-one}, " + views + "]}"}, false},
		{[3]string{login, "", "  stay: 7d\n"}, [3]string{views, "{did: login, within: 14d}"}, false},
		{[3]string{login, "", "  stay: 7d\n"}, [3]string{views, "{in_segment: first-one}"}, true},
		{[3]string{login, "", "  timezone: Europe/Berlin\n"}, [3]string{views, "{did: login, within: 14d}"}, false},
		{
			[3]string{login, "", "  exclusive: {group: loans, priority: 1}\n"},
			[3]string{views, "", "  exclusive: {group: loans, priority: 2}\n"},
			true,
		},
		{
			[3]string{"{did: login, within: 7d, at_least: 5}"},
			[3]string{"{all: [" + views + ", {did: login, within: 7d, at_most: 4}]}"},
			true,
		},
		{
			[3]string{"{did: login, within: 7d, at_least: 5}"},
			[3]string{"{all: [" + views + ", {did: login, within: 7d, at_most: 5}]}"},
			false,
		},
	} {
		var both []*rules.Segment
		for name, of := range map[string][3]string{"first-one": c.a, "second-one": c.b} {
			seg, found := s.Segment(segment(name, of[0], of[1], of[2]))
			if seg == nil {
				t.Fatal(found.Text())
			}
			both = append(both, seg)
		}
		if got := lint.Apart(s, both[0], both[1]) && lint.Apart(s, both[1], both[0]); got != c.apart {
			t.Errorf("%v and %v: apart is %t", c.a, c.b, got)
		}
	}
}

// happened is an event of a small history, so many days ago.
type happened struct {
	event   string
	channel string
	visits  int // 0: no value
	day     int
}

// leaf is a condition with what it means for a history, written down once more in the plainest way.
type leaf struct {
	text string
	is   func([]happened) truth
}

// truth is what a condition comes to: of nothing there is no smallest value.
type truth uint8

const (
	no truth = iota
	yes
	novalue
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (x truth) not() truth { return [...]truth{no: yes, yes: no, novalue: novalue}[x] }

var windows = []struct {
	text string
	from int
	to   int
}{
	{"7d", 7, 0},
	{"14d", 14, 0},
	{"2w", 14, 0},
	{"{from: 14d, to: 7d}", 14, 7},
	{"{from: 14d, to: 1w}", 14, 7},
	{"all", 99, 0},
}

var filters = []struct {
	text string
	is   func(happened) bool
}{
	{"", func(happened) bool { return true }},
	{"channel = 'app'", func(h happened) bool { return h.channel == "app" }},
	{"channel != 'app'", func(h happened) bool { return h.channel != "app" && h.channel != "" }},
	{"channel starts_with 'a'", func(h happened) bool { return strings.HasPrefix(h.channel, "a") }},
	{"channel in ('app', 'web')", func(h happened) bool { return h.channel == "app" || h.channel == "web" }},
	{"channel is null", func(h happened) bool { return h.channel == "" }},
	{"visits > 0", func(h happened) bool { return h.visits != 0 }},
	{"visits in (1, 2)", func(h happened) bool { return h.visits == 1 || h.visits == 2 }},
	{"visits >= 2", func(h happened) bool { return h.visits >= 2 }},
	{"visits is null", func(h happened) bool { return h.visits == 0 }},
}

func someLeaf(t *rapid.T) leaf {
	w := rapid.SampledFrom(windows).Draw(t, "window")
	f := rapid.SampledFrom(filters).Draw(t, "filter")
	events := rapid.SampledFrom([]string{"login", "app_open", "[login, app_open]", "any"}).Draw(t, "events")
	verb := rapid.SampledFrom([]string{
		"did", "did_not", "count()", "days()", "distinct(channel)",
		"sum(visits)", "min(visits)", "max(visits)", "avg(visits)",
	}).Draw(t, "verb")
	op := rapid.SampledFrom([]string{"at_least", "at_most", "exactly", "more_than", "less_than"}).Draw(t, "op")
	n := rapid.IntRange(1, 3).Draw(t, "n")
	text := "{" + verb + ": " + events
	if strings.HasSuffix(verb, ")") {
		text = "{metric: " + verb + ", of: " + events
	}
	if f.text != "" {
		text += `, where: "` + f.text + `"`
	}
	text += ", within: " + w.text
	if verb != "did_not" {
		text += fmt.Sprintf(", %s: %d", op, n)
	}
	return leaf{text + "}", func(all []happened) truth {
		v, of := measure(verb, slices.DeleteFunc(slices.Clone(all), func(h happened) bool {
			return h.day > w.from || h.day <= w.to || !f.is(h) || events != "any" && !strings.Contains(events, h.event)
		}))
		switch {
		case of == 0:
			return novalue
		case verb == "did_not":
			return truthOf(v == 0)
		}
		return truthOf(map[string]bool{
			"at_least": v >= n*of, "at_most": v <= n*of, "exactly": v == n*of, "more_than": v > n*of,
			"less_than": v < n*of,
		}[op])
	}}
}

// measure is a number as a fraction; of nothing there is none.
func measure(verb string, rows []happened) (v, of int) {
	days, channels, visits, sum := map[int]bool{}, map[string]bool{}, []int{}, 0
	for _, h := range rows {
		days[h.day] = true
		if h.channel != "" {
			channels[h.channel] = true
		}
		if h.visits != 0 {
			visits, sum = append(visits, h.visits), sum+h.visits
		}
	}
	switch verb {
	case "days()":
		return len(days), 1
	case "distinct(channel)":
		return len(channels), 1
	case "sum(visits)":
		return sum, 1
	case "avg(visits)":
		return sum, len(visits)
	case "min(visits)", "max(visits)":
		switch {
		case len(visits) == 0:
			return 0, 0
		case verb == "min(visits)":
			return slices.Min(visits), 1
		}
		return slices.Max(visits), 1
	}
	return len(rows), 1
}

// What nobody is said to fulfil together nobody does, what everybody is said to fulfil everybody does, and a condition
// that is said to hold for whoever fulfils another one does.
func TestWhatIsSaidOfPeopleIsSoOfEveryHistory(t *testing.T) {
	s, _ := rulestest.Scope(t, &txtar.Archive{})
	rapid.Check(t, func(t *rapid.T) {
		a, b := someLeaf(t), someLeaf(t)
		for i, l := range []*leaf{&a, &b} {
			if of := *l; rapid.Bool().Draw(t, fmt.Sprint("not", i)) {
				*l = leaf{"{not: " + of.text + "}", func(all []happened) truth { return of.is(all).not() }}
			}
		}
		found := func(verb string) source.Findings {
			match := "{all: [{did: page_view, within: 300d}, {" + verb + ": [" + a.text + ", " + b.text + "]}]}"
			seg, errs := s.Segment(segment("people", match, "", ""))
			if seg == nil {
				t.Fatal(errs.Text())
			}
			return lint.Rules(s, []*rules.Segment{seg})
		}
		says := func(found source.Findings, code, message string) bool {
			return slices.ContainsFunc(found, func(e *source.Finding) bool {
				return e.Code == code && strings.Contains(e.Message, message)
			})
		}
		all, anyOf := found("all"), found("any")
		never := says(all, "E-CONTRADICTION", "nobody fulfils both this and match.all[1]")
		always := says(anyOf, "W-TAUTOLOGY", "everybody fulfils this or")
		second := says(all, "W-TAUTOLOGY", "whoever fulfils match.all[1].all[0] fulfils this")
		first := says(all, "W-TAUTOLOGY", "whoever fulfils match.all[1].all[1] fulfils this")
		event := rapid.Custom(func(t *rapid.T) happened {
			return happened{
				rapid.SampledFrom([]string{"login", "app_open", "page_view"}).Draw(t, "event"),
				rapid.SampledFrom([]string{"", "app", "web", "atm"}).Draw(t, "channel"), rapid.IntRange(0, 4).Draw(t, "visits"),
				rapid.IntRange(1, 16).Draw(t, "day"),
			}
		})
		for range 30 {
			history := rapid.SliceOfN(event, 0, 5).Draw(t, "history")
			switch x, y := a.is(history) == yes, b.is(history) == yes; {
			case never && x && y:
				t.Fatalf("%v fulfils both %s and %s", history, a.text, b.text)
			case always && !x && !y:
				t.Fatalf("%v fulfils neither %s nor %s", history, a.text, b.text)
			case second && x && !y, first && y && !x:
				t.Fatalf("%v fulfils one of %s and %s, not both", history, a.text, b.text)
			}
		}
	})
}
