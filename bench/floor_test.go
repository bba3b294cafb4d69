package bench

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// floorColumns are the columns that a workload cannot do without: what its conditions test, who the row is of, and when
// it happened.
var floorColumns = map[string][]string{
	"S1":   {"event", "page_path", "device_id", "customer_id", "event_time"},
	"S50":  {"event", "page_path", "device_id", "customer_id", "event_time", "site", "app", "value"},
	"S200": {"event", "page_path", "device_id", "customer_id", "event_time", "site", "app", "value"},
}

// decode reads columns of all row groups below a folder, with that many cursors, and does nothing with them.
func decode(tb testing.TB, dir string, schema *rules.Schema, columns []string, cursors int) (rows int64) {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "dt=*", "*.parquet"))
	if err != nil {
		tb.Fatal(err)
	}
	type unit struct {
		file  *parquet.File
		group int
	}
	var units []unit
	for _, name := range names {
		bytes, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		defer bytes.Close()
		info, err := bytes.Stat()
		if err != nil {
			tb.Fatal(err)
		}
		f, err := parquet.Open(bytes, info.Size(), name, schema, parquet.Limits{})
		if err != nil {
			tb.Fatal(err)
		}
		rows += f.Rows()
		for i := range f.RowGroups() {
			units = append(units, unit{f, i})
		}
	}
	var next atomic.Int64
	var g errgroup.Group
	for range cursors {
		g.Go(func() error {
			var cursor parquet.Cursor
			for i := next.Add(1) - 1; i < int64(len(units)); i = next.Add(1) - 1 {
				group := cursor.Move(units[i].file, units[i].group)
				for _, name := range columns {
					if _, err := group.Column(name); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		tb.Fatal(err)
	}
	return rows
}

// floor decodes the events of a workload.
func floor(tb testing.TB, j *work, workload string) {
	tb.Helper()
	decode(tb, filepath.Join(j.Dir, "events"), j.Schemas["e20"], floorColumns[workload], workers)
}

// perRow reports how fast rows were read in all iterations.
func perRow(b *testing.B, rows int64) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
	b.ReportMetric(float64(b.N)*float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkFloor reads the columns of a workload, with all workers, and does nothing with them.
func BenchmarkFloor(b *testing.B) {
	dir, rows := measured(b)
	for _, workload := range []string{"S1", "S50"} {
		b.Run(workload, func(b *testing.B) {
			j := job(b, dir, workload)
			for b.Loop() {
				floor(b, j, workload)
			}
			perRow(b, int64(rows))
		})
	}
}

// BenchmarkReader reads four columns with one cursor: the speed of the reader itself.
func BenchmarkReader(b *testing.B) {
	dir, rows := measured(b)
	schema := job(b, dir, "S1").Schemas["e20"]
	for b.Loop() {
		decode(b, filepath.Join(dir, "events"), schema, []string{"event", "page_path", "device_id", "event_time"}, 1)
	}
	perRow(b, int64(rows))
}
