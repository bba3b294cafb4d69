package rules_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// workedExamples returns the diagnostics that the vectors folder shows, without the three characters before each line.
func workedExamples(t *testing.T) []string {
	_, section, ok := strings.Cut(rulestest.Vectors(t, "rules/spec.md"), "## 5. Diagnostics")
	_, block, found := strings.Cut(section, "```\n")
	block, _, closed := strings.Cut(block, "```")
	if !ok || !found || !closed {
		t.Fatal("the vectors folder has no block of worked examples")
	}
	var examples []string
	for example := range strings.SplitSeq(strings.TrimRight(block, "\n"), "\n\n") {
		var b strings.Builder
		for line := range strings.SplitSeq(example, "\n") {
			b.WriteString(line[min(3, len(line)):] + "\n")
		}
		examples = append(examples, b.String())
	}
	return examples
}

func TestDiagnosticsReadExactlyAsInTheWorkedExamples(t *testing.T) {
	var rendered []string
	for _, file := range rulestest.Cases(t, "rules") {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		errors, _ := rulestest.Check(t, archive)
		rendered = append(rendered, errors)
	}
	rendered = append(rendered, shortCycle(t))
	for i, want := range workedExamples(t) {
		code := regexp.MustCompile(`\[[EW]-[A-Z-]+\]`).FindString(want)
		found, best := false, ""
		for _, got := range rendered {
			found = found || got == want
			if strings.Contains(got, code) && best == "" {
				best = got
			}
		}
		if !found {
			t.Errorf("no case gives example %d:\n%s\nnearest:\n%s", i+1, want, best)
		}
	}
}

// shortCycle is the cycle of the worked examples, whose names are too short for files.
func shortCycle(t *testing.T) string {
	t.Helper()
	s, _ := rulestest.Scope(t, &txtar.Archive{})
	var segs []*rules.Segment
	for _, f := range []struct {
		name, to string
		line     int
	}{{"a", "b", 5}, {"b", "c", 8}, {"c", "a", 5}} {
		text := strings.Repeat("\n", f.line-1) + "  match: {in_segment: " + f.to + "}\n"
		d := yaml.Read(&source.Source{Name: "segments/" + f.name + ".yaml", Text: text})
		seg, errs := s.Spec(f.name, d.Root())
		if errs != nil {
			t.Fatal(errs.Text())
		}
		segs = append(segs, seg)
	}
	_, errs := rules.Order(segs)
	return errs.Text()
}

const suiteSchema = `apiVersion: malgrupp/v1
kind: EventSchema
metadata: {name: suite}
spec:
  columns:
    event_time: {type: timestamp, role: event_time}
    device_id: {type: text, role: device}
    event: {type: text, role: event_name}
    product: {type: text, optional: true}
    campaign: {type: text, optional: true}
    page_path: {type: text, optional: true}
    channel: {type: text, optional: true}
    status: {type: text, optional: true}
    amount: {type: decimal(18,2), optional: true}
`

func TestEveryRuleOfTheConformanceSuiteIsAcceptedOrRefusedAsItSays(t *testing.T) {
	src := &source.Source{Name: "rules/conformance.yaml", Text: rulestest.Vectors(t, "rules/conformance.yaml")}
	d := yaml.Read(src)
	envelope, ok := d.Envelope(yaml.KindConformanceSuite)
	if !ok {
		t.Fatal(d.Errors().Text())
	}
	s, _ := rulestest.Scope(t, &txtar.Archive{
		Files: []txtar.File{{Name: "schemas/suite.yaml", Data: []byte(suiteSchema)}},
	})
	s.AnyEvent = true
	cases, _ := envelope.Top.Find("cases")
	members, _ := cases.List()
	if len(members) == 0 {
		t.Fatal("the suite has no cases")
	}
	for _, member := range members {
		c, _ := member.Object("case")
		id, _ := c.Find("id")
		name, _ := id.Text()
		t.Run(name, func(t *testing.T) {
			want := ""
			if n, ok := c.Find("expect_error"); ok {
				want, _ = n.Text()
			}
			checkCase(t, s, c, strings.ToLower(name), want)
		})
	}
}

func checkCase(t *testing.T, s *rules.Scope, c *yaml.Object, name, want string) {
	t.Helper()
	rule, _ := c.Find("rule")
	seg, found := s.Spec(name, rule)
	segs := []*rules.Segment{seg}
	if n, ok := c.Find("segments"); ok {
		others, _ := n.Object("segments")
		for _, key := range others.Keys() {
			spec, _ := others.Find(key.Name())
			other, errs := s.Spec(key.Name(), spec)
			found = append(found, errs...)
			segs = append(segs, other)
		}
	}
	if !found.Failed() {
		_, errs := rules.Order(segs)
		found = append(found, errs...)
	}
	if _, missing := found.Missing(); missing {
		return
	}
	var codes []string
	for _, e := range found {
		codes = append(codes, e.Code)
	}
	switch {
	case want == "" && found.Failed():
		t.Errorf("refused:\n%s", found.Text())
	case want != "" && !cmp.Equal(codes, []string{want}):
		t.Errorf("findings %v, want %s:\n%s", codes, want, found.Text())
	}
}

const bankSchema = suiteSchema + `    url: {type: text, optional: true}
    referrer: {type: text, optional: true}
`

func TestTheSixteenBankSegmentsAreAccepted(t *testing.T) {
	_, section, _ := strings.Cut(rulestest.Vectors(t, "rules/spec.md"), "### 4.11")
	section, _, _ = strings.Cut(section, "\n## 5")
	s, _ := rulestest.Scope(t, &txtar.Archive{Files: []txtar.File{{Name: "schemas/bank.yaml", Data: []byte(bankSchema)}}})
	s.AnyEvent = true
	attributes, found := rules.ParseSchema(&source.Source{Name: "attributes.yaml", Text: `apiVersion: malgrupp/v1
kind: EventSchema
metadata: {name: customer-attributes, version: 1}
spec:
  of: customers
  columns: {customer_id: {type: text, role: customer}, has_mortgage: {type: boolean, optional: true}}
`})
	if found != nil {
		t.Fatal(found.Text())
	}
	s.Profile = attributes
	s.ValueSets["partner-sites"] = &rules.ValueSet{
		Name: "partner-sites", Type: value.Type{Kind: value.Text}, Values: []value.Value{
			{Kind: value.Text, Text: "homes.example"},
		},
	}
	blocks := strings.Split(section, "```yaml\n")[1:]
	if len(blocks) != 16 {
		t.Fatalf("the vectors folder has %d bank segments", len(blocks))
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if !strings.Contains(text, "identity:") { // the section leaves out what is the same everywhere
			text = strings.Replace(text, "spec:\n", "spec:\n  identity: customer\n", 1)
		}
		root, _ := yaml.Read(&source.Source{Name: "4.11", Text: text}).Root().Object("segment")
		spec, _ := root.Find("spec")
		if _, found := s.Spec("bank", spec); found.Failed() {
			t.Error(found.Text())
		}
	}
}
