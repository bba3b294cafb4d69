package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

// writeSources says what is wrong with what was read, and what was left out.
func writeSources(w io.Writer, m *record.Manifest) {
	for i := range m.Sources {
		s := &m.Sources[i]
		writeUnwritable(w, s)
		for _, o := range s.Skipped {
			fmt.Fprintf(w, "source %s: skipped damaged object %s\n", s.Name, o)
		}
		for _, p := range s.Incomplete {
			fmt.Fprintf(w, "source %s: partition %s has no _SUCCESS yet\n", s.Name, p)
		}
	}
}

// writeUses prints how people fared at the gate.
func writeUses(w io.Writer, m *record.Manifest) {
	t := newTable(w, "use", "people", "devices refused", "because of")
	for _, u := range m.Uses {
		first := true
		for _, reason := range slices.Sorted(maps.Keys(u.Refused)) {
			if first {
				t.AppendRow(table.Row{u.Use, u.People, u.Refused[reason], reason})
			} else {
				t.AppendRow(table.Row{"", "", u.Refused[reason], reason})
			}
			first = false
		}
		if first {
			t.AppendRow(table.Row{u.Use, u.People, shown.Count(0), ""})
		}
	}
	t.Render()
}

// writeSegments prints what became of every list.
// writeUnwritable names the columns of a source whose ids no list can hold: nobody is told of these people.
func writeUnwritable(w io.Writer, s *record.SourceCount) {
	for _, column := range slices.Sorted(maps.Keys(s.Unwritable)) {
		fmt.Fprintf(w, "source %s: %s ids in %s are no text that a list can hold (bytes that are not UTF-8, or control "+
			"characters): say encoding: hex or uuid in the schema, or have the export corrected\n",
			s.Name, s.Unwritable[column], column)
	}
}

func writeSegments(w io.Writer, m *record.Manifest) {
	writeLists(w, m.Segments)
	writeIdentifiers(w, m)
	writeGuards(w, m)
	for _, s := range m.Segments {
		if s.Overdue {
			fmt.Fprintf(w, "%s has not acknowledged removals from %s since %s: find out whether its lists are fetched\n",
				receiver(s), s.Segment, s.PendingSince)
		}
	}
}

// writeGuards says which lists a guard holds, why, and how to let them go.
func writeGuards(w io.Writer, m *record.Manifest) {
	for _, s := range m.Segments {
		if s.Guard == "" {
			continue
		}
		why := ""
		if s.Guard == pipeline.GuardIncomplete {
			why = ": " + lacking(s)
		}
		fmt.Fprintf(w, "%s at %s is held by guard %s%s\n", s.Segment, receiver(s), s.Guard, why)
	}
	if m.Guarded() {
		fmt.Fprintln(w, "to let a guard pass once: malgrupp run --override-guard GUARD --reason TEXT")
	}
}

// lacking names the days that a list leans on and that are missing, source by source.
func lacking(s record.SegmentCount) string {
	var sources []string
	days := map[string][]string{}
	for _, l := range s.Lacks {
		if days[l.Source] == nil {
			sources = append(sources, l.Source)
		}
		days[l.Source] = append(days[l.Source], l.Day)
	}
	for i, source := range sources {
		all := days[source]
		if shown := 5; len(all) > shown {
			all = append([]string{fmt.Sprintf("%d days,", len(all)), all[0], "to"}, all[len(all)-1])
			sources[i] = source + " lacks " + strings.Join(all, " ")
			continue
		}
		sources[i] = source + " lacks " + strings.Join(all, ", ")
	}
	return strings.Join(sources, "; ")
}

func writeLists(w io.Writer, lists []record.SegmentCount) {
	t := newTable(w, "segment", "destination", "members", "added", "removed", "control", "unknown", "held back")
	for _, s := range lists {
		t.AppendRow(table.Row{s.Segment, receiver(s), s.Members, s.Additions, s.Removals, s.Control, s.Unknown, s.Held})
	}
	t.Render()
}

// receiver names the destination of a list, and which of several lists it is.
func receiver(s record.SegmentCount) string {
	if s.Part == "" {
		return s.Destination
	}
	return s.Destination + "/" + s.Part
}

// writeIdentifiers prints which identifiers could not be sent, where there are any.
func writeIdentifiers(w io.Writer, m *record.Manifest) {
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
