package rules_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules"
)

// A case of testdata/lint is a project without mistakes and, as out/findings, what its rules are asked about. With facts.yaml
// the logs have been asked, too.
func TestRulesThatAreHardlyMeantAreAskedAbout(t *testing.T) {
	files, err := filepath.Glob("../testdata/lint/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/lint: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if last := len(archive.Files) - 1; archive.Files[last].Name == "out/findings" {
				want = string(archive.Files[last].Data)
				archive.Files = archive.Files[:last]
			}
			got := lint(t, archive)
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
}

// lint checks the archive's segments, which must be right, and returns what is asked about them.
func lint(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	s, segs, found := parsed(t, archive)
	segs, errs := rules.Order(segs)
	if found = append(found, errs...); found.Failed() {
		t.Fatal(found.Text())
	}
	for _, f := range archive.Files {
		if f.Name == "facts.yaml" {
			return s.LintData(segs, facts(t, f.Data, s, segs)).Text()
		}
	}
	return s.Lint(segs).Text()
}

// facts reads what the logs of a case say. Everything that rules look for is there a thousand times, but for what stands below
// rows, by the name of the event or the text of the test.
func facts(t *testing.T, data []byte, s *rules.Scope, segs []*rules.Segment) *rules.Facts {
	t.Helper()
	var given struct {
		Sizes map[string][]rules.Size
		Lists map[string][]rules.ListSize
		Pairs []rules.Pair
		Since string
		Bytes int64
		Rows  map[string]int64
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&given); err != nil {
		t.Fatal(err)
	}
	since, _ := rules.ParseTimestamp(given.Since)
	f := &rules.Facts{
		AsOf: s.Zone.Midnight(s.AsOf), Days: 28, Show: func(people int) string { return fmt.Sprintf("about %d", people/100*100) },
		Sizes: given.Sizes, Lists: given.Lists, Pairs: given.Pairs, Reach: map[*rules.Condition]rules.WindowReach{}, Rows: map[string]int64{},
	}
	for _, seg := range segs {
		for cond := range seg.Conditions() {
			if cond.Window != nil {
				f.Reach[cond] = rules.WindowReach{From: since, Bytes: given.Bytes}
			}
		}
	}
	for _, sought := range s.Sought(segs, f.AsOf, f.Days) {
		n := int64(1000)
		names := sought.Pick.Events
		if sought.Pick.Where != nil {
			names = []string{rules.Key(sought.Pick.Where)}
		}
		for _, name := range names {
			if rows, ok := given.Rows[name]; ok {
				n = rows
			}
		}
		f.Rows[sought.Key()] = n
	}
	return f
}
