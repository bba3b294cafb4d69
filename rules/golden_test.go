package rules_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules/rulestest"
)

func TestRuleFilesGiveTheFindingsAndTheBoundFormThatTheyShow(t *testing.T) {
	rulestest.Each(t, "rules", func(t *testing.T, file string, archive *txtar.Archive) {
		if strings.Contains(file, "crlf") {
			for i, f := range archive.Files {
				if !strings.HasPrefix(f.Name, "out/") {
					archive.Files[i].Data = []byte(strings.ReplaceAll(string(f.Data), "\n", "\r\n"))
				}
			}
		}
		errors, bound := rulestest.Check(t, archive)
		got := map[string]string{"out/errors": errors, "out/bound": bound}
		if os.Getenv("UPDATE") == "1" {
			update(t, file, got)
			return
		}
		for _, f := range archive.Files {
			if want, ok := got[f.Name]; ok {
				if diff := cmp.Diff(string(f.Data), want); diff != "" {
					t.Errorf("%s (-want +got):\n%s", f.Name, diff)
				}
				delete(got, f.Name)
			}
		}
		for name, text := range got {
			if text != "" {
				t.Errorf("there is no %s, got:\n%s", name, text)
			}
		}
	})
}

// update writes the sections that are not empty at the end of the case.
func update(t *testing.T, file string, got map[string]string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "out/") })
	for _, name := range []string{"out/errors", "out/bound"} {
		if got[name] != "" {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
		}
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
