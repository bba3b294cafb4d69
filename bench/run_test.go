package bench

import (
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
)

// phases are parts of a decision and how their metrics are called; settle contains the fold.
var phases = map[string]string{"ledger": "ledger-ns/row", "gate": "gate-ns/row", "read": "read-ns/row", "settle": "settle-ns/row"}

// took sums the phases of one name.
func took(e *pipeline.Evaluation, name string) (sum time.Duration) {
	for _, p := range e.Phases {
		if p.Name == name {
			sum += p.Took
		}
	}
	return sum
}

// BenchmarkRun decides a workload: ledger, gate, scan and fold. The ratios set what the engine does with rows (x-floor)
// and the reading of the consent log (ledger-x-floor) against the decode floor, measured just before.
func BenchmarkRun(b *testing.B) {
	dir, rows := measured(b)
	for _, workload := range []string{"S1", "S50", "S200"} {
		b.Run(workload, func(b *testing.B) {
			j := job(b, dir, workload)
			spent := map[string]time.Duration{}
			var least time.Duration
			for b.Loop() {
				b.StopTimer()
				least += floor(b, j, workload)
				b.StartTimer()
				e := evaluate(b, j)
				for name := range phases {
					spent[name] += took(e, name)
				}
			}
			perRow(b, int64(rows))
			for name, unit := range phases {
				b.ReportMetric(float64(spent[name].Nanoseconds())/float64(b.N)/float64(rows), unit)
			}
			b.ReportMetric(float64(spent["gate"]+spent["read"]+spent["settle"])/float64(least), "x-floor")
			b.ReportMetric(float64(spent["ledger"])/float64(least), "ledger-x-floor")
		})
	}
}

// BenchmarkLedger reads the consent log alone: a run of a project that has no events.
func BenchmarkLedger(b *testing.B) {
	dir, _ := measured(b)
	j := job(b, dir, "S1")
	j.Project.Sources = nil
	var rows int64
	for b.Loop() {
		rows = evaluate(b, j).Feed.Rows
	}
	perRow(b, rows)
}
