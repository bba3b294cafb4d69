package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
)

// writeLanguage writes the dictionary of the rule language; its examples run as tests in rules/builtin.
func writeLanguage(w io.Writer) {
	fmt.Fprint(w, "<!-- made by `make docs` from rules/builtin; do not edit -->\n\n"+
		"# Verbs, metrics, operators and functions\n\n"+
		"What can stand in a rule. [rules.md](rules.md) explains how to write one. Every example on this page runs as a "+
		"test.\n")
	writeVerbs(w)
	writeMetrics(w)
	writeOperators(w)
	writeFunctions(w)
}

func writeVerbs(w io.Writer) {
	fmt.Fprint(w,
		"\n## Verbs\n\nOne condition has exactly one verb.\n\n| verb | keys beside it | meaning |\n|---|---|---|\n")
	for _, v := range builtin.Verbs() {
		var beside []string
		for _, c := range v.Clauses {
			text := "`" + c.Name + "`"
			if c.Needed {
				text += " (required)"
			}
			beside = append(beside, text)
		}
		if v.Comparators {
			beside = append(beside, "one of `at_least`, `at_most`, `exactly`, `more_than`, `less_than`")
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", v.Name, strings.Join(beside, ", "), cell(v.Doc))
	}
}

func writeMetrics(w io.Writer) {
	fmt.Fprint(w, "\n## Metrics\n\n"+
		"What `metric:` measures over the matching events; with *ranks* it may also order people in `top` and `cap`.\n\n"+
		"| metric | of a column that is | ranks | meaning |\n|---|---|---|---|\n")
	for _, a := range builtin.Aggregates() {
		call, of, ranks := a.Name+"()", "", "no"
		if a.Of != nil {
			call, of = a.Name+"(column)", kinds(a.Of)
		}
		if a.Ranks {
			ranks = "yes"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", call, of, ranks, cell(a.Doc))
	}
}

func writeOperators(w io.Writer) {
	fmt.Fprint(w,
		"\n## Operators of `where`\n\nA row passes only if its condition is true. Unknown is not true, and `not` leaves "+
			"it unknown.\n")
	for _, o := range builtin.Operators() {
		fmt.Fprintf(w, "\n### `%s`\n\n%s\n\n| condition | where x is | result |\n|---|---|---|\n", o.Name, o.Doc)
		for _, e := range o.Examples {
			fmt.Fprintf(w, "| `%s` | `%s` | %s |\n", cell(e.Where), cell(e.Value), truthWord[e.Truth])
		}
	}
}

var truthWord = map[value.Truth]string{value.True: "true", value.False: "false", value.Unknown: "unknown"}

func writeFunctions(w io.Writer) {
	fmt.Fprint(w,
		"\n## Functions of `where`\n\nA function stands left of an operator: `host(referrer) = 'news.example'`. Of a "+
			"missing value it is missing.\n")
	for _, f := range builtin.Functions() {
		call := f.Name + "(column)"
		switch {
		case f.Implicit:
			call = f.Name
		case f.HasKey:
			call = f.Name + "(column, 'key')"
		}
		fmt.Fprintf(w, "\n### `%s`\n\n%s\n\n", call, f.Doc)
		if !f.Implicit {
			fmt.Fprintf(w, "Takes a column that is %s; the result is %s.\n\n", kinds(f.Of), f.Result)
		}
		fmt.Fprint(w, "| of | result |\n|---|---|\n")
		for _, e := range f.Examples {
			of := "`" + cell(e.Of) + "`"
			if e.Key != "" {
				of += ", key `" + cell(e.Key) + "`"
			}
			if e.Zone != "" {
				of += " in " + e.Zone
			}
			fmt.Fprintf(w, "| %s | `%s` |\n", of, cell(e.Result))
		}
	}
}

func kinds(of []value.Kind) string {
	names := make([]string, len(of))
	for i, k := range of {
		names[i] = strings.TrimSuffix(value.Type{Kind: k}.String(), "(0,0)")
	}
	return strings.Join(names, ", ")
}

// cell makes a text safe inside a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
