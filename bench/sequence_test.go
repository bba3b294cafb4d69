package bench

import (
	"testing"

	"github.com/malgrupp/malgrupp/bench/e20"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// A counting condition and a sequence whose first step it is.
const (
	counting = `{did: event_00, where: page_path starts_with '/section-0/', within: 30d, at_least: 3}`
	sequence = `
    sequence:
      - {did: event_00, where: page_path starts_with '/section-0/'}
      - {did: event_01, within_previous: 7d}
      - {did: event_02, within_previous: 7d}
    within: 30d`
)

// BenchmarkSequence decides one sequence and, just before, one counting condition with the same first step. The ratios
// are of what is done with rows: gate, scan and fold.
func BenchmarkSequence(b *testing.B) {
	dir, rows := measured(b)
	var count, chain spent
	members := 0
	for b.Loop() {
		b.StopTimer()
		took, _ := ruled(b, dir, counting)
		count = count.plus(took)
		b.StartTimer()
		took, e := ruled(b, dir, sequence)
		chain = chain.plus(took)
		members = e.Audiences[0].Len()
	}
	if members == 0 {
		b.Fatal("nobody went the way of the sequence: it measures nothing")
	}
	perRow(b, int64(rows))
	ratio(b, "x-counting", chain, count)
}

// ruled decides one rule over the log and returns what its rows took.
func ruled(b *testing.B, dir, match string) (spent, *decide.Decision) {
	b.Helper()
	j := job(b, dir, "S1")
	today := value.DateOfDays(e20.KnownBy.Unix() / 86400)
	s, found := j.Scope(today).Segment(&source.Source{Name: "segments/measured.yaml", Text: `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: measured, owner: team-speed, review_by: 2027-05-01, reason: Part of a measured workload}
spec:
  purpose: advertising
  identity: device
  deliver: [bench]
  match: ` + match + "\n"})
	if found.Failed() {
		b.Fatal(found)
	}
	j.Segments, j.segments = []*rules.Segment{s}, []string{s.Name}
	clock := &phaseClock{}
	j.Clock = clock.now
	e := evaluate(b, j)
	phases := clock.phases(b, e)
	return phases["gate"].plus(phases["read"]).plus(phases["settle"]), e
}
