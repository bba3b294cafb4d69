package bench

import (
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// phaseUnits name the metrics of phases; settle contains the fold.
var phaseUnits = map[string]string{
	"ledger": "ledger-ns/row", "gate": "gate-ns/row", "read": "read-ns/row",
	"settle": "settle-ns/row",
}

// BenchmarkRun decides a workload: ledger, gate, scan and fold. The ratios set what is done with rows (x-floor) and the
// reading of the consent log (ledger-x-floor) against the decode floor, measured just before, in wall and processor
// time.
func BenchmarkRun(b *testing.B) {
	dir, rows := measured(b)
	for _, workload := range []string{"S1", "S50", "S200"} {
		b.Run(workload, func(b *testing.B) {
			j := job(b, dir, workload)
			total := map[string]spent{}
			for b.Loop() {
				b.StopTimer()
				total["floor"] = total["floor"].plus(stopwatch(func() { floor(b, j, workload) }))
				b.StartTimer()
				clock := &phaseClock{}
				j.Clock = clock.now
				for name, took := range clock.phases(b, evaluate(b, j)) {
					total[name] = total[name].plus(took)
				}
			}
			perRow(b, int64(rows))
			for name, unit := range phaseUnits {
				b.ReportMetric(float64(total[name].wall.Nanoseconds())/float64(b.N)/float64(rows), unit)
			}
			engine := total["gate"].plus(total["read"]).plus(total["settle"])
			ratio(b, "x-floor", engine, total["floor"])
			ratio(b, "ledger-x-floor", total["ledger"], total["floor"])
		})
	}
}

// ratio reports a part of a run against the floor.
func ratio(b *testing.B, unit string, part, floor spent) {
	b.ReportMetric(float64(part.wall)/float64(floor.wall), unit)
	b.ReportMetric(float64(part.cpu)/float64(floor.cpu), unit+"-cpu")
}

// BenchmarkConsents reads what one person said: what malgrupp subject show waits for.
func BenchmarkConsents(b *testing.B) {
	dir, _ := measured(b)
	j := job(b, dir, "S1")
	for b.Loop() {
		nobody := &decide.Person{Kind: identity.Device, Raw: "a device that nobody has"}
		if _, err := decide.Consents(b.Context(), j.Inputs, nobody); err != nil {
			b.Fatal(err)
		}
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
