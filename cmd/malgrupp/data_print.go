package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

// writeInspection prints an inspection for people.
func writeInspection(w io.Writer, in *inspect.Inspection, zone *value.Zone) {
	fmt.Fprintf(w, "%s: %s, %s", in.URL, plural(in.Listed, "object"), bytesText(in.ListedBytes))
	if in.Partition != "" {
		first, _ := value.ParseDate(in.First)
		fmt.Fprintf(w, ", folders %s to %s", project.Partition{Key: in.Partition}.Folder(first), in.Last)
	}
	fmt.Fprintf(w, "\nlooked at %d of them, the newest; at the values of %d of their %d rows\n\n", len(in.Objects),
		in.Sampled, in.Rows)
	t := newTable(w, "object", "size", "written", "rows", "row groups", "writer")
	for _, o := range in.Objects {
		t.AppendRow(table.Row{
			inspect.Printable(o.Key), bytesText(o.Size), localTime(o.Modified, zone), o.Rows, o.RowGroups,
			inspect.Printable(o.Writer),
		})
	}
	t.Render()
	fmt.Fprintln(w)
	t = newTable(w, "column", "type", "null", "different", "values", "codec", "encodings")
	for i := range in.Columns {
		c := &in.Columns[i]
		share := shareText(c.NullShare)
		if c.List {
			share = "list"
		}
		t.AppendRow(table.Row{
			inspect.Printable(c.Path), c.Type, share, c.Distinct, valuesText(c, zone), strings.Join(c.Codecs, " "),
			strings.Join(c.Encodings, " "),
		})
	}
	t.Render()
	writeProposal(w, in)
}

func writeProposal(w io.Writer, in *inspect.Inspection) {
	for _, name := range in.LooksLike {
		fmt.Fprintf(w, "\nThis looks like %s: a source may say schema: %s and needs no file in schemas/.\n", name, name)
	}
	if in.Proposal.Problem != "" {
		fmt.Fprintf(w, "\nNo schema can be proposed: %s.\n", in.Proposal.Problem)
		for _, r := range in.Proposal.Remarks {
			fmt.Fprintf(w, "  %s\n", r)
		}
		return
	}
	fmt.Fprintf(w, "\nProposed schema (--schema prints it alone):\n\n%s", in.Proposal.Text)
	partition := "none"
	if in.Partition != "" {
		partition = in.Partition
	}
	fmt.Fprintf(w, "\nWritten into schemas/%s.yaml, it is named by this source of malgrupp.yaml; then run malgrupp "+
		"validate and malgrupp data contract:\n\n"+
		"sources:\n  - {name: web, url: %q, schema: %s, partition: %q}\n", in.Proposal.Name, in.URL, in.Proposal.Name,
		partition)
	if in.Partition != "" {
		fmt.Fprintf(w,
			"\nIf the folders go by the day of the event and not of its arrival: partition: {key: %q, of: event}\n", partition)
	}
}

// valuesText is the span of a time, or a few samples.
func valuesText(c *inspect.InspectedColumn, zone *value.Zone) string {
	switch {
	case c.Fault != "":
		return inspect.Printable(c.Fault)
	case c.From != "":
		text := localTime(c.From, zone) + " to " + localTime(c.To, zone)
		if c.Unit != "" {
			text += " if " + c.Unit
		}
		if c.Partly {
			text += " (rows looked at)"
		}
		return text
	}
	samples := make([]string, len(c.Samples))
	for i, s := range c.Samples {
		samples[i] = cmp.Or(inspect.Printable(s), "(empty)")
	}
	return strings.Join(samples, " | ")
}

// shareText writes a share so that neither a few nulls look like none, nor nearly all like all.
func shareText(share *float64) string {
	switch {
	case share == nil:
		return "?"
	case *share == 0, *share == 1:
		return fmt.Sprintf("%.0f %%", 100**share)
	case *share < 0.001:
		return "<0.1 %"
	case *share > 0.999 && *share < 1:
		return ">99.9 %"
	}
	return fmt.Sprintf("%.1f %%", 100**share)
}

// bytesText writes a size in the unit that people would.
func bytesText(n int64) string {
	size, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if size < 1024 {
			break
		}
		size, unit = size/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}
