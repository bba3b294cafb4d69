package format_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/format"
	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
)

// A case of testdata/format holds files and, under out/, what they are formatted to; without it a file is canonical
// already.
func TestFilesAreFormattedAsTheCasesShow(t *testing.T) {
	rulestest.Each(t, "format", func(t *testing.T, file string, archive *txtar.Archive) {
		want := map[string]string{}
		var inputs []txtar.File
		for _, f := range archive.Files {
			if name, ok := strings.CutPrefix(f.Name, "out/"); ok {
				want[name] = string(f.Data)
			} else {
				inputs = append(inputs, f)
			}
		}
		archive.Files = nil
		for _, f := range inputs {
			text := string(f.Data)
			got, found := format.File(&source.Source{Name: f.Name, Text: text}, builtin.Language())
			got += found.Text()
			archive.Files = append(archive.Files, f)
			if got != text {
				archive.Files = append(archive.Files, txtar.File{Name: "out/" + f.Name, Data: []byte(got)})
			}
			if os.Getenv("UPDATE") == "1" {
				continue
			}
			expected, ok := want[f.Name]
			if !ok {
				expected = text
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", f.Name, diff)
			}
		}
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// formatTwice formats a text and wants the second time to change nothing, and neither comments nor values to be lost.
func formatTwice(t interface{ Fatalf(string, ...any) }, name, text string) (string, bool) {
	once, found := format.File(&source.Source{Name: name, Text: text}, builtin.Language())
	if found.Failed() {
		for _, e := range found {
			if e.Code == "E-FORMAT" {
				t.Fatalf("%q cannot be written in the canonical form", text)
			}
		}
		return "", false
	}
	twice, found := format.File(&source.Source{Name: name, Text: once}, builtin.Language())
	if found.Failed() || twice != once {
		t.Fatalf("%q\nis formatted to\n%s\nand that to\n%s%s", text, once, twice, found.Text())
	}
	return once, true
}

func TestEveryFileOfTheRepositoryIsFormattedInOneStep(t *testing.T) {
	n := 0
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if _, ok := formatTwice(t, path, string(text)); ok {
				n++
			}
		case ".txtar":
			archive, err := txtar.ParseFile(path)
			if err != nil {
				return err
			}
			for _, f := range archive.Files {
				if filepath.Ext(f.Name) == ".yaml" {
					if _, ok := formatTwice(t, path+":"+f.Name, string(f.Data)); ok {
						n++
					}
				}
			}
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Fatalf("%d files: %v", n, err)
	}
}

func TestTheExamplesOfTheLanguageAreFormattedInOneStep(t *testing.T) {
	for i, block := range strings.Split(rulestest.Vectors(t, "rules/spec.md"), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if !strings.Contains(text, "kind:") {
			text = "kind: Segment\n" + text
		}
		once, ok := formatTwice(t, "example", text)
		t.Logf("%d %v\n%s", i, ok, once)
	}
}

// FuzzFormat: formatting twice is formatting once, nothing is lost, and a rule keeps its definition hash.
func FuzzFormat(f *testing.F) {
	rulestest.Seeds(f, func(name, text string) {
		if !strings.HasPrefix(name, "out/") {
			f.Add(text)
		}
	})
	s, _ := rulestest.Scope(f, &txtar.Archive{})
	f.Fuzz(func(t *testing.T, text string) {
		once, ok := formatTwice(t, "file", text)
		before, found := s.Segment(&source.Source{Name: "file", Text: text})
		if !ok && before != nil {
			t.Fatalf("%q is a rule and cannot be formatted", text)
		}
		if !ok || found.Failed() {
			return
		}
		after, found := s.Segment(&source.Source{Name: "formatted", Text: once})
		if after == nil || after.Hash != before.Hash {
			t.Fatalf("%q\nis formatted to\n%s\nwhich means something else\n%s", text, once, found.Text())
		}
	})
}
