package pipeline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// version is what an object says of the events of devices: which page it was, and when that arrived.
type version struct{ page, received string }

// versions writes one version of the event of each of so many devices, from the first device or from the last.
func (b *bank) versions(name string, v version, devices int, backwards bool) {
	var columns [6]parquet.Values
	for i := range devices {
		if backwards {
			i = devices - 1 - i
		}
		for c, text := range map[int]string{0: fmt.Sprint("e", i), 3: "page_view", 4: fmt.Sprint("d", i), 5: v.page} {
			columns[c].Text = append(columns[c].Text, text)
		}
		columns[1].Ints = append(columns[1].Ints, instant(b.t, "2026-04-10T10:00:00Z"))
		columns[2].Ints = append(columns[2].Ints, instant(b.t, v.received))
	}
	b.put(name, table(b.t, eventColumns(), devices, columns[:]))
}

// Each of two hundred events says that its device looked at a loan, and that it looked at a card. The first to arrive
// is believed, and of two that arrived at one instant always the same one, whoever reads what first.
func TestOfAnEventWithTwoContentsTheSameOneCountsInAnyOrder(t *testing.T) {
	const loan, card, first, later = "/lainat/auto", "/kortit/credit", "2026-04-10T10:00:01Z", "2026-04-10T10:00:02Z"
	const devices = 200
	b := newBank(t)
	b.events("events/dt=2026-04-10/part.parquet", 500, 800) // others who did not consent: not most rows are copies
	b.consent("consent/more.parquet", "2026-04-10T20:59:00Z", 80, devices)
	for name, c := range map[string]struct {
		two         [2]version
		least, most int // members
	}{
		"the loan came first": {[2]version{{loan, first}, {card, later}}, devices, devices},
		"the card came first": {[2]version{{loan, later}, {card, first}}, 0, 0},
		"both came at once":   {[2]version{{loan, first}, {card, first}}, 50, devices - 50},
	} {
		var want []string
		for turn := range 8 {
			files := []string{"events/dt=2026-04-10/a.parquet", "events/dt=2026-04-10/b.parquet"}
			if turn&1 != 0 {
				slices.Reverse(files)
			}
			b := b.elsewhere(t)
			for i, v := range c.two {
				b.versions(files[i], v, devices, turn&2 != 0 && i == 0)
			}
			b.workers = []int{1, 4}[turn>>2]
			report, err := b.run(night, "20260410T220000Z-000001")
			check(t, err)
			if n := report.Manifest.Sources[0].Conflicts; n != devices {
				t.Errorf("%s: %d copies contradict, want %d", name, n, devices)
			}
			got := b.list(report.RunID, "snapshot")
			if len(got) < c.least || len(got) > c.most {
				t.Errorf("%s: %d members, want %d to %d", name, len(got), c.least, c.most)
			}
			if turn == 0 {
				want = got
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: another order of files and rows, or %d workers, keep another version:\n%s", name, b.workers, diff)
			}
		}
	}
}
