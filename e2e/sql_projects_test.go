package e2e_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/duckdb"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/query"
)

// opinion is a project's setting with the moments at which DuckDB is asked. identity.attach is off in all of them, for
// a statement cannot say who is linked.
type opinion struct {
	setting
	moments []int
}

// secondOpinions are what DuckDB is asked about: every example project, as it is and with everything added that it
// lacks.
var secondOpinions = []struct {
	name      string
	project   func() *example
	disturbed bool
	asked     []opinion
}{
	{
		"the shop", shop, false,
		[]opinion{{setting{answers, "", false}, []int{0, 2}}, {setting{answers, "", true}, []int{1}}},
	},
	{"the shop, disturbed", shop, true, []opinion{{setting{answers, "", false}, []int{1}}}},
	{
		"five people", webtrack, false,
		[]opinion{{setting{answers, "", false}, []int{0, 1}}, {setting{granting, "", true}, []int{2}}},
	},
	{"five people, disturbed", webtrack, true, []opinion{{setting{granting, "", false}, []int{2}}}},
	{"odd events", snowplow, false, []opinion{
		{setting{answers, "", false}, []int{0, 3}},
		{setting{answers, "second-notice", false}, []int{3}},
		{setting{granting, "", false}, []int{1}},
	}},
}

func TestDuckDBAndTheEngineAgreeOnTheRealLogs(t *testing.T) {
	t.Parallel()
	openDuckDB(t) // or skip all; each moment asks one of its own
	for _, o := range secondOpinions {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			logSource(t, o.project().Log)
			var members atomic.Int64
			t.Cleanup(func() {
				if members.Load() == 0 {
					t.Error("nobody is in any list: the test asks nothing")
				}
			})
			for _, c := range o.asked {
				for _, m := range c.moments {
					x := o.project()
					at := x.moments[m]
					t.Run(c.String()+" "+at[0], func(t *testing.T) {
						t.Parallel()
						db := openDuckDB(t)
						l := x.open(t, o.disturbed).load(t, c.setting)
						members.Add(int64(agree(t, db, l, tablesOf(x.dir, l), instant(t, at[0]), instant(t, at[1]))["in"]))
					})
				}
			}
		})
	}
}

func TestAStatementOfAProjectThatLinksIsRefusedByName(t *testing.T) {
	for _, x := range []*example{shop(), webtrack(), snowplow()} {
		x.dir = t.TempDir()
		l := x.load(t, setting{answers, "linked", false})
		for _, s := range l.Segments {
			var unsaid *query.UnsaidError
			_, err := decide.Statement(context.Background(), job(t, l).Inputs, s.Name, decide.StatementOptions{
				Dialect: sql.DuckDB, Covered: true,
			})
			if !errors.As(err, &unsaid) || unsaid.Construct != "identity.attach: linked" {
				t.Errorf("segment %s of %s: error %v, want it refused for identity.attach: linked", s.Name, x.Name, err)
			}
		}
	}
}

// agree compares what becomes of everybody in every list of a project with what the statement for it gives, and returns
// how often each verdict was met. Whom only other rules of the run look at may be unknown to the engine and unseen by a
// statement.
func agree(t *testing.T, db *duckdb.DB, l *load.Loaded, tables map[string]string, asOf, knownBy int64) map[string]int {
	t.Helper()
	want := evaluate(t, l, asOf, knownBy)
	var took time.Duration
	met := map[string]int{}
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
		statement := must(decide.Statement(context.Background(), j.Inputs, a.Segment().Name, decide.StatementOptions{
			Dialect: sql.DuckDB, Use: use, Tables: tables,
		}))(t)
		start := time.Now()
		got := verdicts(t, db, statement)
		took += time.Since(start)
		said := map[string]string{}
		for id, outcome := range a.Outcomes(0) {
			if said[id] = string(outcome); outcome == segments.Undecided && got[id] == "" {
				delete(said, id)
			}
		}
		for _, verdict := range got {
			met[verdict]++
		}
		if diff := cmp.Diff(said, got); diff != "" {
			t.Errorf("%s for %s (-engine +duckdb), %d and %d people:\n%.600s", a.Segment().Name, want.Uses[a.Use()].Name,
				len(said), len(got), diff)
		}
	}
	t.Logf("%d lists agree, %v; DuckDB took %s", len(want.Audiences), met, took.Round(time.Millisecond))
	return met
}

// tablesOf are the tables of a project in a folder.
func tablesOf(dir string, l *load.Loaded) map[string]string {
	tables := map[string]string{"consent": logFolder(dir, l.Project.Consent.URL)}
	for _, s := range l.Project.Sources {
		tables[s.Name] = logFolder(dir, s.URL)
	}
	if l.Project.Attributes != nil {
		tables["attributes"] = logFolder(dir, l.Project.Attributes.URL)
	}
	return tables
}

// logFolder is a folder of Parquet files below a project's own.
func logFolder(dir, url string) string {
	return query.FolderTable(sql.DuckDB, filepath.ToSlash(filepath.Join(dir, url)))
}
