package e20_test

import (
	"crypto/sha256"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/malgrupp/malgrupp/bench/e20"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// small is a log of the form of E20.
var small = e20.Options{Rows: 200_000, Seed: 1, Workers: 2}

func makeE20(t *testing.T, o e20.Options) string {
	t.Helper()
	dir := t.TempDir()
	if err := e20.Make(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// digests are the SHA-256 of all files below a folder but keys.
func digests(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(name)) == "keys" {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		out[filepath.ToSlash(rel)] = sha256.Sum256(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// opened reads a project that must have nothing to complain about.
func opened(t *testing.T, dir string) *load.Loaded {
	t.Helper()
	l, err := load.Load(dir, "", value.DateOfDays(e20.KnownBy.Unix()/86400))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Findings) > 0 {
		t.Fatalf("the project in %s has findings: %v", dir, l.Findings)
	}
	return l
}

// decided decides the segments of a project.
func decided(t *testing.T, dir string, in decide.Inputs, names ...string) *decide.Decision {
	t.Helper()
	in.Loaded = opened(t, dir)
	in.Clock, in.Workers, in.Log = time.Now, 2, slog.New(slog.DiscardHandler)
	options, err := folder.StoreOptions(dir, in.Project)
	if err != nil {
		t.Fatal(err)
	}
	in.Stores = folder.NewStores(options)
	t.Cleanup(func() { _ = in.Stores.Close() })
	e, err := decide.Selected(t.Context(), in, names, decide.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func sizes(e *decide.Decision) map[string]int {
	out := map[string]int{}
	for i := range e.Audiences {
		out[e.Audiences[i].Segment().Name] = e.Audiences[i].Len()
	}
	return out
}

// eachGroup reads the row groups of a folder of logs.
func eachGroup(t *testing.T, dir string, schema *rules.Schema, visit func(g *parquet.RowGroup)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "dt=*", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var cursor parquet.Cursor
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := f.Stat()
		p, err := parquet.Open(f, info.Size(), name, schema, parquet.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.RowGroups() {
			visit(cursor.Move(p, i))
		}
		_ = f.Close()
	}
}

// countWords adds how often each word of a column occurs in a row group; null counts as "".
func countWords(t *testing.T, g *parquet.RowGroup, column string, into map[string]int) {
	t.Helper()
	a, err := g.Column(column)
	if err != nil {
		t.Fatal(err)
	}
	d := a.(*array.Dictionary)
	dictionary := d.Dictionary().(*array.String)
	words := make([]string, dictionary.Len())
	for i := range words {
		if !dictionary.IsNull(i) {
			words[i] = strings.Clone(dictionary.Value(i)) // the next row group reuses its bytes
		}
	}
	for _, code := range d.Indices().(*array.Int32).Int32Values() {
		into[words[code]]++
	}
}

func TestE20FollowsItsRecipe(t *testing.T) {
	dir := makeE20(t, small)
	l := opened(t, dir)
	counts := map[string]map[string]int{}
	for _, c := range []string{"event", "device_id", "customer_id", "page_path", "site", "app", "campaign"} {
		counts[c] = map[string]int{}
	}
	rows, values, last := 0, 0, int64(0)
	eachGroup(t, filepath.Join(dir, "events"), l.Schemas["e20"], func(g *parquet.RowGroup) {
		rows += g.Rows()
		for c, into := range counts {
			countWords(t, g, c, into)
		}
		value, err := g.Column("value")
		if err != nil {
			t.Fatal(err)
		}
		values += g.Rows() - value.NullN()
		at, err := g.Column("event_time")
		if err != nil {
			t.Fatal(err)
		}
		for _, us := range at.(*array.Timestamp).TimestampValues() {
			if int64(us) < last {
				t.Fatal("times do not rise")
			}
			last = int64(us)
		}
	})
	if rows != small.Rows {
		t.Errorf("there are %d rows, want %d", rows, small.Rows)
	}
	share := func(n int) float64 { return float64(n) / float64(rows) }
	for what, c := range map[string]struct{ got, want, within float64 }{
		"rows with a value":      {share(values), 0.2, 0.01},
		"rows with a campaign":   {1 - share(counts["campaign"][""]), 0.1, 0.01},
		"rows with a customer":   {1 - share(counts["customer_id"][""]), 1.0 / 9, 0.03},
		"campaigns":              {float64(len(counts["campaign"]) - 1), 200, 0},
		"events":                 {float64(len(counts["event"])), 15, 0},
		"sites":                  {float64(len(counts["site"])), 5, 0},
		"apps":                   {float64(len(counts["app"])), 4, 0},
		"rarity of third events": {float64(counts["event"]["event_00"]) / float64(counts["event"]["event_03"]), math.E, 0.2},
	} {
		if math.Abs(c.got-c.want) > c.within {
			t.Errorf("%s: got %g, want %g within %g", what, c.got, c.want, c.within)
		}
	}
	if n := len(counts["device_id"]); n < 4_000 || n > 10_000 {
		t.Errorf("rows are of %d devices, want most of 10,000", n)
	}
	if n := len(counts["page_path"]); n < 3_000 || n > 5_000 {
		t.Errorf("rows are of %d pages, want most of 5,000", n)
	}
	sections := map[string]bool{}
	for page := range counts["page_path"] {
		sections[strings.Split(page, "/")[1]] = true
	}
	if len(sections) != 10 {
		t.Errorf("there are %d sections, want 10", len(sections))
	}
}

func TestSevenOfTenDevicesGrantAndOneInTwelveWithdraws(t *testing.T) {
	dir := makeE20(t, small)
	actions := map[string]int{}
	schema := &rules.Schema{Columns: decide.ConsentColumns()}
	eachGroup(t, filepath.Join(dir, "consent"), schema, func(g *parquet.RowGroup) { countWords(t, g, "action", actions) })
	if grants := actions["grant"] / 3; grants < 6_800 || grants > 7_200 {
		t.Errorf("%d of 10,000 devices grant", grants)
	}
	if n := actions["withdraw"]; n < 700 || n > 900 {
		t.Errorf("%d of 10,000 devices withdraw", n)
	}
	if n := actions["heartbeat"]; n != 90*24 {
		t.Errorf("there are %d heartbeats, want one every hour of 90 days", n)
	}
}

func TestE20DoesNotDependOnHowManyDaysAreMadeAtOnce(t *testing.T) {
	o := e20.Options{Rows: 3_000, Days: 5, Seed: 3, IDs: true, Workers: 1}
	p := o
	p.Workers = 4
	if !maps.Equal(digests(t, makeE20(t, o)), digests(t, makeE20(t, p))) {
		t.Error("the logs differ")
	}
}

func TestE20GivesEveryWorkloadAnAudience(t *testing.T) {
	for _, ids := range []bool{false, true} {
		o := small
		o.IDs = ids
		dir := makeE20(t, o)
		for workload, segments := range map[string]int{"S1": 1, "S50": 50, "S200": 200, "Q10": 10} {
			e := decided(t, dir, decide.Inputs{
				AsOf: e20.AsOf.UnixMicro(), KnownBy: e20.KnownBy.UnixMicro(),
			}, e20.Workloads[workload])
			got := sizes(e)
			empty := 0
			for _, n := range got {
				if n == 0 {
					empty++
				}
			}
			if len(got) != segments || empty > segments/3 {
				t.Errorf("%s with ids %v: %d segments, %d of them empty", workload, ids, len(got), empty)
			}
			if copies := e.Sources[0].Counts.Copies; ids != (copies > 0) {
				t.Errorf("%s with ids %v: %d copies", workload, ids, copies)
			}
		}
	}
}

func TestAFolderThatHoldsAProjectIsNotTouched(t *testing.T) {
	o := e20.Options{Rows: 100, Days: 1}
	dir := makeE20(t, o)
	before := digests(t, dir)
	if err := e20.Make(t.Context(), dir, o); err == nil || !maps.Equal(before, digests(t, dir)) {
		t.Errorf("the folder was made again: %v", err)
	}
}
