package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// TestLimitsAreThoseOfTheirPage asks for what docs/language.md says is the most, and for a little more.
func TestLimitsAreThoseOfTheirPage(t *testing.T) {
	many := func(n int, one, between string) string {
		return strings.TrimSuffix(strings.Repeat(one+between, n), between)
	}
	did := func(where string) string { return fmt.Sprintf("{did: any, within: 30d, where: %q}", where) }
	window := func(within string) string { return "{did: any, within: " + within + "}" }
	patterns := func(n int) string {
		half := n / 2
		return "{all: [" + did(many(half, "product matches 'a'", " or ")) + ", " +
			did(many(n-half, "product matches 'a'", " or ")) + "]}"
	}
	for _, c := range []struct {
		name       string
		most, more string // conditions
		says       string // what the finding says of more
	}{
		{
			"bytes of a where", did("product = '" + strings.Repeat("a", 4096-12) + "'"),
			did("product = '" + strings.Repeat("a", 4096-11) + "'"), "E-LIMIT",
		},
		{
			"levels of a where", did(strings.Repeat("(", 31) + "n = 1" + strings.Repeat(")", 31)),
			did(strings.Repeat("(", 32) + "n = 1" + strings.Repeat(")", 32)), "nested too deeply",
		},
		{"tests of a where", did(many(64, "n = 1", " or ")), did(many(65, "n = 1", " or ")), "too many tests"},
		{
			"values of a list", did("n in (" + many(1000, "1", ",") + ")"), did("n in (" + many(1001, "1", ",") + ")"),
			"too many values",
		},
		{"patterns of a rule", patterns(50), patterns(51), "E-LIMIT"},
		{
			"bytes of a pattern", did("product matches '" + strings.Repeat("a", 200) + "'"),
			did("product matches '" + strings.Repeat("a", 201) + "'"), "E-PATTERN",
		},
		{"repeats of a pattern", did("product matches 'a{100}'"), did("product matches 'a{101}'"), "E-PATTERN"},
		{
			"steps of a sequence", "{within: 30d, sequence: [" + many(10, "{did: a}", ", ") + "]}",
			"{within: 30d, sequence: [" + many(11, "{did: a}", ", ") + "]}",
			"E-SEQUENCE",
		},
		{"digits of a number", did("n = " + many(18, "9", "")), did("n = " + many(19, "9", "")), "E-RANGE"},
		{"years of a duration", window("36525d"), window("36526d"), "E-DURATION"},
		{"a duration of nothing", window("1s"), window("0s"), "E-DURATION"},
	} {
		if found := ruleOf(t, c.most, "2027-01-01"); found.Failed() {
			t.Errorf("%s: the most is refused:\n%s", c.name, found.Text())
		}
		if found := ruleOf(t, c.more, "2027-01-01"); !strings.Contains(found.Text(), c.says) {
			t.Errorf("%s: more is not %q:\n%s", c.name, c.says, found.Text())
		}
	}
	// 400 days after 2026-04-01, and 401
	for review, late := range map[string]bool{"2027-05-06": false, "2027-05-07": true} {
		if found := ruleOf(t, window("30d"), review); strings.Contains(found.Text(), "E-REVIEW") != late {
			t.Errorf("review by %s: too late is not %t:\n%s", review, late, found.Text())
		}
	}
	for name, c := range map[string]struct {
		text func(n int) string
		most int
	}{
		"bytes of a file":  {func(n int) string { return "a: b\n" + strings.Repeat("#", n-5) }, 256 << 10},
		"levels of a file": {func(n int) string { return "a: " + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) }, 32},
		"parts of a file":  {func(n int) string { return "a: [" + many(n-3, "x", ",") + "]" }, 10_000},
	} {
		for n, over := range map[int]bool{c.most: false, c.most + 1: true} {
			found := yaml.Read(&source.Source{Name: "limits.yaml", Text: c.text(n)}).Errors()
			if strings.Contains(found.Text(), "E-LIMIT") != over || found.Failed() != over {
				t.Errorf("%d %s: %s", n, name, found.Text())
			}
		}
	}
}

// ruleOf checks a rule with that match and review date, as of 2026-04-01.
func ruleOf(t *testing.T, match, review string) source.Findings {
	t.Helper()
	zone, err := value.LoadZone("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	schema, errs := rules.ParseSchema(&source.Source{Name: "limits.yaml", Text: `apiVersion: malgrupp/v1
kind: EventSchema
metadata: {name: limits}
spec:
  columns:
    event_time: {type: timestamp, role: event_time}
    event:      {type: text, role: event_name}
    device_id:  {type: text, role: device}
    product:    {type: text}
    n:          {type: integer}
`})
	if errs != nil {
		t.Fatal(errs.Text())
	}
	today, _ := value.ParseDate("2026-04-01")
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{schema}, Zone: zone, AnyEvent: true, AsOf: today,
	}
	_, found := scope.Segment(&source.Source{Name: "limits.yaml", Text: `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: limits, owner: team, review_by: ` + review + `}
spec:
  purpose: analysis
  identity: device
  match: ` + match + `
  deliver: []
`})
	return found
}
