package lint_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/value"
)

// A case of testdata/lint is a project without mistakes and, as out/findings, what its rules are asked about. With
// facts.yaml the logs have been asked, too.
func TestRulesThatAreHardlyMeantAreAskedAbout(t *testing.T) {
	rulestest.Each(t, "lint", func(t *testing.T, file string, archive *txtar.Archive) {
		want := ""
		if last := len(archive.Files) - 1; archive.Files[last].Name == "out/findings" {
			want = string(archive.Files[last].Data)
			archive.Files = archive.Files[:last]
		}
		got := linted(t, archive)
		if os.Getenv("UPDATE") == "1" {
			archive.Files = append(archive.Files, txtar.File{Name: "out/findings", Data: []byte(got)})
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// linted checks the archive's segments, which must be right, and returns what is asked about them.
func linted(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	s, segs, found := rulestest.Parsed(t, archive)
	segs, errs := rules.Order(segs)
	if found = append(found, errs...); found.Failed() {
		t.Fatal(found.Text())
	}
	for _, f := range archive.Files {
		if f.Name == "facts.yaml" {
			return lint.Data(s, segs, facts(t, f.Data, s, segs)).Text()
		}
	}
	return append(lint.Rules(s, segs), lint.Today(s, segs, s.AsOf)...).Sorted().Text()
}

// facts reads what the logs of a case say. Everything that rules look for is there a thousand times, but for what
// stands below had, by the name of the event or the text of the test.
func facts(t *testing.T, data []byte, s *rules.Scope, segs []*rules.Segment) *lint.Facts {
	t.Helper()
	var given struct {
		Sizes map[string][]lint.Size
		Lists map[string][]lint.ListSize
		Pairs []lint.Pair
		Since string
		Bytes int64
		Had   map[string]int
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&given); err != nil {
		t.Fatal(err)
	}
	since, _ := value.ParseTimestamp(given.Since)
	f := &lint.Facts{
		AsOf: s.Zone.Midnight(s.AsOf), Days: 28, Show: func(people int) string {
			return fmt.Sprintf("about %d", people/100*100)
		},
		Sizes: given.Sizes, Lists: given.Lists, Pairs: given.Pairs, Reach: map[*rules.Condition]lint.WindowReach{},
		Had: map[string]int{},
	}
	for _, seg := range segs {
		for cond := range seg.Conditions() {
			if cond.Window != nil {
				f.Reach[cond] = lint.WindowReach{From: since, Bytes: given.Bytes}
			}
		}
	}
	for _, sought := range lint.Probes(s, segs, f.AsOf, f.Days) {
		n := 1000
		names := sought.Pick.Events
		if sought.Pick.Where != nil {
			names = []string{rules.Key(sought.Pick.Where)}
		}
		for _, name := range names {
			if people, ok := given.Had[name]; ok {
				n = people
			}
		}
		f.Had[sought.Key()] = n
	}
	return f
}
