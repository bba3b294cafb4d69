package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestMain lets the test's own program measure others, as the driver does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == measureWord {
		if err := command(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestS50IsNoSlowerBesideDuckDBThanRecorded compares the members of fifty segments on two million rows with DuckDB's,
// and fails if ours has become twice as slow beside it. It asks the ratio of processor time, for machines that test do
// other work beside.
func TestS50IsNoSlowerBesideDuckDBThanRecorded(t *testing.T) {
	t.Chdir("..")
	program := filepath.Join("..", "bin", "malgrupp")
	if _, err := os.Stat(program); err != nil {
		t.Skip("skipped, the program is not built: make bench-check builds it")
	}
	b, err := open(t.Context(), program, 3)
	if errors.Is(err, errNoPython) || errors.Is(err, errNoEngines) {
		t.Skipf("skipped, nothing is compared: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.work, b.results.to = b.work+"-check", "" // beside the log, for files of it are linked
	i := slices.IndexFunc(workloads, func(w workload) bool { return w.name == "E2" })
	recorded := b.results.of("E2", page.name)
	if recorded == nil {
		t.Fatal("results.json has no figure of E2: run make bench-peers ONLY=E2")
	}
	want := recorded.CPU
	if err := b.workload(t.Context(), workloads[i]); err != nil {
		t.Fatal(err)
	}
	got := b.results.of("E2", page.name).CPU
	t.Logf("processor time, ours / DuckDB's: %.2f, recorded %.2f", got, want)
	if got > 2*want {
		t.Errorf("ours takes %.2f of DuckDB's processor time, recorded are %.2f: find what became slower, or, if that is "+
			"meant, record it with make bench-peers ONLY=E2", got, want)
	}
}
