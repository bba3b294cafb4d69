package folder_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// A day is there once there is something of it, or its writer says that there is nothing.
func TestADayIsThereOnceItWasWritten(t *testing.T) {
	for _, c := range []struct {
		key, objects, want string // objects without a size are empty
	}{
		{"dt=", "dt=2026-04-10/part.parquet:9", "2026-04-10"},
		{"dt=", "dt=2026-04-10/_SUCCESS", "2026-04-10"},
		{"dt=", "dt=2026-04-10/", ""},
		{"dt=", "dt=2026-04-10_$folder$", ""},
		{"dt=", "dt=2026-04-10", ""},
		{"dt=", "dt=2026-04-10/_started_17:9", ""},
		{"dt=", "dt=2026-04-10/.part.parquet.crc:9", ""},
		{"dt=", "dt=2026-04-10/part.parquet.tmp:9", ""},
		{"dt=", "dt=2026-04-10/_temporary/0/part.parquet:9 dt=2026-04-10/_temporary/0/_SUCCESS", ""},
		{"dt=", ".spark-staging-3/dt=2026-04-10/part.parquet:9", ""},
		{"dt=", "dt=2026-04-10/part.parquet:9 dt=2026-04-11/_temporary/0/part.parquet:9", "2026-04-10"},
		{"{yyyy}/{MM}/{dd}", "2026/04/10/part.parquet:9 2026/04/11", "2026-04-10"},
		{"{yyyy}/{MM}/{dd}/{HH}", "2026/04/10/_SUCCESS", ""},
		{"events_{yyyy}{MM}{dd}", "events_20260410/part.parquet:9 events_20260411", "2026-04-10"},
	} {
		var listing []store.Object
		for o := range strings.FieldsSeq(c.objects) {
			key, size, _ := strings.Cut(o, ":")
			listing = append(listing, store.Object{Key: key, Size: int64(len(size))})
		}
		parts, err := folder.Partitions("events/", project.Partition{Key: c.key}, listing)
		var days []string
		for i := range parts {
			if parts[i].Written() {
				days = append(days, parts[i].Day.String())
			}
		}
		if got := strings.Join(days, " "); err != nil || got != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.objects, got, c.want, err)
		}
	}
}

// Stores that keep files in folders list the folders, too, without content and without a slash.
func TestAFolderThatIsListedIsNoObject(t *testing.T) {
	s := folder.NewStores(store.Options{Memory: new(store.Memory)})
	bucket, err := s.Open(t.Context(), "mem://b")
	for _, key := range []string{"events/fi", "events/fi/dt=2026-04-10", "events/fi/dt=2026-04-10/part.parquet"} {
		content := []byte(strings.Repeat("x", strings.Count(key, ".")))
		if err == nil {
			err = bucket.UploadBytes(t.Context(), key, content, "application/octet-stream")
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	_, listing, err := s.List(t.Context(), "mem://b/events/")
	if err != nil || len(listing) != 1 || listing[0].Key != "fi/dt=2026-04-10/part.parquet" {
		t.Errorf("%v: %v", listing, err)
	}
}
