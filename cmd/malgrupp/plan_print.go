package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/diff"
)

// story tells a plan: what matters first, why each list changes, and in one line what stays.
type story struct {
	report *pipeline.Report
	rules  []ruleChange
	took   time.Duration
	file   string // that the plan was written to
}

func (s story) write(w io.Writer) {
	if s.report.NothingToDo {
		writeRun(w, s.report, "", s.took)
	} else {
		s.tell(w)
	}
	if s.file != "" {
		fmt.Fprintf(w, "\nwritten to %s; malgrupp apply %s does exactly this\n", s.file, s.file)
	}
}

// tell tells what a run would do.
func (s story) tell(w io.Writer) {
	m := s.report.Manifest
	var changed, held, same, shown []record.SegmentCount
	for _, l := range m.Segments {
		switch {
		case l.Guard != "":
			held = append(held, l)
		case l.Destination != "" && moves(l):
			changed = append(changed, l)
		case l.Destination != "":
			same = append(same, l)
			continue
		}
		shown = append(shown, l)
	}
	fmt.Fprintln(w, s.headline(len(changed), len(m.Segments), held))
	zone := s.report.Decision.Project.Zone
	fmt.Fprintf(w, "as of %s, known by %s\n", localTime(m.AsOf, zone), localTime(m.KnownBy, zone))
	s.since(w)
	writeSources(w, m)
	if len(shown) > 0 {
		fmt.Fprintln(w)
		writeLists(w, shown)
	}
	for _, l := range changed {
		if s.report.Moved == nil {
			break
		}
		fmt.Fprintf(w, "\nwhy %s at %s changes:\n", l.Segment, receiver(l))
		for _, why := range s.reasons(l) {
			fmt.Fprintf(w, "  %s\n", why)
		}
	}
	if len(held) > 0 {
		fmt.Fprintln(w)
		writeGuards(w, m)
	}
	s.unchanged(w, same)
	writeIdentifiers(w, m)
}

// headline says how many lists change, what a changed rule brings, and what is held for want of what.
func (s story) headline(changed, lists int, held []record.SegmentCount) string {
	verb := "change"
	if changed == 1 {
		verb = "changes"
	}
	parts := []string{fmt.Sprintf("%d of %s %s", changed, plural(lists, "list"), verb)}
	for i := range s.rules {
		if what := s.rules[i].brings(); what != "" {
			parts = append(parts, what)
		}
	}
	by := map[string]int{}
	for _, l := range held {
		why := "guard " + string(l.Guard)
		if l.Guard == pipeline.GuardIncomplete {
			why = lacking(l)
		}
		by[why]++
	}
	text := parts[0]
	if len(parts) > 1 {
		text += ": " + strings.Join(parts[1:], ", ")
	}
	for _, why := range slices.Sorted(maps.Keys(by)) {
		verb := "are"
		if by[why] == 1 {
			verb = "is"
		}
		text += fmt.Sprintf("; %s: %s %s held", why, plural(by[why], "list"), verb)
	}
	return text
}

// since says what is no longer as the last run had it.
func (s story) since(w io.Writer) {
	last, moved := s.report.Previous, s.report.Moved
	if moved == nil {
		fmt.Fprintln(w, "nothing was published before: every list is new")
		return
	}
	var parts []string
	if len(moved.Rules) > 0 {
		parts = append(parts, "rules: "+strings.Join(slices.Sorted(maps.Keys(moved.Rules)), ", "))
	}
	if moved.Settings {
		parts = append(parts, "settings")
	}
	if last.AsOf != s.report.Manifest.AsOf {
		parts = append(parts, "as_of (it was "+localTime(last.AsOf, s.report.Decision.Project.Zone)+")")
	}
	for _, source := range slices.Sorted(maps.Keys(moved.Objects)) {
		parts = append(parts, fmt.Sprintf("data: %s of %s", plural(moved.Objects[source], "new object"), source))
	}
	if moved.Consent != 0 {
		parts = append(parts, fmt.Sprintf("consent: %+d rows", moved.Consent))
	}
	if len(parts) == 0 {
		parts = []string{"nothing but time"}
	}
	fmt.Fprintf(w, "since run %s there moved: %s\n", last.RunID, strings.Join(parts, "; "))
}

// reasons say why a list changes.
func (s story) reasons(l record.SegmentCount) (out []string) {
	m := s.report.Moved
	for i := range s.rules {
		if c := &s.rules[i]; c.segment == l.Segment {
			out = append(out, c.text()...)
		}
	}
	if !l.Owed.Or().Few() {
		out = append(out, fmt.Sprintf("consent: %s of those who leave may not be told any more", l.Owed.Or()))
	}
	if l.Held != "" {
		out = append(out, "settings: "+l.Held)
	} else if m.Settings {
		out = append(out, "settings: malgrupp.yaml was changed")
	}
	if len(m.Objects) > 0 || s.report.Previous.AsOf != s.report.Manifest.AsOf {
		out = append(out, "data: the windows moved on, or new rows came in")
	}
	if !slices.ContainsFunc(s.report.Previous.Segments, func(o record.SegmentCount) bool {
		return o.Segment == l.Segment && o.Destination == l.Destination
	}) {
		out = append(out, "run "+s.report.Previous.RunID+" did not decide it")
	}
	if len(out) == 0 {
		out = append(out, "consent or attributes of customers moved")
	}
	return out
}

// unchanged names the lists in one line that stay as they are, or nearly.
func (s story) unchanged(w io.Writer, same []record.SegmentCount) {
	if len(same) == 0 {
		return
	}
	var names []string
	for _, l := range same {
		name := l.Segment + " at " + receiver(l)
		if l.Held != "" {
			name += " (" + l.Held + ")"
		}
		names = append(names, name)
	}
	fmt.Fprintf(w, "\nunchanged, or by fewer than 50: %s\n", strings.Join(names, ", "))
}

// brings says in a clause what the change comes to: "at_least 3 -> 2 brings about 50 people".
func (c *ruleChange) brings() string {
	if c.data == nil || len(c.data.Uses) == 0 || len(c.data.Uses[0].Changes) == 0 {
		return ""
	}
	u := c.data.Uses[0]
	what := changeText(u.Changes[0].Difference)
	if more := len(u.Changes) - 1; more > 0 {
		what += " and " + plural(more, "other change")
	}
	return fmt.Sprintf("%s %s", what, flowText(u.Total.Entering, u.Total.Leaving))
}

func flowText(in, out shown.Count) string {
	switch {
	case in.Few() && out.Few():
		return fmt.Sprintf("moves %s people", in)
	case out.Few():
		return fmt.Sprintf("brings about %s people", in)
	case in.Few():
		return fmt.Sprintf("loses about %s people", out)
	}
	return fmt.Sprintf("brings about %s people and loses about %s", in, out)
}

// changeText is a difference as short as it can be said.
func changeText(d diff.Difference) string {
	switch {
	case d.What == "condition" && d.Old == "":
		return "a new condition"
	case d.What == "condition" && d.New == "":
		return "a condition less"
	case d.Old == "":
		return d.What + " " + d.New
	case d.New == "":
		return "no " + d.What
	}
	was, _, _ := strings.Cut(d.Old, " ")
	if is, with, ok := strings.Cut(d.New, " "); ok && is == was {
		return fmt.Sprintf("%s -> %s", d.Old, with) // at_least 3 -> 2
	}
	return fmt.Sprintf("%s %s -> %s", d.What, d.Old, d.New)
}

// text says in lines what changed in the rule and whom each change moves.
func (c *ruleChange) text() (out []string) {
	switch {
	case c.old == nil:
		return []string{"rule: it is new, or what it was can no longer be read"}
	case c.data == nil:
		return []string{"rule: it was changed (malgrupp diff --data counts what that comes to)"}
	}
	if len(c.data.Uses) > 0 { // the lists of a segment differ by consent, not by its rule
		for _, n := range c.data.Uses[0].Changes {
			out = append(out, fmt.Sprintf("rule: %s %s", n.Difference.String(), flowText(n.Entering, n.Leaving)))
		}
	}
	if len(out) == 0 {
		out = append(out, "rule: a value set that it names was changed")
	}
	return out
}
