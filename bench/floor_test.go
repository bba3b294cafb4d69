package bench

import (
	"testing"

	"github.com/malgrupp/malgrupp/bench/e20"
	"github.com/malgrupp/malgrupp/rules"
)

// decode reads columns of the log, with that many cursors, and does nothing with them.
func decode(tb testing.TB, dir string, schema *rules.Schema, columns []string, cursors int) {
	tb.Helper()
	if _, err := e20.Decode(dir, schema, columns, cursors); err != nil {
		tb.Fatal(err)
	}
}

// floor decodes the events of a workload.
func floor(tb testing.TB, j *work, workload string) {
	tb.Helper()
	decode(tb, j.Dir, j.Schemas["e20"], e20.FloorColumns[workload], workers)
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
		decode(b, dir, schema, []string{"event", "page_path", "device_id", "event_time"}, 1)
	}
	perRow(b, int64(rows))
}
