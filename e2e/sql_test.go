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
	"github.com/malgrupp/malgrupp/pipeline/state"
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

// suiteOf reads a file of kind ConformanceSuite.
func suiteOf(t *testing.T, file string) *suite.Suite {
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
	return s
}

func TestDuckDBDecidesEveryCaseOfTheConformanceSuiteAsItSays(t *testing.T) {
	db := openDuckDB(t)
	s := suiteOf(t, filepath.Join(vectorsFolder(), "rules", "conformance.yaml"))
	for i := range s.Cases {
		if c := &s.Cases[i]; c.ExpectError == "" {
			t.Run(c.ID, func(t *testing.T) { decides(t, db, s, c) })
		}
	}
}

// decides compares the statement of one case with what the case expects of everybody.
func decides(t *testing.T, db *duckdb.DB, s *suite.Suite, c *suite.Case) {
	ctx := context.Background()
	in := must(s.Inputs(ctx, c))(t)
	defer in.Stores.Close()
	dir, tables := t.TempDir(), map[string]string{"stay": "stay_record"}
	for _, name := range []string{"events", "consent", "attributes"} {
		bucket, objects, err := in.Stores.List(ctx, "mem://"+name+"/")
		check(t, err)
		file := filepath.Join(dir, name+".parquet")
		check(t, os.WriteFile(file, must(bucket.ReadAll(ctx, objects[0].Key, 1<<20))(t), 0o600))
		tables[name], _ = query.FileTable(sql.DuckDB, filepath.ToSlash(file))
	}
	must(db.Query(stayTable(in.Stay)))(t)
	o := decide.StatementOptions{Dialect: sql.DuckDB, Tables: tables}
	got, want := verdicts(t, db, must(decide.Statement(ctx, in, c.Target(), o))(t)), map[string]string{}
	for _, u := range c.Users {
		want[u.ID] = u.Expect
		if got[u.ID] == "" {
			got[u.ID] = "out"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-case +duckdb):\n%s", diff)
	}
}

// stayTable makes the table of who qualified before.
func stayTable(record state.StayRecord) string {
	var stays []string
	for _, k := range record {
		stays = append(stays, stayRow(k.Segment, k.Use, k.ID, k.Last, k.Definition))
	}
	return tableOf("stay_record", stayColumns, stays) + "SELECT 1"
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
