package rules_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// What is proposed for a word of another tool must be a word of ours.
func TestForeignWordsMeanWordsOfTheLanguage(t *testing.T) {
	l := builtin.Language()
	ours := append(strings.Fields("text integer float boolean timestamp event_time event_name customer device"),
		strings.FieldsFunc(where.OperatorWords, func(r rune) bool { return r == ' ' || r == ',' })...)
	ours = append(ours, "and", "or", "not")
	for _, v := range l.Verbs {
		ours = append(append(ours, v.Name), v.Beside()...)
	}
	for _, f := range l.Functions {
		ours = append(append(ours, f.Name), f.Names...)
	}
	for _, a := range l.Aggregates {
		ours = append(ours, a.Name)
	}
	var walk func(s *yaml.Shape, depth int)
	walk = func(s *yaml.Shape, depth int) {
		if s == nil || depth > 8 {
			return
		}
		ours = append(append(ours, s.Words...), s.All()...)
		for _, k := range s.Keys {
			walk(k.Shape, depth+1)
		}
		for _, of := range append(s.Either, s.Each, s.Names) {
			walk(of, depth+1)
		}
	}
	for _, kind := range []string{yaml.KindSegment, yaml.KindSegmentTest, yaml.KindEventSchema, yaml.KindValueSet} {
		ours = append(ours, kind)
		walk(rules.FileKeys(kind, l), 0)
	}
	ours = append(ours, yaml.KindConformanceSuite)
	text, err := os.ReadFile("source/foreign.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		word, _, ok := strings.Cut(strings.TrimSpace(line), ": ")
		word = strings.TrimPrefix(word, "not ")
		if ok && !strings.HasPrefix(word, "#") && !slices.Contains(ours, word) {
			t.Errorf("%q is not a word of rules", word)
		}
	}
}
