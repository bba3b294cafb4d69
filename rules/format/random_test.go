package format_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// A random rule is drawn as a tree and written as untidily as YAML allows: keys in any order, brackets or not, any
// indentation, any quotes, comments and blank lines anywhere.

// pair is a key with its value: a string (already spelt by the writer), []any or []pair.
type pair struct {
	key   string
	value any
}

// where is a condition as text, which the writer spells.
type where string

func drawCondition(t *rapid.T, depth int) []pair {
	event := rapid.SampledFrom([]any{"page_view", "calculator_used", "any", []any{"app_open", "login"}})
	window := rapid.SampledFrom([]any{
		"30d", "2w", "all", []pair{{"to", "7d"}, {"from", "14d"}}, []pair{{"from", "2026-03-01"}, {"before", "2026-04-01"}},
	})
	condition := rapid.SampledFrom([]where{
		"product = 'mortgage'", "product in ('card','fund')", "channel='a: b' or (amount>=3 and not amount = 5)",
		"channel = 'it''s'", "lower(channel) = \"x # y\"", "not(logged_in)", "local.hour between 8 and 17",
		"query_param( url , 'gclid' ) is not null", "channel = 'ä {b}'",
	})
	verb := "leaf"
	if depth < 3 {
		verb = rapid.SampledFrom([]string{"leaf", "leaf", "all", "any", "at_least_of", "metric", "first", "sequence"}).Draw(t,
			"verb")
	}
	children := func() []any {
		list := []any{drawCondition(t, depth+1)}
		for range rapid.IntRange(0, 2).Draw(t, "more") {
			list = append(list, drawCondition(t, depth+1))
		}
		return list
	}
	leaf := []pair{{"did", event.Draw(t, "event")}, {"within", window.Draw(t, "window")}}
	if rapid.Bool().Draw(t, "where?") {
		leaf = append(leaf, pair{"where", condition.Draw(t, "where")})
	}
	switch verb {
	case "all", "any":
		return []pair{{verb, children()}}
	case "at_least_of":
		return []pair{{verb, []pair{{"of", children()}, {"count", "1"}}}}
	case "metric":
		return append([]pair{
			{"metric", "sum(amount)"},
			{"of", leaf[0].value},
			{"at_least", rapid.SampledFrom([]string{"3", "0.30"}).Draw(t, "bound")},
		}, leaf[1:]...)
	case "first":
		return append([]pair{{"first", leaf[0].value}, {"has", condition.Draw(t, "has")}}, leaf[1:]...)
	case "sequence":
		step := []pair{{"did", "login"}, {"within_previous", "2h"}}
		return []pair{{"sequence", []any{[]pair{leaf[0]}, step, []pair{{"then_not", "app_open"}, {"for", "1d"}}}}, leaf[1]}
	}
	return append(leaf, pair{"at_least", rapid.SampledFrom([]string{"1", "3"}).Draw(t, "count")})
}

func drawRule(t *rapid.T) []pair {
	return []pair{
		{"apiVersion", "malgrupp/v1"},
		{"kind", "Segment"},
		{"metadata", []pair{
			{"name", "random-rule"},
			{"owner", "team-home-loans"},
			{"review_by", "2026-12-31"},
			{
				"title",
				rapid.SampledFrom([]string{"Home loans", "yes", "a, b", "it's: #1", "- x", "ä \"b\" \\", "14d"}).Draw(t, "title"),
			},
			{"tags", []any{"'30'", "a"}},
		}},
		{"spec", []pair{
			{"purpose", "advertising"},
			{"identity", "device"},
			{"match", drawCondition(t, 0)},
			{"deliver", []any{}},
			{"holdout", []pair{{"percent", "10"}, {"salt", "spring"}}},
		}},
	}
}

// scribe writes a tree.
type scribe struct {
	t        *rapid.T
	out      strings.Builder
	comments int
}

func (s *scribe) often(of int, label string) bool { return rapid.IntRange(0, of).Draw(s.t, label) == 0 }

// mark returns a comment that no other is equal to.
func (s *scribe) mark() string {
	s.comments++
	return fmt.Sprintf("# c%d ä.", s.comments)
}

func (s *scribe) between(indent int) {
	for s.often(5, "line between") {
		if s.often(1, "blank") {
			s.out.WriteString("\n")
		} else {
			s.out.WriteString(strings.Repeat(" ", max(0, indent+rapid.IntRange(-2, 3).Draw(s.t, "shift"))) + s.mark() + "\n")
		}
	}
}

func (s *scribe) end() {
	if s.often(6, "beside") {
		s.out.WriteString(" " + s.mark())
	}
	s.out.WriteString("\n")
}

// text spells a text as a scalar.
func (s *scribe) text(v string, flow bool) string {
	if strings.HasPrefix(v, "'") {
		return v
	}
	awkward := strings.ContainsAny(v, "\"\\#") || strings.Contains(v, ": ") || strings.HasPrefix(v, "-") || flow &&
		strings.ContainsAny(v, ",[]{}")
	quote := rapid.IntRange(0, 2).Draw(s.t, "quotes")
	_, number := value.ParseNumber(v)
	switch {
	case number, !awkward && quote == 0 && v != "yes":
		return v
	case quote == 1 && !strings.ContainsAny(v, "\"\\"):
		return `"` + v + `"`
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

func (s *scribe) flow(v any) string {
	var parts []string
	switch v := v.(type) {
	case []any:
		for _, m := range v {
			parts = append(parts, s.flow(m))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case []pair:
		for _, p := range rapid.Permutation(v).Draw(s.t, "order") {
			parts = append(parts, p.key+": "+s.flow(p.value))
		}
		return "{" + strings.Join(parts, " , ") + "}"
	case where:
		return s.text(string(v), true)
	}
	return s.text(v.(string), true)
}

// value writes what stands behind a key or dash, from the blank on, to the end of the line.
func (s *scribe) value(v any, indent int, dash bool) {
	if text, ok := v.(where); ok && s.often(2, "block") {
		s.out.WriteString(" |")
		s.end()
		s.out.WriteString(strings.Repeat(" ", indent+7) +
			strings.ReplaceAll(string(text), " or ", "\n"+strings.Repeat(" ", indent+9)+"or ") + "\n")
		return
	}
	list, isList := v.([]any)
	object, isObject := v.([]pair)
	switch {
	case !isList && !isObject:
		text, ok := v.(string)
		if !ok {
			text = string(v.(where))
		}
		s.out.WriteString(" " + s.text(text, false))
		s.end()
	case len(list)+len(object) == 0, s.often(4, "brackets"):
		s.out.WriteString(" " + s.flow(v))
		s.end()
	case isObject && dash:
		s.object(object, indent+2, " ")
	case isObject:
		s.end()
		s.object(object, indent+rapid.IntRange(1, 4).Draw(s.t, "indent"), "")
	default:
		s.end()
		indent += rapid.IntRange(0, 3).Draw(s.t, "indent")
		for _, m := range list {
			s.between(indent)
			s.out.WriteString(strings.Repeat(" ", indent) + "-")
			s.value(m, indent, true)
		}
	}
}

// object writes keys; lead, if any, stands before the first of them.
func (s *scribe) object(o []pair, indent int, lead string) {
	for i, p := range rapid.Permutation(o).Draw(s.t, "order") {
		if i > 0 || lead == "" {
			s.between(indent)
			lead = strings.Repeat(" ", indent)
		}
		s.out.WriteString(lead + p.key + ":")
		s.value(p.value, indent, false)
		lead = ""
	}
}

func TestARandomRuleKeepsItsMeaningAndItsCommentsWhenItIsFormatted(t *testing.T) {
	sc, _ := rulestest.Scope(t, &txtar.Archive{})
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		s := &scribe{t: t}
		s.object(drawRule(t), 0, "")
		s.between(0)
		text := s.out.String()
		if s.often(3, "crlf") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		before, found := sc.Segment(&source.Source{Name: "untidy.yaml", Text: text})
		once, ok := formatTwice(t, "untidy.yaml", text)
		if !ok {
			t.Fatalf("%s\nis not formatted\n%s", text, found.Text())
		}
		for i := range s.comments {
			if c := fmt.Sprintf("# c%d ä.", i+1); strings.Count(once, c) != 1 {
				t.Fatalf("%s\nloses %s:\n%s", text, c, once)
			}
		}
		if before == nil {
			return
		}
		accepted++
		after, found := sc.Segment(&source.Source{Name: "tidy.yaml", Text: once})
		if after == nil || after.Hash != before.Hash {
			t.Fatalf("%s\nmeans something else than\n%s\n%s", text, once, found.Text())
		}
	})
	if accepted < 10 {
		t.Fatalf("only %d of the rules were accepted", accepted)
	}
}
