package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/malgrupp/malgrupp"

// A room is a package and what it may import: rooms of ours, and libraries that only some rooms may know.
type room struct {
	ours      []string
	libraries []string
}

// Libraries that the table speaks about, each with the reason why it is fenced.
var fenced = map[string]string{
	"github.com/apache/arrow/go/v15":   "columns are Arrow only between the reader and the scan (ADR 4)",
	"github.com/parquet-go/parquet-go": "one room reads and writes Parquet (ADR 4)",
	"gocloud.dev":                      "one room knows where bytes are",
	"github.com/spf13/cobra":           "only the reception knows the command line",
	"filippo.io/age":                   "one room holds keys",
	"github.com/nyaruka/phonenumbers":  "one room knows telephone plans",
}

// What several rooms may import: the text of a file, and the language as a whole.
var (
	inText   = []string{"rules/value", "rules/source", "rules/yaml", "rules/where"}
	language = append([]string{"rules"}, inText...)
	arrow    = []string{"github.com/apache/arrow/go/v15"}
)

// The import table of docs/architecture.md. A package that is missing here fails the test: a new folder needs a room
// before it has code.
var house = map[string]room{
	"rules/value":     {},
	"rules/source":    {},
	"rules/yaml":      {ours: []string{"rules/value", "rules/source"}},
	"rules/where":     {ours: []string{"rules/value", "rules/source"}},
	"rules":           {ours: inText},
	"rules/format":    {ours: language},
	"rules/lint":      {ours: language},
	"rules/prose":     {ours: language},
	"rules/diff":      {ours: language},
	"rules/rulestest": {ours: append([]string{"rules/builtin", "rules/lint"}, language...)},

	"rules/kernel":  {ours: language, libraries: arrow},
	"rules/fold":    {ours: language},
	"rules/sql":     {ours: language},
	"rules/builtin": {ours: append([]string{"rules/kernel", "rules/fold", "rules/sql"}, language...), libraries: arrow},

	"segments/evidence": {},
	"segments/identity": {},
	"segments/scan":     {ours: append([]string{"rules/kernel", "segments/evidence", "segments/identity"}, language...), libraries: arrow},
	"segments/consent":  {ours: []string{"segments/identity", "segments/evidence"}},
	"segments":          {ours: append([]string{"rules/fold", "segments/consent"}, language...)},
	"segments/query":    {ours: append([]string{"rules/builtin", "rules/sql", "segments", "segments/consent"}, language...)},

	"pipeline/store":      {libraries: []string{"gocloud.dev"}},
	"pipeline/keys":       {libraries: []string{"filippo.io/age"}},
	"pipeline/parquet":    {ours: language, libraries: []string{"github.com/apache/arrow/go/v15", "github.com/parquet-go/parquet-go"}},
	"pipeline/project":    {ours: language},
	"pipeline/state":      {ours: append([]string{"pipeline/parquet", "pipeline/keys"}, language...), libraries: arrow},
	"pipeline/identifier": {libraries: []string{"github.com/nyaruka/phonenumbers"}},
	"pipeline/platform":   {ours: append([]string{"segments", "pipeline/parquet", "pipeline/state", "pipeline/identifier"}, language...)},
	"pipeline/fault":      {},
	"pipeline/folder":     {ours: append([]string{"pipeline/fault", "pipeline/project", "pipeline/store", "pipeline/parquet", "segments/scan"}, language...)},
	"pipeline/shown":      {ours: []string{"segments"}},
	"pipeline/load":       {ours: append([]string{"rules/lint", "rules/builtin", "segments", "pipeline/fault", "pipeline/identifier", "pipeline/platform", "pipeline/project"}, language...)},
	"pipeline":            {ours: append([]string{"rules/lint", "rules/diff", "rules/kernel", "rules/fold", "rules/sql", "rules/builtin", "segments", "segments/query", "segments/scan", "segments/consent", "segments/evidence", "segments/identity", "pipeline/store", "pipeline/keys", "pipeline/parquet", "pipeline/project", "pipeline/state", "pipeline/identifier", "pipeline/platform", "pipeline/fault", "pipeline/folder", "pipeline/load", "pipeline/shown"}, language...), libraries: arrow},
	"pipeline/suite":      {ours: append([]string{"pipeline", "pipeline/fault", "pipeline/folder", "pipeline/load", "pipeline/state", "pipeline/store", "pipeline/parquet", "pipeline/project", "pipeline/keys", "rules/builtin", "segments", "segments/consent"}, language...)},
	"pipeline/sample":     {ours: append([]string{"pipeline", "pipeline/folder", "pipeline/load", "pipeline/store", "pipeline/parquet", "pipeline/project", "pipeline/keys"}, language...)},
	"cmd/malgrupp":        {ours: append([]string{"rules/format", "rules/lint", "rules/prose", "rules/diff", "pipeline", "pipeline/fault", "pipeline/folder", "pipeline/load", "pipeline/shown", "pipeline/store", "pipeline/keys", "pipeline/project", "pipeline/parquet", "pipeline/state", "pipeline/suite", "pipeline/sample", "pipeline/platform", "rules/sql", "rules/builtin", "segments", "segments/query", "segments/consent"}, language...), libraries: []string{"github.com/spf13/cobra"}},
}

// Standard packages that only the reception may use: below it there is no clock, no environment and no luck.
var forbidden = map[string]string{
	"unsafe":                                 "no memory tricks outside tests",
	"reflect":                                "no types made at run time outside tests",
	"github.com/apache/arrow/go/v15/parquet": "Parquet is read by parquet-go alone (ADR 4)",
}

func TestEveryPackageImportsOnlyWhatItsRoomAllows(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	for dir, imports := range importsOf(t, root) {
		r, ok := house[dir]
		if !ok {
			t.Errorf("%s is not in the import table: give it a room in docs/architecture.md and here", dir)
			continue
		}
		seen[dir] = true
		for path, file := range imports {
			if why, bad := forbiddenImport(path); bad {
				t.Errorf("%s imports %s: %s", file, path, why)
			}
			if ours, ok := strings.CutPrefix(path, module+"/"); ok {
				if !slices.Contains(r.ours, ours) {
					t.Errorf("%s imports %s, which %s may not", file, ours, dir)
				}
				continue
			}
			for library, why := range fenced {
				if (path == library || strings.HasPrefix(path, library+"/")) && !slices.Contains(r.libraries, library) {
					t.Errorf("%s imports %s: %s", file, path, why)
				}
			}
		}
	}
	for dir := range house {
		if !seen[dir] {
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
			if slices.Contains([]string{"time.Now", "time.Since", "os.Getenv", "os.LookupEnv", "os.Environ", "os.Args", "os.Exit", "time.LoadLocation"}, call) {
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
		if path == f || strings.HasPrefix(path, f+"/") {
			return why, true
		}
	}
	return "", false
}
