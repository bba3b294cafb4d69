package prose_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/prose"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
)

func TestSentencesSayTheRulesAsTheGoldenFilesShow(t *testing.T) {
	rulestest.Each(t, "explain", func(t *testing.T, file string, archive *txtar.Archive) {
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

// A language is its phrases: with others in their place nothing of English is left, every phrase is said by some
// example, and every place is filled.
func TestSentencesAreMadeOfPhrasesAlone(t *testing.T) {
	english, language := prose.English(), map[string]string{}
	place := regexp.MustCompile(`\{([a-z]+)[^}]*\}`)
	for name, text := range english {
		language[name] = "«" + name + ":"
		for _, m := range place.FindAllStringSubmatch(text, -1) {
			language[name] += " {" + m[1] + "}"
		}
		language[name] += "»"
	}
	said := map[string]bool{}
	files, _ := filepath.Glob("../../testdata/explain/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rule := "timezone: Europe/Helsinki"
		for _, f := range archive.Files {
			if f.Name != "out/sentences" {
				rule += string(f.Data)
			}
		}
		for _, seg := range segmentsOf(t, archive) {
			for _, line := range prose.SentencesIn(seg, language) {
				for _, text := range append(line.Notes, line.Text) {
					for _, m := range regexp.MustCompile(`«([a-z_.]+):`).FindAllStringSubmatch(text, -1) {
						said[m[1]] = true
					}
					left := regexp.MustCompile(`«[a-z_.]+:`).ReplaceAllString(text, " ")
					if strings.Contains(left, "{n") || strings.Contains(left, "{e") {
						t.Errorf("%s: a place was not filled: %s", seg.Name, text)
					}
					for _, word := range regexp.MustCompile(`[a-z]{4,}`).FindAllString(strings.ToLower(left), -1) {
						if !strings.Contains(strings.ToLower(rule), word) {
							t.Errorf("%s: %q is of no phrase and no rule: %s", seg.Name, word, text)
						}
					}
				}
			}
		}
	}
	for name := range english {
		if !said[name] {
			t.Errorf("no example says %q: %s", name, english[name])
		}
	}
}

// told renders the sentences of all segments of a case, one a line, with their notes below.
func told(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	segs := segmentsOf(t, archive)
	var b strings.Builder
	for _, seg := range segs {
		columns, events, anyEvent := seg.Reads()
		fmt.Fprintf(&b, "# %s reads %v of %v any=%v\n", seg.Name, columns, events, anyEvent)
		for _, line := range prose.Sentences(seg) {
			fmt.Fprintf(&b, "%s %s| %s\n", line.Path, strings.Repeat("  ", line.Depth), line.Text)
			for _, note := range line.Notes {
				fmt.Fprintf(&b, "    (%s)\n", note)
			}
		}
	}
	return b.String()
}

// segmentsOf are the checked segments of a case.
func segmentsOf(t *testing.T, archive *txtar.Archive) []*rules.Segment {
	t.Helper()
	_, segs, found := rulestest.Parsed(t, archive)
	if found.Failed() {
		t.Fatal(found.Text())
	}
	return segs
}

func TestEveryConditionHasASentenceOfItsOwn(t *testing.T) {
	files, err := filepath.Glob("../../testdata/rules/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := rulestest.Scope(t, archive)
		for _, f := range archive.Files {
			if !strings.HasPrefix(f.Name, "segments/") {
				continue
			}
			seg, _ := s.Segment(&source.Source{Name: f.Name, Text: string(f.Data)})
			if seg == nil {
				continue
			}
			var said []string
			for _, line := range prose.Sentences(seg) {
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

// Every language has a text for each phrase of English, with the same places.
func TestLanguagesSayWhatEnglishSays(t *testing.T) {
	place := regexp.MustCompile(`\{([a-z]+)`)
	places := func(text string) (out []string) {
		for _, m := range place.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	english := prose.English()
	for code, in := range prose.Languages() {
		for name, text := range english {
			if diff := cmp.Diff(places(text), places(in[name])); in[name] == "" || diff != "" {
				t.Errorf("%s: %s is %q (-English +%s):\n%s", code, name, in[name], code, diff)
			}
		}
		for name := range in {
			if english[name] == "" {
				t.Errorf("%s: nobody says %s", code, name)
			}
		}
	}
}
