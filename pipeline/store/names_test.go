package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/store"
)

// hostile names would reach out of a folder or confuse whoever reads a listing: nothing of them may reach a storage.
var hostile = []string{
	"", "/", "/etc/passwd", "//a", "a//b", "a/", "..", "../a", "a/..", "a/../b", "a/../../b", "./a", "a/./b", ".", "...",
	"a/.../b", ". .", "a/ /b", " ", "C:/a", "c:a", `a\b`, `..\a`, `\\host\share`, "%2e%2e/a", "%2E%2E%2fa", "a%2fb",
	"a%5cb", "a%00b", "%252e/a", "a\x00b", "a\nb", "a\rb", "a\tb", "a\x1b[31m", "a\x7fb", "a\u0085b", "a\u202eb",
	"a\u200bb", "a\u2028b", "a\xffb", "a\ufeff", strings.Repeat("a", 1025),
}

// What a killed writer left is no object, and goes when somebody sweeps.
func TestWhatAKilledWriterLeftIsNoObject(t *testing.T) {
	root := t.TempDir()
	b, err := store.Open(t.Context(), "file://"+root, store.Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, b, "markers/1.json", "whole")
	for _, name := range []string{"markers/.2.json.0.tmp", "markers/.2.json.17.tmp", ".a.0.tmp"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(t, b, "markers/.hidden", "an object")
	want := []string{"markers/.hidden", "markers/1.json"}
	if got := keys(t, b, ""); !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
	if err := b.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(root, "markers", "*")) // names with a dot, too
	if err != nil || len(left) != len(want) {
		t.Errorf("left %q, %v", left, err)
	}
}

// slashed and escaped names are read where a listing shows them, and never written.
func slashedOrEscaped(key string) bool {
	return strings.Contains(key, "%") ||
		slices.Contains([]string{"/", "/etc/passwd", "//a", "a//b", "a/"}, key)
}

// What a listing shows can be read, byte for byte: the percent signs that Hive and Spark leave in names stand for
// themselves.
func TestWhatAListingShowsIsReadAsItIsNamed(t *testing.T) {
	root := t.TempDir()
	names := []string{
		"a%2Fb/part", "page=%2Flainat/x.parquet", "%25", "100%.parquet", "a%252Fb", "dt=2026-04-01 00%3A00%3A00/x",
	}
	for _, name := range names {
		if err := errors.Join(os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700),
			os.WriteFile(filepath.Join(root, name), []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := store.Open(t.Context(), "file://"+root, store.Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if got := keys(t, b, ""); !slices.Equal(got, names) {
		t.Fatalf("listed %q", got)
	}
	for _, name := range names {
		if got, err := b.ReadAll(t.Context(), name, 100); string(got) != name || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestHostileNamesReachNoStorage(t *testing.T) {
	if len(hostile) < 40 {
		t.Fatalf("the table has %d names", len(hostile))
	}
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		ctx := t.Context()
		for _, key := range hostile {
			_, stat := b.Stat(ctx, key)
			_, open := b.Open(ctx, store.Object{Key: key})
			for op, err := range map[string]error{
				"upload": b.UploadBytes(ctx, key, nil, ""), "create": b.CreateOnce(ctx, key, nil),
				"delete": b.Delete(ctx, key), "stat": stat, "open": open,
			} {
				reads := op == "stat" || op == "open"
				if store.CodeOf(err) != store.BadKey && !(reads && slashedOrEscaped(key)) {
					t.Errorf("%s %q: %v", op, key, err)
				}
			}
		}
		if got := keys(t, b, ""); len(got) != 0 {
			t.Errorf("written: %q", got)
		}
	})
}
