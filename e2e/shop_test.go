// Package e2e_test runs the whole program in process on a real click log and compares it, member by member, with an
// oracle that was written from the specification alone.
package e2e_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/value"
)

// logSource returns the folder of a real log, or skips the test.
func logSource(t *testing.T, l *feed.Log) string {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	} else if !filepath.IsAbs(root) {
		root = filepath.Join("..", root)
	}
	dir := filepath.Join(root, "data", "clickstream", l.Folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the log of the project %s is not there: %v; set MALGRUPP_VECTORS to the folder that holds data/", l.Name,
			err)
	}
	return dir
}

// enriched returns the folder of the enriched e-shop log, or skips the test.
func enriched(t *testing.T) string {
	t.Helper()
	return logSource(t, feed.Shop)
}

// instant reads a UTC time.
func instant(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must ends the test on an error: must(f())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return v
	}
}

// opened copies the shop's project, without any data, into a folder and reads it.
func opened(t *testing.T, dir, profile string) *load.Loaded {
	t.Helper()
	return loadProject(t, feed.Shop.Name, "2008-06-01", dir, profile)
}

// loadProject copies an example project, without any data, into a folder and reads it as on a given day.
func loadProject(t *testing.T, name, today, dir, profile string) *load.Loaded {
	t.Helper()
	for _, part := range []string{"schemas", "segments"} {
		_, absent := os.Stat(filepath.Join(name, part))
		_, uncopied := os.Stat(filepath.Join(dir, part))
		if absent == nil && uncopied != nil {
			check(t, os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(name, part))))
		}
	}
	text := must(os.ReadFile(filepath.Join(name, load.ProjectFile)))(t)
	check(t, os.WriteFile(filepath.Join(dir, load.ProjectFile), text, 0o644))
	date, ok := value.ParseDate(today)
	if !ok {
		t.Fatalf("%q is no date", today)
	}
	l := must(load.Load(dir, profile, date))(t)
	for _, f := range l.Findings {
		t.Errorf("%s: %s: %s", f.Source.Name, f.Code, f.Message)
	}
	return l
}

// job is an order on a loaded project, with two workers, the keys of its folder and a silent log.
func job(t *testing.T, l *load.Loaded) *pipeline.Job {
	t.Helper()
	if _, err := os.Stat(filepath.Join(l.Dir, "keys")); err != nil {
		check(t, keys.Generate(filepath.Join(l.Dir, "keys")))
	}
	stores := folder.NewStores(must(folder.StoreOptions(l.Dir, l.Project))(t))
	t.Cleanup(func() { check(t, stores.Close()) })
	return &pipeline.Job{
		Inputs: decide.Inputs{Loaded: l, Clock: time.Now, Workers: 2, Stores: stores, Log: slog.New(slog.DiscardHandler)},
		RunID:  "20080601T000000Z-000001", Keys: must(pipeline.OpenKeys(l, os.LookupEnv))(t),
	}
}

// evaluate decides a job at given instants and writes nothing.
func evaluate(t *testing.T, l *load.Loaded, asOf, knownBy int64) *decide.Decision {
	t.Helper()
	j := job(t, l)
	j.AsOf, j.KnownBy = asOf, knownBy
	return must(decide.Selected(context.Background(), j.Inputs, nil, decide.Options{}))(t)
}
