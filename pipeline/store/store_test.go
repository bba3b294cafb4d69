package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/store"
)

// storages open a fresh bucket of each storage that needs no server; TestMain adds those whose emulator is named by
// MALGRUPP_TEST_S3 (an endpoint with a bucket "bkt", credentials in the usual variables).
var storages = map[string]func(t *testing.T) *store.Bucket{
	"file": func(t *testing.T) *store.Bucket { return openFolder(t, t.TempDir(), "bucket") },
	"mem": func(t *testing.T) *store.Bucket {
		return openAt(t, "mem://bucket/some/prefix", store.Options{Memory: new(store.Memory)})
	},
}

func openFolder(t *testing.T, root, name string) *store.Bucket {
	t.Helper()
	return openAt(t, "file://"+filepath.Join(root, name), store.Options{Roots: []string{root}})
}

func openAt(t *testing.T, url string, o store.Options) *store.Bucket {
	t.Helper()
	b, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func onEveryStorage(t *testing.T, test func(t *testing.T, b *store.Bucket)) {
	for name, open := range storages {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func write(t *testing.T, b *store.Bucket, key, content string) {
	t.Helper()
	if err := b.UploadBytes(t.Context(), key, []byte(content), "text/plain"); err != nil {
		t.Fatal(err)
	}
}

func keys(t *testing.T, b *store.Bucket, prefix string) []string {
	t.Helper()
	objects, err := b.List(t.Context(), prefix)
	if err != nil && store.CodeOf(err) != store.NotFound { // a folder that nothing was written to yet
		t.Fatal(err)
	}
	var names []string
	for _, o := range objects {
		names = append(names, o.Key)
	}
	return names
}

func TestAListingHasEveryObjectInOrder(t *testing.T) {
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		if got := keys(t, b, ""); len(got) != 0 {
			t.Fatalf("a new bucket lists %q", got)
		}
		for _, key := range []string{
			"dt=2026-01-02/b", "dt=2026-01-02/a", "dt=2026-01-02-x", "dt=2026-01-01/a", "_SUCCESS", ".hidden", "x.attrs",
		} {
			write(t, b, key, key)
		}
		want := []string{
			".hidden", "_SUCCESS", "dt=2026-01-01/a", "dt=2026-01-02-x", "dt=2026-01-02/a", "dt=2026-01-02/b", "x.attrs",
		}
		if diff := cmp.Diff(want, keys(t, b, "")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"dt=2026-01-02/a", "dt=2026-01-02/b"}, keys(t, b, "dt=2026-01-02/")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(want[3:6], keys(t, b, "dt=2026-01-02")); diff != "" {
			t.Error(diff)
		}
		if got := keys(t, b, "_SUCCESS/"); len(got) != 0 {
			t.Errorf("an object is no folder, but lists %q", got)
		}
	})
}

func TestAnETagChangesWithTheContent(t *testing.T) {
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		etag := func() string {
			objects, err := b.List(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			head, err := b.Stat(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			if head.ETag == "" || head.ETag != objects[0].ETag || head.Size != objects[0].Size {
				t.Fatalf("listing says %+v, stat %+v", objects[0], head)
			}
			return head.ETag
		}
		write(t, b, "a", "one")
		before := etag()
		write(t, b, "a", "three")
		if etag() == before {
			t.Error("same etag after a change")
		}
	})
}

func TestRangesReadWhatWasWritten(t *testing.T) {
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		content := []byte(strings.Repeat("0123456789abcdef", 40_000))
		if err := b.UploadBytes(t.Context(), "big", content, ""); err != nil {
			t.Fatal(err)
		}
		o, err := b.Stat(t.Context(), "big")
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, at := range [][2]int64{
			{0, 4}, {o.Size - 8, 8}, {1, 300_000}, {77, 5}, {400_000, 100}, {o.Size - 4, 10}, {o.Size, 1},
		} {
			p := make([]byte, at[1])
			n, err := r.ReadAt(p, at[0])
			want := content[at[0]:min(at[0]+at[1], o.Size)]
			if string(p[:n]) != string(want) || (n < len(p)) != (err == io.EOF) {
				t.Errorf("read %d bytes at %d: got %d, %v", at[1], at[0], n, err)
			}
		}
		if _, err := b.ReadAll(t.Context(), "big", 100); err == nil {
			t.Error("an object above the limit was read")
		}
		all, err := b.ReadAll(t.Context(), "big", o.Size)
		if err != nil || string(all) != string(content) {
			t.Errorf("read all: %d bytes, %v", len(all), err)
		}
	})
}

func TestTheEndOfAnObjectIsNoFailureToBeTriedAgain(t *testing.T) {
	sleep := func(context.Context, time.Duration) error {
		t.Error("a read at the end of an object was tried again")
		return nil
	}
	b := openAt(t, "mem://bucket", store.Options{Memory: new(store.Memory), Sleep: sleep})
	write(t, b, "empty", "")
	if content, err := b.ReadAll(t.Context(), "empty", 1); len(content) > 0 || err != nil {
		t.Errorf("an empty object: %q, %v", content, err)
	}
}

func TestOneOfManyWritersCreates(t *testing.T) {
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		for round := range 20 {
			var winners []string
			var mu sync.Mutex
			var all sync.WaitGroup
			key := fmt.Sprintf("markers/%d", round)
			for i := range 8 {
				all.Go(func() {
					me := fmt.Sprint(i)
					err := b.CreateOnce(t.Context(), key, []byte(me))
					switch {
					case err == nil:
						mu.Lock()
						winners = append(winners, me)
						mu.Unlock()
					case !errors.Is(err, store.ErrExists):
						t.Error(err)
					}
				})
			}
			all.Wait()
			content, err := b.ReadAll(t.Context(), key, 10)
			if err != nil || len(winners) != 1 || string(content) != winners[0] {
				t.Fatalf("winners %q, content %q, %v", winners, content, err)
			}
		}
	})
}

// The environment of a child: the folder it works in, and whether it is to take a lease there and hold it.
const (
	childRoot  = "STORE_TEST_CHILD_ROOT"
	childHolds = "STORE_TEST_CHILD_HOLDS"
)

// TestMain lets the test binary be one of several racing processes.
func TestMain(m *testing.M) {
	if endpoint := os.Getenv("MALGRUPP_TEST_S3"); endpoint != "" {
		storages["s3"] = func(t *testing.T) *store.Bucket {
			o := store.Options{Endpoint: map[string]string{"s3": endpoint}, AllowPrivateEndpoint: true}
			return openAt(t, fmt.Sprintf("s3://bkt/%s/%d?region=us-east-1", t.Name(), time.Now().UnixNano()), o)
		}
	}
	root := os.Getenv(childRoot)
	if root == "" {
		os.Exit(m.Run())
	}
	ctx := context.Background()
	b, err := store.Open(ctx, "file://"+root, store.Options{Roots: []string{root}})
	if err != nil {
		panic(err)
	}
	if os.Getenv(childHolds) != "" {
		holdLease(ctx, b)
	}
	for i := range 200 {
		if b.CreateOnce(ctx, fmt.Sprintf("k/%d", i), nil) == nil {
			fmt.Println(i)
		}
	}
}

func TestOneOfManyProcessesCreates(t *testing.T) {
	root := t.TempDir()
	wins := make([][]byte, 4)
	var all sync.WaitGroup
	for i := range wins {
		all.Go(func() {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childRoot+"="+root)
			var err error
			if wins[i], err = child.Output(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var won []string
	for _, lines := range wins {
		won = append(won, strings.Fields(string(lines))...)
	}
	slices.Sort(won)
	if len(won) != 200 || len(slices.Compact(won)) != 200 {
		t.Errorf("%d wins for 200 keys", len(won))
	}
}

func TestDeletingAndAskingForWhatIsNotThere(t *testing.T) {
	onEveryStorage(t, func(t *testing.T, b *store.Bucket) {
		write(t, b, "folder/a", "x")
		for key, want := range map[string]bool{"folder/a": true, "folder": false, "b": false} {
			if got, err := b.Exists(t.Context(), key); got != want || err != nil {
				t.Errorf("exists %s: %v, %v", key, got, err)
			}
		}
		for range 2 {
			if err := b.Delete(t.Context(), "folder/a"); err != nil {
				t.Error(err)
			}
		}
		if _, err := b.ReadAll(t.Context(), "folder/a", 10); store.CodeOf(err) != store.NotFound {
			t.Errorf("want not found, got %v", err)
		}
	})
}

func TestLinksAreNotFollowed(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	target := filepath.Join(outside, "target")
	if err := os.WriteFile(target, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	bucket := filepath.Join(root, "bucket")
	inside := filepath.Join(bucket, "real")
	for _, err := range []error{
		os.MkdirAll(inside, 0o700), os.Symlink(outside, filepath.Join(bucket, "away")),
		os.Symlink("real", filepath.Join(bucket, "near")), os.Symlink(target, filepath.Join(bucket, "file")),
		os.Symlink(bucket, filepath.Join(root, "linked")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b := openFolder(t, root, "bucket")
	for _, key := range []string{"away/target", "near/a", "file"} {
		_, read := b.ReadAll(t.Context(), key, 100)
		for _, err := range []error{read, b.UploadBytes(t.Context(), key, nil, ""), b.CreateOnce(t.Context(), key, nil)} {
			if store.CodeOf(err) != store.Denied {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	if _, err := openFolder(t, root, "linked").List(t.Context(), ""); store.CodeOf(err) != store.Denied {
		t.Errorf("a bucket that is a link: %v", err)
	}
	if content, err := os.ReadFile(target); err != nil || string(content) != "untouched" {
		t.Errorf("target is %q, %v", content, err)
	}
}

func TestAFolderHoldsNothingButItsObjectsAndIsPrivate(t *testing.T) {
	root := t.TempDir()
	b := openFolder(t, root, "bucket")
	write(t, b, "lists/a.csv", "x")
	if err := b.CreateOnce(t.Context(), "markers/1.json", nil); err != nil {
		t.Fatal(err)
	}
	if err := b.CreateOnce(t.Context(), "markers/1.json", nil); !errors.Is(err, store.ErrExists) {
		t.Error(err)
	}
	got := map[string]os.FileMode{}
	err := filepath.Walk(filepath.Join(root, "bucket"), func(path string, info os.FileInfo, err error) error {
		name, _ := filepath.Rel(root, path)
		got[name] = info.Mode().Perm()
		return err
	})
	want := map[string]os.FileMode{
		"bucket": 0o700, "bucket/lists": 0o700, "bucket/lists/a.csv": 0o600, "bucket/markers": 0o700,
		"bucket/markers/1.json": 0o600,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// full is content whose writing runs out of space.
type full struct{}

func (full) Read([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestAFullDiskIsKnownAndLeavesNothing(t *testing.T) {
	b := openFolder(t, t.TempDir(), "bucket")
	if err := b.Upload(t.Context(), "lists/a", full{}, ""); store.CodeOf(err) != store.Full {
		t.Errorf("want %q, got %v", store.Full, err)
	}
	if got := keys(t, b, ""); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

func TestAFolderThatIsNotThereIsNotEmpty(t *testing.T) {
	root := t.TempDir()
	b, err := store.Open(t.Context(), "file://"+root+"/nowhere", store.Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.List(t.Context(), ""); store.CodeOf(err) != store.NotFound {
		t.Errorf("listing it: %v, want %s", err, store.NotFound)
	}
}

// A marker that survives a power failure names objects in folders that do, too.
func TestFoldersAreOnTheDiskBeforeSomethingLiesInThem(t *testing.T) {
	root := t.TempDir()
	var steps []string
	note := func(c *store.Call, do func() error) error {
		steps = append(steps, c.Op)
		return do()
	}
	b := openAt(t, "file://"+root, store.Options{Roots: []string{root}, Around: note})
	write(t, b, "lists/run/a", "one")
	write(t, b, "lists/run/b", "two")
	want := []string{
		"write", "mkdir", "fsync", "mkdir", "fsync", "temporary", "fill", "fsync", "rename", "fsync",
		"write", "temporary", "fill", "fsync", "rename", "fsync",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Error(diff)
	}
}
