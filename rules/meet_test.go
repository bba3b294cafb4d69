package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/sets"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// small is a world of rows: every column with its values, of which the first is null.
var small = map[string][]value.Value{
	"path": texts("", "/", "/a", "/ab", "/a/b", "a", "B", "ä", "/Ab",
		"https://h.ex/a", "https://H.ex?k=v", "a\nb", "\xff"),
	"kind":   texts("x", "y", "zz"),
	"amount": numbers(value.Decimal, -999, -1, 0, 1, 250, 500, 501, 999),
	"visits": numbers(value.Integer, -1, 0, 1, 2, 3),
	"flag":   numbers(value.Boolean, 0, 1),
	"on":     numbers(value.Date, 20000, 20001, 20002),
	"score":  {{}, {Kind: value.Float}, {Kind: value.Float, Float: 0.5}, {Kind: value.Float, Float: -2}},
}

func texts(list ...string) []value.Value {
	out := []value.Value{{}}
	for _, t := range list {
		out = append(out, value.Value{Kind: value.Text, Text: t})
	}
	return out
}

func numbers(kind value.Kind, list ...int64) []value.Value {
	out := []value.Value{{}}
	for _, n := range list {
		out = append(out, value.Value{Kind: kind, Int: n})
	}
	return out
}

func smallScope() *rules.Scope {
	columns := []rules.Column{
		{Name: "path", Type: value.Type{Kind: value.Text}, Optional: true},
		{Name: "kind", Type: value.Type{Kind: value.Text}, Optional: true, Enum: []string{"x", "y", "zz"}},
		{Name: "amount", Type: value.Type{Kind: value.Decimal, Precision: 3, Scale: 2}, Optional: true},
		{Name: "visits", Type: value.Type{Kind: value.Integer}, Optional: true},
		{Name: "flag", Type: value.Type{Kind: value.Boolean}, Optional: true},
		{Name: "on", Type: value.Type{Kind: value.Date}, Optional: true},
		{Name: "score", Type: value.Type{Kind: value.Float}, Optional: true},
	}
	return &rules.Scope{Language: builtin.Language(), Schemas: []*rules.Schema{{Name: "small", Columns: columns}}}
}

// phrases of tests, a blank after each `not` that may be left out.
var smallTests = []string{
	"path = '/a'", "path in ('/a', '/ab', 'B')",
	"path starts_with '/'", "path starts_with '/a'", "path starts_with ''",
	"path ends_with 'b'", "path contains 'a'", "path contains '/a/'", "path matches '/[a-z]*'", "path matches '.*'",
	"path matches 'a|ä'", "path < '/a'", "path >= '/a'", "path between '/' and '/a'", "path is null",
	"lower(path) = '/ab'",
	"lower(path) = '/Ab'", "lower(path) starts_with '/a'", "length(path) > 3", "length(path) < 0",
	"length(path) in (1, 2)",
	"host(path) = 'h.ex'", "host(path) is null", "host(path) = 'H.ex'", "path(path) = '/a'", "path(path) contains '?'",
	"query_param(path, 'k') = 'v'", "query_param(path, 'k') is null", "lower(path) is null",
	"kind = 'x'", "kind in ('x', 'y')", "kind in ('x', 'y', 'zz')", "kind starts_with 'z'",
	"kind contains 'q'", "kind is null",
	"lower(kind) = 'x'", "length(kind) = 2", "length(kind) > 1", "lower(kind) != 'x'",
	"amount = 2.5", "amount = 2.505", "amount < 5", "amount >= 5", "amount > 9.99", "amount <= 9.99",
	"amount between 0 and 2.5",
	"amount in (0, 0.01)", "amount > 5.005", "amount < -20", "amount is null",
	"visits = 1", "visits < 1", "visits > 0.5", "visits in (0, 1, 2)", "visits between 1 and 2", "visits is null",
	"flag", "flag = false", "flag is true", "flag is false", "flag is null", "flag in (true, false)",
	"on = date '2024-10-05'", "on < date '2024-10-05'", "on >= date '2024-10-05'", "score < 0.5",
	"score >= 0.5", "score = 0",
}

// smallWhere draws a condition of up to four tests.
func smallWhere(t *rapid.T, s *rules.Scope) rules.Expr {
	var write func(tests int) string
	write = func(tests int) string {
		if tests == 1 {
			test := rapid.SampledFrom(smallTests).Draw(t, "test")
			if rapid.Bool().Draw(t, "not") {
				return "not (" + test + ")"
			}
			return test
		}
		left := rapid.IntRange(1, tests-1).Draw(t, "left")
		joint := rapid.SampledFrom([]string{" and ", " or "}).Draw(t, "joint")
		return "(" + write(left) + joint + write(tests-left) + ")"
	}
	text := write(rapid.IntRange(1, 4).Draw(t, "tests"))
	e, found := s.Where(&source.Source{Name: "small", Text: text})
	if found.Failed() {
		t.Fatalf("%s\n%s", text, found.Text())
	}
	return e
}

// truths are what conditions are on every row of the small world, as far as they read it.
func truths(t *rapid.T, all ...rules.Expr) (out [][]value.Truth) {
	tests := map[*rules.Test]func(value.Value, bool) value.Truth{}
	var columns []string
	for _, e := range all {
		columns = append(columns, rules.Columns(e)...)
		for test := range rules.Tests(e) {
			run, err := builtin.CompileTest(test, nil)
			if err != nil {
				t.Fatal(err)
			}
			tests[test] = run
		}
	}
	slices.Sort(columns)
	row := map[string]value.Value{}
	var fill func(columns []string)
	fill = func(columns []string) {
		if len(columns) == 0 {
			var one []value.Truth
			for _, e := range all {
				one = append(one, rules.Truth(e, func(test *rules.Test) value.Truth {
					v := row[test.Term.Column]
					return tests[test](v, v.Kind == 0)
				}))
			}
			out = append(out, one)
			return
		}
		for _, v := range small[columns[0]] {
			row[columns[0]] = v
			fill(columns[1:])
		}
	}
	fill(slices.Compact(columns))
	return out
}

// What is said to exclude one another, to hold never, always or wherever another condition does, really does so on
// every row of a small world, missing values and texts that are not UTF-8 among them. Of texts of several lines alone
// it may be wrong that a condition always holds.
func TestWhatIsSaidOfConditionsIsSoOnEveryRow(t *testing.T) {
	s := smallScope()
	words := s.Vocabulary()
	rapid.Check(t, func(t *rapid.T) {
		a, b := smallWhere(t, s), smallWhere(t, s)
		row, answer := words.Meet(a, b)
		within, always := words.Within(a, b), words.Always(a)
		for _, truth := range truths(t, a, b) {
			switch {
			case answer == sets.None && truth[0] == value.True && truth[1] == value.True:
				t.Fatalf("a row passes both %s and %s", rules.Key(a), rules.Key(b))
			case within && truth[0] == value.True && truth[1] != value.True:
				t.Fatalf("a row passes %s and not %s", rules.Key(a), rules.Key(b))
			case always && truth[0] == value.False && !strings.Contains(rules.Key(a), "matches"):
				t.Fatalf("a row fails %s", rules.Key(a))
			}
		}
		if answer == sets.Some {
			checkRow(t, row, a, b)
		}
	})
}

// checkRow proves a row that is shown where it says what the columns are: then both conditions are true of it.
func checkRow(t *rapid.T, row rules.Row, all ...rules.Expr) {
	values := map[string]value.Value{}
	for _, c := range row {
		if c.Term.Function != "" {
			return
		}
		if !c.Null {
			values[c.Term.Column] = c.Value
		}
	}
	for _, e := range all {
		truth := rules.Truth(e, func(test *rules.Test) value.Truth {
			if !slices.ContainsFunc(row, func(c rules.Cell) bool { return c.Term.Column == test.Term.Column }) {
				return value.Unknown
			}
			run, err := builtin.CompileTest(test, nil)
			if err != nil {
				t.Fatal(err)
			}
			v := values[test.Term.Column]
			return run(v, v.Kind == 0)
		})
		if truth != value.True {
			t.Fatalf("%v does not pass %s", row, rules.Key(e))
		}
	}
}

// Every function's results lie in what it says of them.
func FuzzResultsLieInWhatFunctionsSayOfThem(f *testing.F) {
	for _, text := range []string{"https://[2001:DB8::1]:80/a?b=c#d", "http://[A:1", "//x", "a://b@C:9", "\xff", "ŸÀ"} {
		f.Add(text, "b")
	}
	words := smallScope().Vocabulary()
	f.Fuzz(func(t *testing.T, text, key string) {
		for _, name := range []string{"host", "path", "query_param", "lower", "length"} {
			function := words.Function(name)
			v, ok := function.Apply(value.Value{Kind: value.Text, Text: text}, key)
			if !ok {
				continue
			}
			said := fmt.Sprintf("%s(path) = %s", name, v.Literal(function.Result))
			test := &rules.Test{
				Term: rules.Term{Column: "path", Function: name, Key: key, Type: function.Result}, Op: where.OpEqual,
				Args: []value.Value{v},
			}
			if words.Never(test) {
				t.Errorf("%s is said never to hold, and it does for %q", said, text)
			}
		}
	})
}
