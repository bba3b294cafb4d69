package pipeline_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// looking is a job over the bank's log.
func (b *bank) looking(now string) decide.Inputs {
	stores := folder.NewStores(store.Options{Memory: b.memory})
	b.t.Cleanup(func() { _ = stores.Close() })
	return decide.Inputs{
		Loaded: b.loaded, Clock: func() time.Time {
			return time.UnixMicro(instant(b.t, now))
		}, Workers: 2, Stores: stores, Log: slog.New(slog.DiscardHandler),
	}
}

// day writes rows of which some have an odd time; columns left out are not in the file.
func (b *bank) day(name string, rows, odd int, leave ...string) {
	var columns []rules.Column
	var values []parquet.Values
	for _, c := range eventColumns() {
		if slices.Contains(leave, c.Name) {
			continue
		}
		var v parquet.Values
		for i := range rows {
			at := instant(b.t, "2026-04-10T10:00:00Z")
			if i < odd && c.Name == "event_time" {
				at /= 1e6
			}
			v.Ints, v.Text = append(v.Ints, at), append(v.Text, fmt.Sprint(c.Name, i))
		}
		if c.Type.Kind == value.Text {
			v.Ints = nil
		} else {
			v.Text = nil
		}
		columns, values = append(columns, c), append(values, v)
	}
	b.put("events/"+name, table(b.t, columns, rows, values))
}

func TestAContractSaysOfEveryObjectWhatDrifted(t *testing.T) {
	b := newBank(t)
	b.day("dt=2026-04-11/a.parquet", 1000, 9, "page")
	b.day("dt=2026-04-11/b.parquet", 1000, 10, "page")
	b.day("dt=2026-04-11/c.parquet", 10, 0)
	b.put("events/dt=2026-04-11/d.parquet", []byte("PAR1 no Parquet PAR1"))
	b.put("events/dt=2026-04-11/_SUCCESS", nil)
	got, err := inspect.Contract(t.Context(), b.looking("2026-04-12T06:00:00Z"), inspect.ContractOptions{})
	check(t, err)
	const odd, gone = "before 1990 or after tomorrow: a wrong unit, or a broken clock",
		"the file has no column \"page\": correct `from`, or say `optional: true`"
	a, bb, d := "dt=2026-04-11/a.parquet", "dt=2026-04-11/b.parquet", "dt=2026-04-11/d.parquet"
	want := []inspect.SourceContract{{
		Source: "web", Schema: "web", Checked: 4, Listed: 5, Rows: 2010,
		Drifts: []inspect.Drift{
			{
				Departure: inspect.Departure{
					Kind: inspect.DriftDamaged, Broken: true,
					Message: `read parquet object "` + d + `": its footer claims 544499061 bytes, the object has 20`,
				}, Objects: []string{d},
			},
			{
				Departure: inspect.Departure{
					Kind: inspect.DriftTime, Broken: true, Column: "event_time", Message: odd,
				}, Rows: 10, Of: 1000, Objects: []string{bb},
			},
			{
				Departure: inspect.Departure{
					Kind: inspect.DriftMissing, Broken: true, Column: "page", Message: gone,
				}, Objects: []string{a, bb},
			},
			{
				Departure: inspect.Departure{
					Kind: inspect.DriftTime, Column: "event_time", Message: odd,
				}, Rows: 9, Of: 1000, Objects: []string{a},
			},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all, err := inspect.Contract(t.Context(), b.looking("2026-04-12T06:00:00Z"), inspect.ContractOptions{
		All: true,
	}); err != nil || all[0].Checked != 5 {
		t.Errorf("of all objects %d were checked, %v", all[0].Checked, err)
	}
}

func TestPartitionsSayWhatIsLateAndWhatARunReads(t *testing.T) {
	dir := t.TempDir()
	b := newBank(t)
	write := func(name, written string) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		check(t, os.MkdirAll(filepath.Dir(file), 0o700))
		check(t, os.WriteFile(file, []byte("12345"), 0o600))
		at := time.UnixMicro(instant(t, written))
		check(t, os.Chtimes(file, at, at))
	}
	write("dt=2026-04-01/a", "2026-04-02T01:00:00Z")
	write("dt=2026-04-01/b", "2026-04-03T07:00:00Z")
	write("dt=2026-04-01/_SUCCESS", "2026-04-03T07:00:00Z")
	write("dt=2026-04-05/a", "2026-04-06T01:00:00Z")
	write("dt=2026-04-07/a.tmp", "2026-04-08T01:00:00Z")
	write("dt=2026-04-07/_SUCCESS", "2026-04-08T01:00:00Z")
	write("dt=2026-04-08/a", "2026-04-08T05:00:00Z")
	source := &b.loaded.Project.Sources[0]
	source.URL, source.Complete = "file://"+filepath.ToSlash(dir), project.Success
	job := b.looking("2026-04-08T07:00:00Z")
	job.Stores = folder.NewStores(store.Options{Roots: []string{dir}})
	got, err := inspect.Partitions(t.Context(), job, inspect.PartitionOptions{Grace: 6 * time.Hour})
	check(t, err)
	want := []inspect.SourcePartitions{{
		Source: "web", URL: "file://" + filepath.ToSlash(dir), Key: "dt=", Count: 4, First: "2026-04-01", Last: "2026-04-08",
		Objects: 4, Bytes: 20, Missing: []string{"2026-04-02..2026-04-04", "2026-04-06"}, Empty: []string{
			"2026-04-07",
		}, Incomplete: []string{"2026-04-05"},
		Late: []inspect.LateObject{{Key: "dt=2026-04-01/b", Day: "2026-04-01", Written: "2026-04-03T07:00:00Z", Hours: 31}},
		Reads: inspect.Reads{
			From: "2026-04-01T00:00:00Z", Before: "2026-04-07T21:00:00Z", Objects: 2, Bytes: 10, Uncovered: []string{
				"2026-04-02..2026-04-06",
			},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
