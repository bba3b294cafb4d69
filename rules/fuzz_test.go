package rules_test

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// FuzzWhere: what is accepted prints itself so that reading the print gives the same expression.
func FuzzWhere(f *testing.F) {
	rulestest.Seeds(f, func(name, text string) {
		if strings.HasPrefix(name, "out/") {
			return
		}
		for line := range strings.Lines(text) {
			if _, where, ok := strings.Cut(line, "where: "); ok {
				f.Add(strings.TrimSpace(where))
			} else {
				f.Add(strings.TrimSpace(line))
			}
		}
	})
	s, _ := rulestest.Scope(f, &txtar.Archive{})
	f.Fuzz(func(t *testing.T, text string) {
		e, errs := s.Where(&source.Source{Name: "where", Text: text})
		_ = errs.Text()
		if (e == nil) != errs.Failed() {
			t.Fatalf("%q gives %v and\n%s", text, e, errs.Text())
		}
		if e == nil || len(rules.Key(e)) > 4<<10 {
			return
		}
		again, errs := s.Where(&source.Source{Name: "printed", Text: rules.Key(e)})
		if errs.Failed() || !rules.Equal(e, again) {
			t.Fatalf("%q prints as %q, which reads as %v\n%s", text, rules.Key(e), again, errs.Text())
		}
	})
}

// FuzzDocument: no text makes the reader panic, nor what looks through rules, comments and edits, and every place lies
// in the text.
func FuzzDocument(f *testing.F) {
	rulestest.Seeds(f, func(_, text string) { f.Add(text) })
	s, _ := rulestest.Scope(f, &txtar.Archive{})
	f.Fuzz(func(t *testing.T, text string) {
		src := &source.Source{Name: "file", Text: text}
		seg, found := s.Segment(src)
		if (seg == nil) != found.Failed() {
			t.Fatalf("%q gives segment %v and\n%s", text, seg, found.Text())
		}
		_, errs := rules.ParseSchema(src)
		found = append(found, errs...)
		_, errs = rules.ParseValueSet(src)
		found = append(found, errs...)
		if seg != nil {
			found = append(found, lint.Rules(s, []*rules.Segment{seg})...)
		}
		found = lint.Allow(found, []*source.Source{src}, s.AsOf)
		_, _ = source.Fixed(src, found)
		for _, e := range found {
			if e.Span.Start < 0 || e.Span.End < e.Span.Start || e.Span.End > len(text) {
				t.Fatalf("%q: %s has the span %v of %d bytes", text, e.Code, e.Span, len(text))
			}
		}
		_ = found.Text()
	})
}

func TestAHostileFileIsRefusedQuickly(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		n := string(rune('0' + i))
		m := string(rune('1' + i))
		bomb.WriteString("a" + m + ": &a" + m + " [" + strings.Repeat("*a"+n+", ", 9) + "]\n")
	}
	files := map[string]string{
		"a nine-level alias bomb": bomb.String(),
		"deep brackets":           strings.Repeat("[", 200_000),
		"deep objects":            strings.Repeat("{a: ", 60_000),
		"many nodes in one line":  "a: [" + strings.Repeat("x,", 100_000) + "]",
		"a large file":            strings.Repeat("# comment\n", 30_000),
	}
	for name, text := range files {
		if found := yaml.Read(&source.Source{Name: "hostile", Text: text}).Errors(); !found.Failed() {
			t.Errorf("%s is accepted", name)
		}
	}
}
