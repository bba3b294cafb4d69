package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
)

func TestSentencesSayTheRulesAsTheGoldenFilesShow(t *testing.T) {
	files, err := filepath.Glob("../testdata/explain/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/explain: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := told(t, archive)
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "out/sentences" })
			if os.Getenv("UPDATE") == "1" {
				if i >= 0 {
					archive.Files = slices.Delete(archive.Files, i, i+1)
				}
				archive.Files = append(archive.Files, txtar.File{Name: "out/sentences", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if i < 0 {
				t.Fatalf("there is no out/sentences, got:\n%s", got)
			}
			if diff := cmp.Diff(string(archive.Files[i].Data), got); diff != "" {
				t.Errorf("sentences (-want +got):\n%s", diff)
			}
		})
	}
}

// told renders the sentences of all segments of a case, one a line, with their notes below.
func told(t *testing.T, archive *txtar.Archive) string {
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
	if found.Failed() {
		t.Fatal(found.Text())
	}
	var b strings.Builder
	for _, seg := range segs {
		columns, events, anyEvent := seg.Reads()
		fmt.Fprintf(&b, "# %s reads %v of %v any=%v\n", seg.Name, columns, events, anyEvent)
		for _, line := range seg.Sentences() {
			fmt.Fprintf(&b, "%s %s| %s\n", line.Path, strings.Repeat("  ", line.Depth), line.Text)
			for _, note := range line.Notes {
				fmt.Fprintf(&b, "    (%s)\n", note)
			}
		}
	}
	return b.String()
}

func TestEveryConditionHasASentenceOfItsOwn(t *testing.T) {
	files, err := filepath.Glob("../testdata/rules/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := scope(t, archive)
		for _, f := range archive.Files {
			if !strings.HasPrefix(f.Name, "segments/") {
				continue
			}
			seg, _ := s.Segment(&rules.Source{Name: f.Name, Text: string(f.Data)})
			if seg == nil {
				continue
			}
			var said []string
			for _, line := range seg.Sentences() {
				if slices.Contains(said, line.Path) || line.Text == "" {
					t.Errorf("%s: %s: path %s is said twice or says nothing", file, seg.Name, line.Path)
				}
				said = append(said, line.Path)
			}
			for _, path := range conditionPaths(seg.Match, seg.Exclude) {
				if !slices.Contains(said, path) {
					t.Errorf("%s: %s: nothing is said of %s", file, seg.Name, path)
				}
			}
		}
	}
}

func conditionPaths(conditions ...*rules.Condition) []string {
	var out []string
	for _, c := range conditions {
		if c != nil {
			out = append(out, c.Path)
			out = append(out, conditionPaths(c.Children...)...)
		}
	}
	return out
}
