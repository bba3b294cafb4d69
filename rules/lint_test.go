package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
)

// A case of testdata/lint is a project without mistakes and, as out/findings, what its rules are asked about.
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
	s, found := scope(t, archive)
	var segs []*rules.Segment
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "segments/") {
			seg, errs := s.Segment(&rules.Source{Name: f.Name, Text: string(f.Data)})
			found = append(found, errs...)
			if seg != nil {
				segs = append(segs, seg)
			}
		}
	}
	segs, errs := rules.Order(segs)
	if found = append(found, errs...); found.Failed() {
		t.Fatal(found.Text())
	}
	return s.Lint(segs).Text()
}
