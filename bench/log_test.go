package bench

import (
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/bench/e20"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/value"
)

const seed = 1

var workers = runtime.GOMAXPROCS(0)

// logOf returns the folder of the log with that many rows, which is made the first time.
func logOf(tb testing.TB, rows int) string {
	tb.Helper()
	dir, err := e20.Kept(tb.Context(), e20.Options{Rows: rows, Seed: seed, Workers: workers})
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

// measured is the log that benchmarks read, and its rows.
func measured(b *testing.B) (dir string, rows int) {
	b.Helper()
	rows = 20_000_000
	if text := os.Getenv("MALGRUPP_BENCH_ROWS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			b.Fatalf("MALGRUPP_BENCH_ROWS is %q, want a number of rows such as 20000000", text)
		}
		rows = n
	}
	return logOf(b, rows), rows
}

// opened reads and checks a project.
func opened(tb testing.TB, dir string) *load.Loaded {
	tb.Helper()
	l, err := load.Load(dir, "", value.DateOfDays(e20.KnownBy.Unix()/86400))
	if err != nil {
		tb.Fatal(err)
	}
	if l.Findings.Failed() {
		tb.Fatal(l.Findings)
	}
	return l
}

// work is what a workload decides on.
type work struct {
	decide.Inputs
	segments []string
}

// job is a workload on the log.
func job(tb testing.TB, dir, workload string) *work {
	tb.Helper()
	loaded := opened(tb, dir)
	options, err := folder.StoreOptions(dir, loaded.Project)
	if err != nil {
		tb.Fatal(err)
	}
	j := &work{decide.Inputs{
		Loaded: loaded, AsOf: e20.AsOf.UnixMicro(), KnownBy: e20.KnownBy.UnixMicro(),
		Clock: time.Now, Workers: workers, Stores: folder.NewStores(options), Log: slog.New(slog.DiscardHandler),
	}, []string{e20.Workloads[workload]}}
	tb.Cleanup(func() { _ = j.Stores.Close() })
	return j
}

func evaluate(tb testing.TB, j *work) *decide.Decision {
	tb.Helper()
	e, err := decide.Selected(tb.Context(), j.Inputs, j.segments, decide.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return e
}
