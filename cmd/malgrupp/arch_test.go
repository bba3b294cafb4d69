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

// What several rooms may import: the text of a file, the language as a whole, and what decides rows.
var (
	inText   = []string{"rules/value", "rules/source", "rules/yaml", "rules/where"}
	language = with(inText, "rules")
	engine   = with(language, "rules/builtin", "rules/kernel", "rules/sql", "segments", "segments/query",
		"segments/scan", "segments/consent", "segments/evidence", "segments/identity")
	arrow = []string{"github.com/apache/arrow/go/v15"}
)

func with(rooms []string, more ...string) []string { return slices.Concat(rooms, more) }

// The import table of docs/architecture.md. A package that is missing here fails the test: a new folder needs a room
// before it has code.
var house = map[string]room{
	"rules/value":     {},
	"rules/source":    {},
	"rules/yaml":      {ours: inText},
	"rules/where":     {ours: inText},
	"rules":           {ours: inText},
	"rules/format":    {ours: language},
	"rules/lint":      {ours: language},
	"rules/prose":     {ours: language},
	"rules/diff":      {ours: language},
	"rules/editor":    {ours: with(language, "rules/builtin")},
	"rules/rulestest": {ours: with(language, "rules/builtin", "rules/lint")},
	"rules/kernel":    {ours: language, libraries: arrow},
	"rules/fold":      {ours: language},
	"rules/sql":       {ours: language},
	"rules/builtin":   {ours: with(language, "rules/kernel", "rules/fold", "rules/sql"), libraries: arrow},

	"segments/evidence": {},
	"segments/identity": {},
	"segments/scan":     {ours: with(language, "rules/kernel", "segments/evidence", "segments/identity"), libraries: arrow},
	"segments/consent":  {ours: []string{"segments/identity", "segments/evidence"}},
	"segments":          {ours: with(language, "rules/fold", "segments/consent")},
	"segments/query":    {ours: with(language, "rules/builtin", "rules/sql", "segments", "segments/consent")},

	"pipeline/fault":      {},
	"pipeline/store":      {libraries: []string{"gocloud.dev"}},
	"pipeline/keys":       {libraries: []string{"filippo.io/age"}},
	"pipeline/identifier": {libraries: []string{"github.com/nyaruka/phonenumbers"}},
	"pipeline/shown":      {ours: []string{"segments"}},
	"pipeline/parquet":    {ours: language, libraries: with(arrow, "github.com/parquet-go/parquet-go")},
	"pipeline/project":    {ours: language},
	"pipeline/state":      {ours: with(language, "pipeline/parquet", "pipeline/keys"), libraries: arrow},
	"pipeline/platform":   {ours: with(language, "segments", "pipeline/parquet", "pipeline/state", "pipeline/identifier")},
	"pipeline/load": {ours: with(language, "rules/lint", "rules/builtin", "segments",
		"pipeline/fault", "pipeline/identifier", "pipeline/platform", "pipeline/project")},
	"pipeline/folder": {ours: with(language, "segments/scan",
		"pipeline/fault", "pipeline/project", "pipeline/store", "pipeline/parquet")},
	"pipeline/decide": {ours: with(engine, "pipeline/fault", "pipeline/folder", "pipeline/load", "pipeline/parquet",
		"pipeline/project", "pipeline/shown", "pipeline/state", "pipeline/store"), libraries: arrow},
	"pipeline/inspect": {ours: with(language, "rules/builtin", "rules/kernel", "rules/lint", "segments/scan",
		"pipeline/decide", "pipeline/fault", "pipeline/folder", "pipeline/load", "pipeline/parquet", "pipeline/project",
		"pipeline/shown", "pipeline/store"), libraries: arrow},
	"pipeline": {ours: with(language, "segments", "segments/scan", "segments/consent", "segments/identity",
		"pipeline/decide", "pipeline/fault", "pipeline/folder", "pipeline/keys", "pipeline/load", "pipeline/parquet",
		"pipeline/platform", "pipeline/project", "pipeline/shown", "pipeline/state", "pipeline/store")},
	"pipeline/preview": {ours: with(language, "rules/diff", "rules/lint", "segments", "segments/identity",
		"pipeline", "pipeline/decide", "pipeline/fault", "pipeline/inspect", "pipeline/keys", "pipeline/shown")},
	"pipeline/why": {ours: with(language, "rules/builtin", "segments", "segments/consent", "segments/identity",
		"pipeline", "pipeline/decide", "pipeline/fault", "pipeline/keys", "pipeline/project", "pipeline/state")},
	"pipeline/suite": {ours: with(language, "rules/builtin", "segments", "segments/consent",
		"pipeline/decide", "pipeline/folder", "pipeline/load", "pipeline/parquet", "pipeline/project", "pipeline/state",
		"pipeline/store")},
	"pipeline/sample": {ours: with(language,
		"pipeline/decide", "pipeline/folder", "pipeline/keys", "pipeline/load", "pipeline/parquet", "pipeline/store")},

	"cmd/malgrupp": {ours: with(language, "rules/builtin", "rules/diff", "rules/editor", "rules/format", "rules/lint",
		"rules/prose", "rules/sql", "segments", "segments/consent", "segments/query", "pipeline", "pipeline/decide", "pipeline/fault",
		"pipeline/folder", "pipeline/inspect", "pipeline/keys", "pipeline/load", "pipeline/platform", "pipeline/preview",
		"pipeline/project", "pipeline/sample", "pipeline/shown", "pipeline/state", "pipeline/store", "pipeline/suite",
		"pipeline/why"), libraries: []string{"github.com/spf13/cobra"}},
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
