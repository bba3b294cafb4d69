package suite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// reporter is what testing.TB and rapid.T have in common here.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

// segmentOf checks a spec as a suite writes it.
func segmentOf(t reporter, spec string) *rules.Segment {
	t.Helper()
	c := &Case{}
	c.Zone, _ = value.LoadZone("Europe/Helsinki")
	scope := c.scope((&Suite{
		Columns: append(defaultColumns(), rules.Column{Name: "opened_on", Type: value.Type{Kind: value.Date}}),
	}).schema())
	s, found := scope.Spec("some-rule", yaml.Read(&source.Source{Name: "rule.yaml", Text: spec}).Root())
	if found.Failed() {
		t.Fatalf("%s\n%s", spec, found.Text())
	}
	return s
}

func TestEveryKindOfChangeIsMadeOnce(t *testing.T) {
	for _, c := range []struct {
		spec string
		want []string
	}{
		{"match: {did: login, within: 14d}", []string{
			"match within 14d -> 15d", "match within 14d -> 13d", "match at_least 1 -> 2",
		}},
		{"match: {did: login, where: channel = 'app' and amount >= 20, within: {from: 2026-03-01, before: 2026-04-01}, " +
			"exactly: 2}", []string{
			"match within {from: 2026-03-01, before: 2026-04-01} -> {from: 2026-03-02, before: 2026-04-01}",
			"match within {from: 2026-03-01, before: 2026-04-01} -> {from: 2026-03-01, before: 2026-04-02}",
			"match within {from: 2026-03-01, before: 2026-04-01} -> {from: 2026-02-28, before: 2026-04-01}",
			"match within {from: 2026-03-01, before: 2026-04-01} -> {from: 2026-03-01, before: 2026-03-31}",
			"match exactly 2 -> 3", "match exactly 2 -> 1",
			"match where amount >= 20.00 -> amount > 20.00", "match where channel = 'app' -> channel != 'app'",
		}},
		{"match: {all: [{did: any, within: {from: 2w, to: 1w}}, {did_not: login, where: 'channel in (''app'', ''web'')', " +
			"within: all}]}", []string{
			"match.all[0] dropped", "match.all[1] dropped",
			"match.all[0] within {from: 2w, to: 1w} -> {from: 3w, to: 1w}", "match.all[0] within {from: 2w, to: 1w} -> 2w",
			"match.all[0] at_least 1 -> 2",
			"match.all[1] did_not -> did", "match.all[1] where channel in ('app', 'web') -> channel not in ('app', 'web')",
		}},
		{"match: {at_least_of: {count: 2, of: [{did: login, within: all}, {did: logout, within: all}]}}", []string{
			"match count 2 -> 1", "match.at_least_of[0] dropped", "match.at_least_of[1] dropped",
			"match.at_least_of[0] at_least 1 -> 2", "match.at_least_of[1] at_least 1 -> 2",
		}},
		{"match: {metric: sum(amount), of: login, within: all, more_than: 0.50}", []string{
			"match more_than 0.5 -> 0.6", "match more_than 0.5 -> 0.4",
		}},
		{"match: {metric: max(opened_on), of: login, within: all, at_least: 2026-04-01}", []string{
			"match at_least 2026-04-01 -> 2026-04-02", "match at_least 2026-04-01 -> 2026-03-31",
		}},
		{"match: {metric: max(event_time), of: login, within: all, more_than: '2026-04-01T00:00:00Z'}", []string{
			"match more_than 2026-04-01T00:00:00Z -> 2026-04-01T00:00:01Z",
			"match more_than 2026-04-01T00:00:00Z -> 2026-03-31T23:59:59Z",
		}},
		{"match: {last: login, where: status is not null, within: all, has: status = 'open' or amount < 5}", []string{
			"match has amount < 5.00 or status = 'open' -> amount >= 5.00 and status != 'open'",
			"match has amount < 5.00 -> amount <= 5.00", "match has status = 'open' -> status != 'open'",
		}},
		{
			"match: {session: {all: [{did: login}, {did_not: logout}]}, within: all, lasting_at_least: 1min, at_least: 2}",
			[]string{
				"match at_least 2 -> 3", "match at_least 2 -> 1", "match lasting_at_least 1min -> 2min",
				"match lasting_at_least 1min -> none", "match.session.all[0] dropped", "match.session.all[1] dropped",
				"match.session.all[0] at_least 1 -> 2", "match.session.all[1] did_not -> did",
			},
		},
		{"match: {sequence: [{did: a}, {did: b, within_previous: 2h, without: {did: c, where: status = 'x'}}, {then_not: " +
			"d, for: 1d}], within: all, span: 30min}", []string{
			"match span 30min -> 31min", "match span 30min -> 29min",
			"match.sequence[0] dropped",
			"match.sequence[1] within_previous 2h -> 3h", "match.sequence[1] within_previous 2h -> 1h",
			"match.sequence[1] dropped", "match.sequence[1].without dropped",
			"match.sequence[1].without where status = 'x' -> status != 'x'",
			"match.sequence[2] dropped", "match.sequence[2] for 1d -> 2d",
		}},
		{"match: {did: login, within: all}\nexclude: {did: logout, within: all}", []string{
			"match at_least 1 -> 2", "exclude dropped", "exclude at_least 1 -> 2",
		}},
		// What nobody could notice is no change.
		{"match: {all: [{did: any, within: {from: 180d, to: 60d}}, {did_not: any, within: 60d}]}", []string{
			"match.all[0] dropped", "match.all[1] dropped",
			"match.all[0] within {from: 180d, to: 60d} -> {from: 181d, to: 60d}",
			"match.all[0] within {from: 180d, to: 60d} -> {from: 179d, to: 60d}",
			"match.all[0] within {from: 180d, to: 60d} -> {from: 180d, to: 61d}",
			"match.all[0] at_least 1 -> 2", "match.all[1] within 60d -> 61d", "match.all[1] within 60d -> 59d",
			"match.all[1] did_not -> did",
		}},
		{"match: {did: any, within: {from: 180d, to: 60d}}\nexclude: {any: [{did: any, within: 60d}, {did: login, " +
			"within: all}]}", []string{
			"match within {from: 180d, to: 60d} -> {from: 181d, to: 60d}",
			"match within {from: 180d, to: 60d} -> {from: 179d, to: 60d}",
			"match within {from: 180d, to: 60d} -> {from: 180d, to: 61d}", "match at_least 1 -> 2",
			"exclude dropped", "exclude.any[0] dropped", "exclude.any[1] dropped",
			"exclude.any[0] within 60d -> 61d", "exclude.any[0] within 60d -> 59d", "exclude.any[0] at_least 1 -> 2",
			"exclude.any[1] at_least 1 -> 2",
		}},
		{"match: {sequence: [{did: a}, {did: b, within_previous: 2h}], within: all, span: 3d}", []string{
			"match.sequence[0] dropped", "match.sequence[1] within_previous 2h -> 3h",
			"match.sequence[1] within_previous 2h -> 1h", "match.sequence[1] dropped",
		}},
		{"match: {any: [{did: login, within: all}, {did: login, within: all}]}", []string{
			"match.any[0] dropped", "match.any[0] at_least 1 -> 2",
		}},
		{"match: {did: login, within: all}\ntop: {percent: 10, by: {metric: days(), of: login, within: 30d}}\ncap: " +
			"{count: 5}\nmin_size: 60", []string{
			"match at_least 1 -> 2",
		}},
	} {
		var got []string
		for _, m := range Mutants(segmentOf(t, c.spec)) {
			got = append(got, m.Path+" "+m.Change)
		}
		want := map[string]bool{}
		for _, w := range c.want {
			want[w] = true
		}
		have := map[string]bool{}
		for _, g := range got {
			have[g] = true
		}
		if diff := cmp.Diff(want, have); diff != "" || len(got) != len(have) {
			t.Errorf("%s\n%s\nchanges: %s", c.spec, diff, strings.Join(got, "; "))
		}
	}
}

// drawn is a random condition as YAML; inside a session it has no window.
func drawn(t *rapid.T, depth int, inner bool) string {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "part") }
	within := ""
	if !inner {
		within = ", within: " +
			pick("14d", "1d", "{from: 9d, to: 1d}", "{from: 2mo, to: 1w}", "{from: 2026-03-01, before: 2026-03-02}", "all", "3h")
	}
	where := pick("", ", where: status = 'x'", ", where: \"status in ('x', 'y') or amount < 3 and channel is null\"")
	event := pick("a", "b", "any")
	verbs := []string{"did", "did_not", "metric", "first", "sequence"}
	if !inner {
		verbs = append(verbs, "session")
	}
	if depth > 0 {
		verbs = append(verbs, "all", "any", "not", "at_least_of")
	}
	list := func() string {
		var out []string
		for range rapid.IntRange(1, 3).Draw(t, "children") {
			out = append(out, drawn(t, depth-1, inner))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	switch verb := pick(verbs...); verb {
	case "metric":
		return fmt.Sprintf("{metric: %s, of: %s%s%s, %s}", pick("count()", "sum(amount)", "days()"), event, where, within,
			pick("at_least: 1", "at_most: 0", "exactly: 3"))
	case "first":
		return fmt.Sprintf("{first: %s%s%s, has: %s}", event, where, within,
			pick("status = 'x'", "status = 'x' and amount >= 1"))
	case "sequence":
		return fmt.Sprintf("{sequence: [{did: a}, {did: b%s}%s]%s%s}",
			pick("", ", within_previous: 1h", ", within_previous: 2d, without: {did: c}"),
			pick("", ", {then_not: c, for: 1h}"), within, pick("", ", span: 1d", ", span: 6d"))
	case "session":
		return fmt.Sprintf("{session: %s%s%s%s}", drawn(t, depth-1, true), within, pick("", ", lasting_at_least: 1min"),
			pick("", ", at_least: 2"))
	case "all", "any":
		return fmt.Sprintf("{%s: %s}", verb, list())
	case "not":
		return fmt.Sprintf("{not: %s}", drawn(t, depth-1, inner))
	case "at_least_of":
		return fmt.Sprintf("{at_least_of: {count: 1, of: %s}}", list())
	default:
		return fmt.Sprintf("{%s: %s%s%s}", verb, event, where, within)
	}
}

func TestEveryChangeSaysSomethingElseAndLeavesTheRuleAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := "match: {all: [{did: a, within: 30d}, " + drawn(t, 3, false) + "]}\nexclude: " + drawn(t, 2, false)
		s := segmentOf(t, spec)
		before := s.Normal()
		seen := map[string]string{before: "the rule itself"}
		for _, m := range Mutants(s) {
			normal := m.segment.Normal()
			if other, twice := seen[normal]; twice {
				t.Errorf("%s\n%s %s says the same as %s", spec, m.Path, m.Change, other)
			}
			seen[normal] = m.Path + " " + m.Change
		}
		if s.Normal() != before {
			t.Errorf("%s\nis changed itself: %s", spec, s.Normal())
		}
	})
}
