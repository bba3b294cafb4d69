package consent

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// BenchmarkLedgerOfTenMillion fills a ledger with ten million devices, each of which answered a banner once, and one in
// ten of which withdrew. It tells what the sealed ledger takes, subjects and their ids included.
func BenchmarkLedgerOfTenMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("takes a gigabyte")
	}
	const people = 10_000_000
	p := densePolicy(testNow)
	for b.Loop() {
		subjects := identity.NewSubjects()
		f := Fill(p, subjects)
		loaders := []*Loader{f.Loader(), f.Loader()}
		for i := range people {
			l := loaders[i%len(loaders)]
			r := l.Subject(identity.Device, fmt.Appendf(nil, "%08x-%04x-4000-8000", i*2654435761, i&0xffff))
			for purpose := range p.Purposes.Len() {
				l.Add(r, Event{At: 1, Action: Grant, Pattern: Pattern(purpose), Notice: 2, Trusted: true})
			}
			if i%10 == 0 {
				l.Add(r, Event{At: 5, Action: Withdraw, Pattern: EveryPurpose})
			}
		}
		ledger, err := f.Seal(2)
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-sealed")
		b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-most")
		runtime.KeepAlive(ledger)
	}
}
