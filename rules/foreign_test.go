package rules_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
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

// Whoever follows a proposal for a condition has a condition: of each in the golden files that is a whole test.
func TestWhatIsProposedForAConditionIsOne(t *testing.T) {
	followed := 0
	rulestest.Each(t, "rules", func(t *testing.T, file string, archive *txtar.Archive) {
		if !strings.Contains(file, "meant_") {
			return
		}
		scope, _ := rulestest.Scope(t, &txtar.Archive{})
		for _, f := range archive.Files {
			for _, m := range proposed.FindAllStringSubmatch(string(f.Data), -1) {
				text := m[1]
				if strings.HasSuffix(text, "...") || !strings.ContainsAny(text, "=<>'") && !strings.Contains(text, " is ") ||
					f.Name != "out/errors" {
					continue
				}
				followed++
				if _, found := scope.Where(&source.Source{Name: "the proposal", Text: text}); found.Failed() {
					t.Errorf("%s\n%s", text, found.Text())
				}
			}
		}
	})
	if followed < 40 {
		t.Errorf("only %d proposals found", followed)
	}
}

// proposed are the proposals that begin with a column, or a function of one.
var proposed = regexp.MustCompile(`(?m)^  fix: (\(?(?:[a-z]+\()?` +
	`(?:local\.\w+|channel|amount|product|page_path|url|opens_at|opened_on|logged_in)\b[^\n]*?)` +
	`(?: {8}\(malgrupp validate --fix\))?$`)
