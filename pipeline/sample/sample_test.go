package sample_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/sample"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

var now = time.Date(2026, time.March, 20, 14, 30, 0, 0, time.UTC)

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
func opened(t *testing.T, dir string, today time.Time) *load.Loaded {
	t.Helper()
	l, err := load.Load(dir, "", value.DateOfDays(today.Unix()/86400))
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Findings) > 0 {
		t.Fatalf("the project in %s has findings: %v", dir, l.Findings)
	}
	return l
}

// decided decides the segments of a project.
func decided(t *testing.T, dir string, now time.Time) *decide.Decision {
	t.Helper()
	in := decide.Inputs{Loaded: opened(t, dir, now)}
	in.Clock, in.Workers, in.Log = func() time.Time { return now }, 2, slog.New(slog.DiscardHandler)
	options, err := folder.StoreOptions(dir, in.Project)
	if err != nil {
		t.Fatal(err)
	}
	in.Stores = folder.NewStores(options)
	t.Cleanup(func() { _ = in.Stores.Close() })
	e, err := decide.Selected(t.Context(), in, nil, decide.Options{})
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

func TestScaffoldsHaveNothingToComplainAbout(t *testing.T) {
	for template, segments := range map[string]int{"": 1, sample.Minimal: 1, sample.Bank: 16} {
		dir := filepath.Join(t.TempDir(), "new", "project")
		if err := sample.Init(dir, sample.InitOptions{Protected: sample.NoList, Template: template, Now: now}); err != nil {
			t.Fatal(err)
		}
		l := opened(t, dir, now)
		if len(l.Segments) != segments || len(l.Tests) == 0 {
			t.Errorf("template %q has %d segments and %d tests", template, len(l.Segments), len(l.Tests))
		}
		for _, src := range l.Tests {
			passes(t, src, l)
		}
	}
	if err := sample.Init(t.TempDir(), sample.InitOptions{Protected: sample.NoList, Template: "shop"}); err == nil {
		t.Error("an unknown template was written")
	}
}

// passes runs a test of a segment.
func passes(t *testing.T, src *source.Source, l *load.Loaded) {
	t.Helper()
	s, found := suite.ParseTest(src, l)
	if len(found) > 0 {
		t.Fatal(found)
	}
	results, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Status != suite.Passed {
			t.Errorf("%s: %s: %s %v", r.Place, r.Title, r.Status, r.Faults)
		}
	}
}

func TestAFolderThatHoldsAProjectIsNotTouchedUnlessForced(t *testing.T) {
	dir := t.TempDir()
	if err := sample.Init(dir, sample.InitOptions{Protected: sample.NoList, Template: sample.Bank, Now: now}); err != nil {
		t.Fatal(err)
	}
	before := digests(t, dir)
	demo := sample.DemoOptions{Users: 10, Days: 2, Now: now}
	forced := demo
	forced.Force = true
	for what, err := range map[string]error{
		"init":        sample.Init(dir, sample.InitOptions{Protected: sample.NoList, Now: now}),
		"demo":        sample.Demo(t.Context(), dir, demo),
		"forced demo": sample.Demo(t.Context(), dir, forced),
	} {
		if !errors.Is(err, sample.ErrTaken) {
			t.Errorf("%s: got %v, want a refusal", what, err)
		}
	}
	if diff := cmp.Diff(before, digests(t, dir)); diff != "" {
		t.Errorf("a refusal changed the folder: %s", diff)
	}
	if err := sample.Init(dir, sample.InitOptions{
		Protected: sample.NoList,
		Template:  sample.Bank, Now: now.AddDate(0, 0, 1), Force: true,
	}); err != nil {
		t.Error(err)
	}
}

func TestAForcedDemoReplacesADemoButNotItsKeys(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	o := sample.DemoOptions{Users: 40, Days: 3, Now: now, Force: true}
	large := o
	large.Days = 5
	key := filepath.Join(dir, "keys", "master.key")
	for _, step := range []struct {
		dir string
		o   sample.DemoOptions
	}{{dir, large}, {dir, o}, {other, o}} {
		if err := sample.Demo(t.Context(), step.dir, step.o); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(digests(t, other), digests(t, dir)); diff != "" {
		t.Errorf("something of the earlier demo is left: %s", diff)
	}
	if text, err := os.ReadFile(key); err != nil || len(text) == 0 {
		t.Errorf("the keys are gone: %v", err)
	}
}

func TestADemoThatIsStoppedLeavesNoLogs(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := sample.DemoOptions{Users: 20, Days: 2, Now: now}
	if err := sample.Demo(ctx, dir, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
	if err := sample.Demo(t.Context(), dir, o); err != nil {
		t.Errorf("the folder cannot be used again: %v", err)
	}
}

func TestAFolderWithLogsOfSomebodyElseIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "events"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := sample.DemoOptions{Users: 20, Days: 2, Now: now, Force: true}
	if err := sample.Demo(t.Context(), dir, o); !errors.Is(err, sample.ErrTaken) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestTheSameDemoHasTheSameBytesAndAnotherSeedHasNot(t *testing.T) {
	var all []map[string][32]byte
	for _, seed := range []uint64{7, 7, 8} {
		dir := t.TempDir()
		if err := sample.Demo(t.Context(), dir, sample.DemoOptions{Users: 60, Days: 4, Seed: seed, Now: now}); err != nil {
			t.Fatal(err)
		}
		all = append(all, digests(t, dir))
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("two demos of one seed differ: %s", diff)
	}
	for name, digest := range all[0] {
		if strings.HasPrefix(name, "events/") && digest == all[2][name] {
			t.Errorf("%s is the same for two seeds", name)
		}
	}
}

func TestADemoFillsEverySegment(t *testing.T) {
	dir := t.TempDir()
	if err := sample.Demo(t.Context(), dir, sample.DemoOptions{Users: 2000, Now: now}); err != nil {
		t.Fatal(err)
	}
	e := decided(t, dir, now)
	got := sizes(e)
	for name, n := range got {
		if n < 20 {
			t.Errorf("%s has %d members of 2,000 people: at 20,000 it would have hardly more than the floor", name, n)
		}
	}
	if len(got) != 6 {
		t.Errorf("there are %d segments, want 6", len(got))
	}
	web := &e.Sources[0]
	rows := int64(0)
	for _, o := range web.Inputs {
		rows += o.Rows
	}
	if rows < 160_000 || rows > 240_000 {
		t.Errorf("2,000 people left %d rows, want about 200,000", rows)
	}
	if web.Counts.Copies == 0 || web.Conflicts != 0 {
		t.Errorf("%d copies and %d conflicts, want some and none", web.Counts.Copies, web.Conflicts)
	}
	if len(web.Inputs) < 30 {
		t.Errorf("only %d partitions were read", len(web.Inputs))
	}
}
