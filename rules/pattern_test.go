package rules_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

func TestPatternsBeyondTheSubsetAreRefused(t *testing.T) {
	for _, pattern := range []string{
		`\Ba`, `(?m)^a$`, `(?i)a`, `(?P<x>a)`, `(?<x>a)`, `a*?`, `a+?`, `a??`, `a{2,3}?`, `(a*)*`, `(a*){3}`, `(a{1,3})*`,
		`(ab?c+)+`,
		`a{101}`, `\pL`, `\p{Greek}`, `\Qa\E`, `\C`, `(`, strings.Repeat("a", 201), `a{0,50}{0,50}`,
	} {
		if rules.CheckPattern(pattern) == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
	for _, pattern := range []string{
		``, `a`, `/lainat/[a-z]+`, `(\d{1,3}\.){3}\d{1,3}`, `a|b|(?:cd)+`, `^a$`, `[^/]*\bx`, `\(?`, `(ab)?c*`, `ä.*`,
		strings.Repeat("a", 200),
	} {
		if err := rules.CheckPattern(pattern); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func TestAByteOrderMarkBelongsToNoColumn(t *testing.T) {
	_, found := rules.ParseSchema(&source.Source{Name: "a.yaml", Text: "\ufeffkind: EventSchema\n"})
	if place := found[0].Source.Position(found[0].Span.Start); place != (source.Position{Line: 1, Column: 1}) {
		t.Errorf("the first finding stands at %v", place)
	}
}
