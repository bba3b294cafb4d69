package e2e_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/duckdb"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/segments/query"
)

// openDuckDB starts the other engine, or skips the test where that is impossible.
func openDuckDB(t *testing.T) *duckdb.DB {
	t.Helper()
	db, err := duckdb.Open(filepath.Join("duckdb", "run.py"))
	if errors.Is(err, duckdb.ErrNoPython) {
		t.Skipf("DuckDB cannot be asked: %v", err)
	}
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

// verdicts runs a statement and returns what becomes of whom.
func verdicts(t *testing.T, db *duckdb.DB, statement string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, row := range must(db.Query(statement))(t) {
		out[row[0].(string)] = row[1].(string)
	}
	return out
}

// laidOut are the cases of a file of kind ConformanceSuite.
func laidOut(t *testing.T, file string) []suite.Laid {
	t.Helper()
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		t.Skipf("%s is not there: set MALGRUPP_VECTORS to the folder of the vectors", file)
	}
	check(t, err)
	s, found := suite.ParseSuite(&source.Source{Name: file, Text: string(text)})
	if found.Failed() {
		t.Fatal(found)
	}
	return must(s.Lay(context.Background()))(t)
}

func TestDuckDBDecidesEveryCaseOfTheConformanceSuiteAsItSays(t *testing.T) {
	db := openDuckDB(t)
	for _, c := range laidOut(t, filepath.Join(vectorsFolder(), "rules", "conformance.yaml")) {
		t.Run(c.ID, func(t *testing.T) { decides(t, db, c) })
	}
}

// decides compares the statement of one case with what the case expects of everybody.
func decides(t *testing.T, db *duckdb.DB, c suite.Laid) {
	defer c.Inputs.Stores.Close()
	dir, tables := t.TempDir(), map[string]string{}
	for name, data := range c.Tables {
		file := filepath.Join(dir, name+".parquet")
		check(t, os.WriteFile(file, data, 0o600))
		tables[name], _ = query.FileTable(sql.DuckDB, filepath.ToSlash(file))
	}
	statement := must(decide.Statement(context.Background(), c.Inputs, c.Segment, decide.StatementOptions{Dialect: sql.DuckDB, Tables: tables}))(t)
	got := verdicts(t, db, statement)
	for id := range c.Expect {
		if got[id] == "" {
			got[id] = "out"
		}
	}
	if diff := cmp.Diff(c.Expect, got); diff != "" {
		t.Errorf("verdicts (-case +duckdb):\n%s", diff)
	}
}

// vectorsFolder is where the vectors lie.
func vectorsFolder() string {
	root := os.Getenv("MALGRUPP_VECTORS")
	switch {
	case root == "":
		return filepath.Join("..", "..", "shared")
	case !filepath.IsAbs(root):
		return filepath.Join("..", root)
	}
	return root
}
