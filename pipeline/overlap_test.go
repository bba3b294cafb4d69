package pipeline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
)

// What a run's record tells of shared people is the truth in fifties, rounded down, and nothing of fewer than fifty.
func TestARecordTellsWhoIsSharedAndNoMore(t *testing.T) {
	b := newBank(t)
	b.consent("consent/all.parquet", "2026-04-10T20:59:00Z", 80, 1000)
	pages := map[string][2]int{"a": {0, 700}, "b": {300, 640}, "c": {310, 980}, "d": {880, 990}, "e": {0, 30}}
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{b.loaded.Schemas["web"]}, Zone: b.loaded.Project.Zone,
		AnyEvent: true, Destinations: map[string]rules.Destination{"files": {Purposes: []rules.Purpose{rules.Advertising}}},
	}
	b.loaded.Segments = nil
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		b.views("events/dt=2026-04-10/"+name+".parquet", "/"+name, "2026-04-10T10:00:00Z", pages[name][0], pages[name][1])
		s, found := scope.Segment(&source.Source{Name: name, Text: fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Segment
metadata: {name: on-%s, owner: team, review_by: 2026-12-31}
spec:
  purpose: advertising
  identity: device
  match: {did: page_view, where: page = '/%s', within: 14d}
  deliver: [files]
`, name, name)})
		if found.Failed() {
			t.Fatal(found)
		}
		b.loaded.Segments = append(b.loaded.Segments, s)
	}
	report, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	m := report.Manifest
	if len(m.Overlaps) != 1 {
		t.Fatalf("%d uses have overlaps, want one", len(m.Overlaps))
	}
	o := &m.Overlaps[0]
	if want := []string{"on-a", "on-c", "on-b", "on-d"}; !slices.Equal(o.Segments, want) {
		t.Fatalf("compared are %v, want %v: none of fewer than fifty", o.Segments, want)
	}
	near := func(what string, told shown.Count, truth int) {
		if int(told) != truth/50*50 {
			t.Errorf("%s is told as %s, and is %d", what, told, truth)
		}
	}
	for i, size := range []int{700, 670, 340, 110} {
		near(o.Segments[i], o.Members[i], size)
	}
	near("a and c", o.Common[1][0], 390)
	near("a and b", o.Common[2][0], 340)
	near("c and b", o.Common[2][1], 330)
	near("a and d", o.Common[3][0], 0)
	near("c and d", o.Common[3][1], 100)
	near("all", o.Anywhere, 990)
	if len(o.Regions) == 0 {
		t.Error("no combination is told at all")
	}
	// Exactly a, b and c are 330 people, a and b without c ten, a and c without b sixty.
	for _, r := range o.Regions {
		if slices.Equal(r.In, []int{0, 2}) {
			t.Error("ten people are told")
		}
	}
}
