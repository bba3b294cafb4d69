package pipeline_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Whoever watches a run can say of every phase how much is left: it tells its total before it begins, over all sources
// together, and ends with it.
func TestEveryPhaseTellsItsTotalFirstAndEndsWithIt(t *testing.T) {
	b := newBank(t)
	b.events("events/dt=2026-04-09/part.parquet", 0, 20)
	b.events("events/dt=2026-04-08/none.parquet", 0, 0)
	b.events("app/one.parquet", 60, 70)
	days := func(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }
	b.loaded.Project.Identity = project.Identity{
		Linked: true, AttachWindow: days(7), SharedWindow: days(90), KioskCustomers: 5, MaxDevices: 10,
	}
	web := b.loaded.Project.Sources[0]
	app := web
	app.Name, app.URL, app.Partition.Key = "app", "mem://app/", ""
	b.loaded.Project.Sources = append(b.loaded.Project.Sources, app)
	var mu sync.Mutex
	var order []string
	told := map[string][]decide.Progress{}
	b.watch = func(p decide.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if told[p.Phase] == nil {
			order = append(order, p.Phase)
		}
		told[p.Phase] = append(told[p.Phase], p)
	}
	_, err := b.run("2026-04-10T21:30:00Z", "20260410T213000Z-aaaaaa")
	check(t, err)
	if want := []string{"consent", "arrivals", "copies", "logins", "read", "write"}; !slices.Equal(order, want) {
		t.Errorf("told of %v, want %v", order, want)
	}
	for phase, steps := range told {
		first, most := steps[0], int64(0)
		for _, s := range steps {
			if s.Total != first.Total || s.Unit != first.Unit || s.Total == 0 {
				t.Errorf("%s: %d %s become %d %s", phase, first.Total, first.Unit, s.Total, s.Unit)
			}
			most = max(most, s.Done)
		}
		if first.Done != 0 || most != first.Total {
			t.Errorf("%s begins with %d and ends with %d of %d", phase, first.Done, most, first.Total)
		}
	}
	if read := told["read"]; !slices.ContainsFunc(read, func(p decide.Progress) bool { return p.Rows == 90 }) {
		t.Errorf("nobody says that 90 rows were read: %v", read)
	}
}
