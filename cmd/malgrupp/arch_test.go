package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/malgrupp/malgrupp"

// Libraries that only some rooms may know, by their short name in docs/architecture.md, each with the reason.
var fenced = map[string]struct{ path, why string }{
	"arrow":        {"github.com/apache/arrow/go/v15", "columns are Arrow only between the reader and the scan (ADR 4)"},
	"parquet-go":   {"github.com/parquet-go/parquet-go", "one room reads and writes Parquet (ADR 4)"},
	"gocloud.dev":  {"gocloud.dev", "one room knows where bytes are"},
	"cobra":        {"github.com/spf13/cobra", "only the reception knows the command line"},
	"age":          {"filippo.io/age", "one room holds keys"},
	"phonenumbers": {"github.com/nyaruka/phonenumbers", "one room knows telephone plans"},
}

// groups are the names of the table for several rooms at once, of which a room need not know every one.
var groups = map[string][]string{
	"*text*":     {"rules/value", "rules/source", "rules/yaml", "rules/where"},
	"*language*": {"rules/value", "rules/source", "rules/yaml", "rules/where", "rules"},
}

// room is what a package may import: rooms of ours, and libraries that only some rooms may know.
type room struct{ ours, libraries []string }

// house reads the import table of docs/architecture.md. A package that is missing there fails the test: a new folder
// needs a room before it has code.
func house(t *testing.T) map[string]room {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| room | may import of ours | libraries |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	out := map[string]room{}
	for row := range strings.Lines(table) {
		if cells := strings.Split(strings.ReplaceAll(row, "`", ""), " | "); len(cells) == 3 {
			out[strings.TrimPrefix(cells[0], "| ")] = room{
				strings.Split(cells[1], ", "), strings.Split(strings.Trim(cells[2], " |\n"), ", "),
			}
		}
	}
	return out
}

// may reports whether the room may import another of ours.
func (r room) may(ours string) bool {
	return slices.ContainsFunc(r.ours, func(name string) bool {
		return name == ours || slices.Contains(groups[name], ours)
	})
}

// Standard packages that only the reception may use: below it there is no clock, no environment and no luck.
var forbidden = map[string]string{
	"unsafe":                                 "no memory tricks outside tests",
	"reflect":                                "no types made at run time outside tests",
	"github.com/apache/arrow/go/v15/parquet": "Parquet is read by parquet-go alone (ADR 4)",
}

func TestEveryPackageImportsOnlyWhatItsRoomAllows(t *testing.T) {
	rooms, seen := house(t), importsOf(t, filepath.Join("..", ".."))
	for dir, imports := range seen {
		r, ok := rooms[dir]
		if !ok {
			t.Errorf("%s is not in the import table: give it a room in docs/architecture.md", dir)
			continue
		}
		for path, file := range imports {
			if why, bad := forbiddenImport(path); bad {
				t.Errorf("%s imports %s: %s", file, path, why)
			}
			if ours, ok := strings.CutPrefix(path, module+"/"); ok && !r.may(ours) {
				t.Errorf("%s imports %s, which %s may not", file, ours, dir)
			}
			for name, library := range fenced {
				if partOf(path, library.path) && !slices.Contains(r.libraries, name) {
					t.Errorf("%s imports %s: %s", file, path, library.why)
				}
			}
		}
	}
	for dir, r := range rooms {
		for _, ours := range r.ours {
			if _, ok := seen[dir][module+"/"+ours]; !ok && ours != "-" && groups[ours] == nil {
				t.Errorf("the import table lets %s import %s, and it does not", dir, ours)
			}
		}
		if seen[dir] == nil {
			t.Errorf("the import table has a room %s that holds no code", dir)
		}
	}
}

func TestNoClockNorEnvironmentBelowTheReception(t *testing.T) {
	root := filepath.Join("..", "..")
	walk(t, root, func(dir, path string) {
		if dir == "cmd/malgrupp" || dir == "rules/rulestest" { // the latter is of tests alone
			return
		}
		for _, call := range callsIn(t, path) {
			if slices.Contains([]string{
				"time.Now", "time.Since", "os.Getenv", "os.LookupEnv", "os.Environ", "os.Args", "os.Exit", "time.LoadLocation",
			}, call) {
				t.Errorf("%s uses %s, which only cmd may", path, call)
			}
		}
	})
}

// walk visits every Go file of the main module that is not a test.
func walk(t *testing.T, root string, visit func(dir, path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == "bench" || rel == "e2e" || d.Name() == "testdata" || rel != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			visit(filepath.ToSlash(filepath.Dir(rel)), path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// importsOf returns, by folder, the imports and a file that has each.
func importsOf(t *testing.T, root string) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	walk(t, root, func(dir, path string) {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		if out[dir] == nil {
			out[dir] = map[string]string{}
		}
		for _, i := range f.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			out[dir][p] = path
		}
	})
	return out
}

func forbiddenImport(path string) (string, bool) {
	for f, why := range forbidden {
		if partOf(path, f) {
			return why, true
		}
	}
	return "", false
}

func partOf(path, module string) bool { return path == module || strings.HasPrefix(path, module+"/") }
