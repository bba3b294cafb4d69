package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules/sql"
)

// TestStatementsAreThoseOfTheGoldenFiles writes a segment of each archive in testdata/sql in every dialect. The first
// line of an archive is the command's arguments; UPDATE=1 rewrites what is wanted.
func TestStatementsAreThoseOfTheGoldenFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "sql", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir, wanted := t.TempDir(), map[string]string{}
			for _, f := range archive.Files {
				if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
					wanted[name] = string(f.Data)
					continue
				}
				path := filepath.Join(dir, filepath.FromSlash(f.Name))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			arguments, _, _ := strings.Cut(string(archive.Comment), "\n")
			got := map[string]string{}
			for _, d := range sql.Dialects {
				got[d.Name+".sql"] = printed(t,
					append(append([]string{"-C", dir, "sql"}, strings.Fields(arguments)...), "--dialect", d.Name))
			}
			if os.Getenv("UPDATE") == "1" {
				rewriteArchive(t, file, archive, got)
				return
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("statements (-want +got):\n%s", diff)
			}
		})
	}
}

// printed is what a command prints.
func printed(t *testing.T, arguments []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	a := newApp(streams{in: strings.NewReader(""), out: &out, err: &errs}, func(string) (string, bool) {
		return "", false
	})
	if code := a.execute(context.Background(), arguments); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	return out.String()
}

// rewriteArchive puts what came out in the place of what was wanted.
func rewriteArchive(t *testing.T, file string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	kept := archive.Files[:0]
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "want/") {
			kept = append(kept, f)
		}
	}
	for _, d := range sql.Dialects {
		name := d.Name + ".sql"
		kept = append(kept, txtar.File{Name: "want/" + name, Data: []byte(got[name])})
	}
	archive.Files = kept
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
