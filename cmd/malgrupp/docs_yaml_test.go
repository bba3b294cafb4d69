package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// bank is what init --template bank makes, with the first rule of docs/rules.md: the project in which the YAML of
// documents is read.
type bank struct {
	*load.Loaded
	scope    *rules.Scope
	settings string
}

func TestEverySnippetOfADocumentIsValid(t *testing.T) {
	pages := documents(t)
	b := newBank(t, pages["docs/rules.md"])
	read := 0
	for name, text := range pages {
		for _, block := range blocksOf(text, "yaml") {
			if strings.Contains(block, "runs-on:") {
				continue // TestAWorkflowOfADocumentBringsTheProgramOfThisVersion
			}
			for _, piece := range pieces(block) {
				read++
				if err := b.try(t, piece); err != nil {
					t.Errorf("%s:\n%s%v", name, piece, err)
				}
			}
		}
	}
	if read < 30 {
		t.Errorf("only %d pieces of YAML found in the documents", read)
	}
}

func newBank(t *testing.T, page string) *bank {
	t.Helper()
	dir := t.TempDir()
	s := shell{dir, time.Date(2026, 4, 15, 6, 0, 0, 0, time.UTC)}
	init := "malgrupp init --protected none --template bank " + dir + "/b"
	if code, printed, err := s.run(init); code != 0 || err != nil {
		t.Fatal(code, printed, err)
	}
	rule := blocksOf(page, "yaml")[0]
	write(t, dir+"/b/segments/calculator-no-application.yaml", rule)
	today, _ := value.ParseDate("2026-04-15")
	l, err := load.Load(dir+"/b", "", today)
	if err != nil || l.Findings.Failed() {
		t.Fatal(err, l.Findings.Text())
	}
	settings, err := os.ReadFile(dir + "/b/" + load.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	return &bank{l, l.Scope(today), string(settings)}
}

var (
	topLine  = regexp.MustCompile(`(?m)^[^ #\n]`)
	firstKey = regexp.MustCompile(`(?m)^ *(?:- )?\{?([A-Za-z_]+):`)
)

// pieces are what is valid by itself: all of the block, or each of its keys where one stands several times.
func pieces(block string) []string {
	whole := yaml.Read(&source.Source{Name: "a block", Text: block})
	if !slices.ContainsFunc(whole.Errors(), func(f *source.Finding) bool { return f.Code == "E-DUPLICATE-KEY" }) {
		return []string{block}
	}
	starts := topLine.FindAllStringIndex(block, -1)
	var out []string
	for i, at := range starts {
		end := len(block)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		out = append(out, block[at[0]:end])
	}
	return out
}

// try reads a piece as what it is a part of; nil if it is right there.
func (b *bank) try(t *testing.T, piece string) error {
	src := &source.Source{Name: "a snippet", Text: piece}
	switch yaml.Read(src).KindOf() {
	case yaml.KindSegment:
		return b.segment(piece)
	case yaml.KindEventSchema:
		return failed(rules.ParseSchema(src))
	case yaml.KindValueSet:
		return failed(rules.ParseValueSet(src))
	case yaml.KindSegmentTest, yaml.KindConformanceSuite:
		return b.tests(t, src)
	}
	m := firstKey.FindStringSubmatch(piece)
	if m == nil {
		return fmt.Errorf("begins with no key")
	}
	switch key := m[1]; {
	case key == "match":
		return b.segment(head + indented(piece, 2))
	case key == "spec":
		return b.segment(strings.Replace(head, "spec:\n", piece, 1))
	case key == "where":
		return b.condition("did: any\nwithin: 30d\n" + piece)
	case key == "name":
		return b.tests(t, &source.Source{Name: "a snippet", Text: caseHead + piece})
	case key == "event":
		return failed(rules.ParseSchema(&source.Source{Name: "a snippet", Text: columnHead + piece}))
	}
	for _, v := range b.scope.Language.Verbs {
		if v.Name == m[1] {
			if slices.ContainsFunc(v.Clauses, func(c rules.Clause) bool {
				return c.Name == "within" && c.Needed && !strings.Contains(piece, "within:")
			}) {
				piece += "within: 30d\n"
			}
			return b.condition(piece)
		}
	}
	return b.project(piece)
}

const (
	head = `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: a-snippet, owner: team-home-loans, review_by: 2026-12-31}
spec:
  purpose: advertising
  identity: customer
  deliver: [files]
`
	caseHead = `apiVersion: malgrupp/v1
kind: SegmentTest
metadata: {name: a-snippet}
spec:
  segment: calculator-no-application
  as_of: 2026-04-15T00:00:00+03:00
  cases:
`
	columnHead = `apiVersion: malgrupp/v1
kind: EventSchema
metadata: {name: a-snippet}
spec:
  columns:
    event_time: {type: timestamp, role: event_time}
    device_id: {type: text, role: device}
`
)

// indented is a piece further to the right.
func indented(piece string, by int) string {
	var b strings.Builder
	for line := range strings.Lines(piece) {
		b.WriteString(strings.Repeat(" ", by) + line)
	}
	return b.String()
}

// condition reads a condition beside one that somebody seen fulfils.
func (b *bank) condition(text string) error {
	return b.segment(head + "  match:\n    all:\n    - {did: any, within: 30d}\n    -\n" + indented(text, 6))
}

func (b *bank) segment(text string) error {
	if !strings.Contains(text, "match:") && !strings.Contains(text, "spec:\n  match") {
		return fmt.Errorf("says nothing to match")
	}
	s, found := b.scope.Segment(&source.Source{Name: "a snippet", Text: text})
	if found.Failed() {
		return found
	}
	others := slices.DeleteFunc(slices.Clone(b.Segments), func(o *rules.Segment) bool { return o.Name == s.Name })
	return failed(rules.Order(append(others, s)))
}

func (b *bank) tests(t *testing.T, src *source.Source) error {
	s, found := suite.Parse(src, b.Loaded)
	if found.Failed() {
		return found
	}
	results, err := s.Run(t.Context())
	for _, r := range results {
		if err == nil && r.Status != suite.Passed {
			err = fmt.Errorf("case %s: %v", r.ID, r.Faults)
		}
	}
	return err
}

// project puts settings in the place of those that the bank has.
func (b *bank) project(piece string) error {
	text := b.settings
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+):`).FindAllStringSubmatch(piece, -1) {
		text = regexp.MustCompile(`(?m)^`+m[1]+`:.*\n(?:[ ].*\n|\n)*`).ReplaceAllString(text, "")
	}
	_, found := project.Read(&source.Source{Name: load.ProjectFile, Text: text + "\n" + piece}, "", load.Platforms())
	if found.Failed() {
		return found
	}
	return nil
}

// failed are findings with an error among them.
func failed[T any](_ T, found source.Findings) error {
	if found.Failed() {
		return found
	}
	return nil
}
