package e2e_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// wording is one expression that DuckDB is asked, and what the plain meaning says.
type wording struct{ what, expression, want string }

// ask puts expressions in one statement each and compares the answers.
func ask(t *testing.T, wordings []wording) {
	t.Helper()
	db := openDuckDB(t)
	const batch = 200
	for len(wordings) > 0 {
		n := min(batch, len(wordings))
		var columns []string
		for _, q := range wordings[:n] {
			columns = append(columns, "("+q.expression+")")
		}
		row := must(db.Query("SELECT " + strings.Join(columns, ",\n")))(t)[0]
		for i, q := range wordings[:n] {
			if got := written(row[i]); got != q.want {
				t.Errorf("%s: duckdb says %s, want %s\n%s", q.what, got, q.want, q.expression)
			}
		}
		wordings = wordings[n:]
	}
}

// written is an answer as text; JSON has one kind of number.
func written(answer any) string {
	switch v := answer.(type) {
	case nil:
		return "null"
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprint(answer)
}

func outcome(v value.Value, ok bool) string {
	switch {
	case !ok:
		return "null"
	case v.Kind == value.Text:
		return v.Text
	}
	return fmt.Sprint(v.Int)
}

var truths = map[value.Truth]string{value.True: "true", value.False: "false", value.Unknown: "null"}

// literalOf reads a literal of an example as a test of its column holds it.
func literalOf(t *testing.T, text string, kind value.Kind) value.Value {
	t.Helper()
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{
			{Name: "one", Columns: []rules.Column{{Name: "x", Type: value.Type{Kind: kind, Precision: 18, Scale: 4}}}},
		},
	}
	e, found := scope.Where(&source.Source{Text: "x = " + text})
	if found.Failed() {
		t.Fatalf("%s is no literal: %v", text, found)
	}
	return e.(*rules.Test).Args[0]
}

// sqlOf is a literal with its type, so that a function of a null has one.
func sqlOf(v value.Value, null bool, kind value.Kind) string {
	types := map[value.Kind]string{value.Text: "VARCHAR", value.Boolean: "BOOLEAN", value.Float: "DOUBLE"}
	name := types[kind]
	if name == "" {
		name = "BIGINT"
	}
	if null {
		return "CAST(NULL AS " + name + ")"
	}
	return "CAST(" + sql.DuckDB.Literal(v) + " AS " + name + ")"
}

var zones = []string{"Europe/Helsinki", "UTC", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"}

func zone(t *testing.T, name string) *value.Zone {
	t.Helper()
	if name == "" {
		name = "UTC"
	}
	return must(value.LoadZone(name))(t)
}

func TestDuckDBFindsWhatTheExamplesOfFunctionsSay(t *testing.T) {
	var wordings []wording
	for _, f := range builtin.Functions() {
		for _, e := range f.Examples {
			v, z := literalOf(t, e.Of, f.Of[0]), zone(t, e.Zone)
			result, ok := f.Row(v, e.Key, z)
			clock := sql.DuckDB.Clock(z, math.MinInt32*1_000_000, 4e15)
			wordings = append(wordings,
				wording{f.Name + " of " + e.Of, f.SQL(sql.DuckDB, sqlOf(v, false, f.Of[0]), e.Key, clock), outcome(result, ok)})
		}
	}
	ask(t, wordings)
}

func TestDuckDBFindsWhatTheExamplesOfOperatorsSay(t *testing.T) {
	var wordings []wording
	for _, o := range builtin.Operators() {
		for _, e := range o.Examples {
			test, kind := exampleTest(t, e.Where)
			null := e.Value == "null"
			var v value.Value
			if !null {
				v = literalOf(t, e.Value, kind)
			}
			text := must(builtin.CompileSQL(test, sql.DuckDB, sqlOf(v, null, kind), sql.Clock{}))(t)
			wordings = append(wordings, wording{e.Where + " of " + e.Value, text, truths[e.Truth]})
		}
	}
	ask(t, wordings)
}

// exampleTest reads the `where` of an example with the kind of column it fits.
func exampleTest(t *testing.T, where string) (*rules.Test, value.Kind) {
	t.Helper()
	for _, kind := range []value.Kind{value.Text, value.Decimal, value.Boolean, value.Date, value.Timestamp} {
		scope := &rules.Scope{
			Language: builtin.Language(), Schemas: []*rules.Schema{
				{Name: "one", Columns: []rules.Column{{Name: "x", Type: value.Type{Kind: kind, Precision: 18, Scale: 4}}}},
			},
		}
		if e, found := scope.Where(&source.Source{Text: where}); !found.Failed() {
			return e.(*rules.Test), kind
		}
	}
	t.Fatalf("%s fits no kind of column", where)
	return nil, 0
}

// awkward are texts that take functions of texts to their corners.
var awkward = rapid.OneOf(
	rapid.StringOfN(rapid.SampledFrom([]rune("a/?#&=:@[].b%Aä K\u212aİſ'\\-_0\n\u0301😀")), 0, 24, -1),
	rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{
		"https", "://", "/", "user@", "Bank.Example", ":80", "[::1]", "?", "#", "&", "p=1", "p", "=", "q", "äÖ",
	}), 0, 8), func(p []string) string { return strings.Join(p, "") }),
)

func TestDuckDBFindsWhatFunctionsSayOfRandomValues(t *testing.T) {
	t.Parallel()
	var wordings []wording
	for _, f := range builtin.Functions() {
		for i := range 150 {
			key := ""
			if f.HasKey {
				key = rapid.SampledFrom([]string{"p", "q", "", "a", "=", "&", "ä", "pq"}).Example(i)
			}
			v := value.Value{Kind: value.Text, Text: awkward.Example(i)}
			z := zone(t, zones[i%len(zones)])
			if f.Implicit {
				v = value.Value{Kind: value.Timestamp, Int: rapid.Int64Range(-1e15, 3e15).Example(i)}
			}
			result, ok := f.Row(v, key, z)
			wordings = append(wordings, wording{
				fmt.Sprintf("%s(%q, %q) in %s", f.Name, v.Text, key, z.Name()),
				f.SQL(sql.DuckDB, sqlOf(v, false, f.Of[0]), key, sql.DuckDB.Clock(z, -1e15, 3e15)), outcome(result, ok),
			})
		}
	}
	ask(t, wordings)
}

func TestDuckDBFindsWhatOperatorsSayOfRandomTexts(t *testing.T) {
	patterns := []string{
		`a+`, `[a-c/]*`, `(?:a|ab)b?`, `.`, `[^/]+/.*`, `\d{1,3}`, `a\.b`, `\w*\b.*`, `[äÖ]+`, `(a|b){2}`, `\S+`, `x?`,
		`\[.\]`, `[^a]`, `a$`, `^a`,
	}
	var wordings []wording
	for _, o := range builtin.Operators() {
		if o.Op == where.OpIsTrue || o.Op == where.OpIsFalse {
			continue
		}
		for i := range 80 {
			test := &rules.Test{Term: rules.Term{Column: "x", Type: value.Type{Kind: value.Text}}, Op: o.Op, Not: i%3 == 0}
			n := map[where.Op]int{where.OpBetween: 2, where.OpIsNull: 0, where.OpIn: i % 4}
			args, fixed := n[o.Op]
			if !fixed {
				args = 1
			}
			for k := range args {
				test.Args = append(test.Args, value.Value{Kind: value.Text, Text: awkward.Example(7*i + k)})
			}
			if o.Op == where.OpMatches {
				test.Args[0].Text = patterns[i%len(patterns)]
			}
			v := value.Value{Kind: value.Text, Text: awkward.Example(i)}
			row := must(builtin.CompileTest(test, nil))(t)
			wordings = append(wordings,
				wording{
					fmt.Sprintf("%s of %q", test, v.Text),
					must(builtin.CompileSQL(test, sql.DuckDB, sqlOf(v, false, value.Text), sql.Clock{}))(t), truths[row(v, false)],
				},
				wording{
					fmt.Sprintf("%s of null", test),
					must(builtin.CompileSQL(test, sql.DuckDB, sqlOf(v, true, value.Text), sql.Clock{}))(t), truths[row(v, true)],
				})
		}
	}
	ask(t, wordings)
}
