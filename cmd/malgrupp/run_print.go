package main

import (
	"io"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/rules/value"
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
		t.AppendRow(table.Row{s.Segment, receiver(s), s.Members, s.Additions, s.Removals, s.Control, s.Unknown, s.Held})
	}
	t.Render()
	writeIdentifiers(w, m)
}

// receiver names the destination of a list, and which of several lists it is.
func receiver(s pipeline.SegmentCount) string {
	if s.Part == "" {
		return s.Destination
	}
	return s.Destination + "/" + s.Part
}

// writeIdentifiers prints which identifiers could not be sent, where there are any.
func writeIdentifiers(w io.Writer, m *pipeline.Manifest) {
	t := newTable(w, "segment", "destination", "people left out", "identifiers not sent", "because of")
	rows := 0
	for _, s := range m.Segments {
		for i, why := range slices.Sorted(maps.Keys(s.Identifiers)) {
			rows++
			if i == 0 {
				t.AppendRow(table.Row{s.Segment, receiver(s), s.Dropped, s.Identifiers[why], why})
			} else {
				t.AppendRow(table.Row{"", "", "", s.Identifiers[why], why})
			}
		}
	}
	if rows > 0 {
		t.Render()
	}
}

func parseDate(text string) (value.CivilDate, bool) { return value.ParseDate(text) }

func parseInstant(text string) (int64, error) {
	us, ok := value.ParseTimestamp(text)
	if !ok {
		return 0, usagef("%q is no time", text)
	}
	return us, nil
}
