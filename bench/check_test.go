package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/malgrupp/malgrupp/bench/e20"
)

// BenchmarkCheck reads and checks a project of 500 segment files, no two alike.
func BenchmarkCheck(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "many")
	if err := e20.Make(b.Context(), dir, e20.Options{Rows: 1000, Seed: seed, Workers: workers}); err != nil {
		b.Fatal(err)
	}
	for i := range 500 - len(opened(b, dir).Segments) {
		text := fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Segment
metadata:
  name: many-%03[1]d
  title: Number %[1]d of many
  owner: team-speed
  review_by: 2027-05-01
spec:
  purpose: advertising
  identity: device
  match:
    all:
      - did: event_%02[2]d
        where: page_path starts_with '/section-%[1]d/' and site in ('a-%[1]d', 'b-%[1]d')
        within: 30d
        at_least: 2
      - did_not: event_%02[3]d
        where: page_path contains 'thanks' or value > %[1]d.50
        within: 14d
      - sequence:
          - {did: event_00, where: site = 'site-%[1]d'}
          - {did: event_01, within_previous: 2d}
        within: 21d
  exclude: {did: event_03, within: 7d}
  deliver: [bench]
`, i, i%9, (i+1)%9)
		if err := os.WriteFile(filepath.Join(dir, "segments", fmt.Sprintf("many-%03d.yaml", i)), []byte(text),
			0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if n := len(opened(b, dir).Segments); n != 500 {
			b.Fatalf("the project has %d segments, want 500", n)
		}
	}
}
