package e2e_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/duckdb"
	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/segments"
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

// The settings under which DuckDB is asked: identity.attach is off there.
var secondOpinions = []setting{{answers, "", false}, {answers, "", true}, {granting, "", false}}

func TestDuckDBAndTheEngineAgreeOnTheRealLog(t *testing.T) {
	db, x := openDuckDB(t), shop().open(t, false)
	for _, c := range secondOpinions {
		for _, m := range x.moments {
			t.Run(c.String()+" "+m[0], func(t *testing.T) { agree(t, db, x, c, instant(t, m[0]), instant(t, m[1])) })
		}
	}
}

// agree compares every list of a project with what the statement for it gives.
func agree(t *testing.T, db *duckdb.DB, x *example, c setting, asOf, knownBy int64) {
	l := x.load(t, c)
	want := evaluate(t, l, asOf, knownBy)
	tables := map[string]string{"consent": folder(x.dir, l.Project.Consent.URL)}
	for _, s := range l.Project.Sources {
		tables[s.Name] = folder(x.dir, s.URL)
	}
	var took time.Duration
	people := 0
	for i := range want.Audiences {
		a := &want.Audiences[i]
		use := ""
		for _, list := range want.Lists {
			if list.Segment == a.Segment() && list.Use == a.Use() {
				use = list.Destination.Name
			}
		}
		if use == "" && len(a.Segment().Deliver) > 0 {
			continue // only there to be referred to
		}
		j := job(t, l)
		j.AsOf, j.KnownBy = asOf, knownBy
		statement := must(pipeline.Statement(context.Background(), j, a.Segment().Name, pipeline.StatementOptions{Dialect: sql.DuckDB, Use: use, Tables: tables}))(t)
		start := time.Now()
		got := verdicts(t, db, statement)
		took += time.Since(start)
		var members, control []string
		for id, v := range got {
			switch v {
			case "in", "withheld":
				members = append(members, id)
			case "control":
				control = append(control, id)
			}
		}
		slices.Sort(members)
		slices.Sort(control)
		people += len(members)
		name := a.Segment().Name + " for " + want.Uses[a.Use()].Name
		if diff := cmp.Diff(slices.Collect(a.Members()), members); diff != "" {
			t.Errorf("members of %s (-engine +duckdb), %d and %d:\n%.600s", name, a.Len(), len(members), diff)
		}
		if diff := cmp.Diff(slices.Collect(a.Control()), control); diff != "" {
			t.Errorf("control group of %s (-engine +duckdb):\n%.600s", name, diff)
		}
	}
	t.Logf("%d lists with %d members agree; DuckDB took %s", len(want.Audiences), people, took.Round(time.Millisecond))
}

// folder is a folder of Parquet files below a project's own.
func folder(dir, url string) string {
	return segments.FolderTable(sql.DuckDB, filepath.ToSlash(filepath.Join(dir, url)))
}
