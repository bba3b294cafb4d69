package main

import (
	"io"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/rules"
)

func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleDefault)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(table.Row(header))
	return t
}

// writeUses prints how rows fared at the gate.
func writeUses(w io.Writer, m *pipeline.Manifest) {
	t := newTable(w, "use", "people", "rows admitted", "rows refused", "because of")
	for _, u := range m.Uses {
		first := true
		for _, reason := range slices.Sorted(maps.Keys(u.Refused)) {
			if first {
				t.AppendRow(table.Row{u.Use, u.People, u.Admitted, u.Refused[reason], reason})
			} else {
				t.AppendRow(table.Row{"", "", "", u.Refused[reason], reason})
			}
			first = false
		}
		if first {
			t.AppendRow(table.Row{u.Use, u.People, u.Admitted, 0, ""})
		}
	}
	t.Render()
}

// writeSegments prints what became of every list.
func writeSegments(w io.Writer, m *pipeline.Manifest) {
	t := newTable(w, "segment", "destination", "members", "added", "removed", "control", "unknown", "held back")
	for _, s := range m.Segments {
		t.AppendRow(table.Row{s.Segment, s.Destination, s.Members, s.Additions, s.Removals, s.Control, s.Unknown, s.Held})
	}
	t.Render()
}

func parseDate(text string) (rules.CivilDate, bool) { return rules.ParseDate(text) }

func parseInstant(text string) (int64, error) {
	us, ok := rules.ParseTimestamp(text)
	if !ok {
		return 0, usagef("%q is no time", text)
	}
	return us, nil
}
