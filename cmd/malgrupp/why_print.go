package main

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/why"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// answerWriter prints an answer with times of one zone.
type answerWriter struct {
	io.Writer
	zone *value.Zone
}

func writeAnswer(out io.Writer, a *why.Answer, zone *value.Zone) {
	w := answerWriter{out, zone}
	fmt.Fprintf(w, "%s %s, segment %s (definition %s), as of %s %s\n", a.Level, a.Subject, a.Segment, a.Definition[:8],
		w.at(a.AsOf), zone.Name())
	for i := range a.Uses {
		w.use(&a.Uses[i])
		w.next(&a.Uses[i], a.Searched)
		w.hidden(a.Uses[i].Hidden)
	}
}

func (w answerWriter) at(i why.Instant) string { return clockText(int64(i), w.zone) }

func (w answerWriter) use(u *why.AnswerUse) {
	fmt.Fprintf(w, "\nfor %s: %s\n", u.Use, strings.ToUpper(string(u.Outcome)))
	switch {
	case u.Stays != 0:
		fmt.Fprintf(w, "  stays until %s for an earlier day's match\n", w.at(u.Stays))
	case u.DecidedBy != "":
		fmt.Fprintf(w, "  qualifies by match and exclude; %s decides: %s\n", u.DecidedBy, stepWords[u.DecidedBy])
	case u.Outcome != u.Alone:
		fmt.Fprintf(w, "  the person's own events alone would make it %s: others decide as well\n",
			strings.ToUpper(string(u.Alone)))
	}
	if !u.Seen {
		fmt.Fprintln(w, "  "+unseen(u.Hidden))
	}
	width := 0
	for _, n := range u.Conditions {
		width = max(width, len(conditionName(n)))
	}
	for _, n := range u.Conditions {
		line := fmt.Sprintf("  %-*s  %-8s %s", width, conditionName(n), strings.ToUpper(string(n.Verdict)), w.evidence(n))
		if n.Decides && u.Outcome != segments.In {
			line += "   <- decides"
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	for i := range u.Granted {
		fmt.Fprintln(w, "  "+w.grant(&u.Granted[i]))
	}
	for _, j := range u.Joined {
		fmt.Fprintf(w, "  %s without a login: the customer's, by the login of %s on device %s\n", plural(j.Rows, "row"),
			w.at(j.Login), j.Device)
	}
	for _, d := range u.Destinations {
		if d.Held != "" {
			fmt.Fprintf(w, "  %s is told nobody: %s\n", d.Destination, d.Held)
		}
	}
	w.rests(u)
}

// grant says which grant let rows in.
func (w answerWriter) grant(g *why.AnswerGrant) string {
	of := timelineWriter{w, w.zone}.source(&g.Event)
	if g.ID == "" && !g.Kept && !g.Row {
		of = "(of somebody else)"
	}
	return fmt.Sprintf("%s let in for %s by the %s's grant of %s %s", plural(g.Rows, "row"), g.Purpose, g.Level,
		w.at(g.At), of)
}

// stepWords say what the steps after match and exclude do.
var stepWords = map[string]string{
	"exclusive": "another segment of its group comes first", "holdout": "drawn into the control group",
	"top or cap": "others come first", "min_size": "fewer people qualify than it asks",
}

// unseen says why no condition was asked.
func unseen(h why.Hidden) string {
	if h.NotArrived+h.ClockAhead+h.Copies+h.ImpossibleTime+h.TooLarge == 0 && len(h.Refused) == 0 {
		return "no row of the person lies in the time that the segment looks at, so no condition was asked"
	}
	return "no row of the person may be used for this, so no condition was asked"
}

// conditionName is a condition's path, verb and events.
func conditionName(n why.AnswerNode) string {
	return strings.TrimRight(strings.Repeat("  ", n.Depth)+n.Path+" "+n.Verb+" "+strings.Join(n.LooksAt, " or "), " ")
}

// evidence says how many events a condition looked at, and which was the last.
func (w answerWriter) evidence(n why.AnswerNode) string {
	if n.Events == 0 {
		return ""
	}
	last := n.Evidence[len(n.Evidence)-1]
	return fmt.Sprintf("%s, last %s (%s, %s)", plural(n.Events, "event"), w.at(last.At/1e6*1e6), eventName(last),
		path.Base(last.Object))
}

func eventName(e why.AnswerEvent) string {
	name := "event " + e.ID
	if e.ID == "" {
		name = fmt.Sprintf("row %d", e.Row)
	}
	if len(e.As) > 0 {
		name = strings.Join(e.As, " and ") + ": " + name
	}
	return name
}

// rests says what would have to be different.
func (w answerWriter) rests(u *why.AnswerUse) {
	for _, r := range u.Rests {
		fmt.Fprintf(w, "Would be %s if %s did not exist.\n", r.Outcome, eventName(r.Without))
	}
	if len(u.Rests) > 0 || u.Alone == segments.In {
		return
	}
	for _, n := range u.Conditions {
		if n.Decides {
			fmt.Fprintf(w, "Would qualify if %s were %s.\n", n.Path, opposite(n.Verdict))
		}
	}
}

func opposite(v segments.Verdict) string {
	if v == segments.IsTrue {
		return "false"
	}
	return "true"
}

func (w answerWriter) next(u *why.AnswerUse, searched why.Instant) {
	for _, c := range u.Next {
		turns := make([]string, len(c.Conditions))
		for i, t := range c.Conditions {
			turns[i] = fmt.Sprintf("%s becomes %s", t.Path, strings.ToUpper(string(t.Verdict)))
		}
		still := ""
		if c.Outcome == u.Alone {
			still = "still "
		}
		if len(turns) == 0 {
			turns = []string{"a stay ends, or another segment's decision"}
		}
		fmt.Fprintf(w, "Change without new events: %s, %s%s (%s)\n", w.at(c.At), still, strings.ToUpper(string(c.Outcome)),
			strings.Join(turns, ", "))
	}
	switch {
	case len(u.Next) > 0 && u.Next[len(u.Next)-1].Outcome != u.Alone:
	case searched != 0:
		fmt.Fprintf(w, "No other change of the outcome until %s; later ones were not looked for.\n", w.at(searched))
	case len(u.Next) > 0:
		fmt.Fprintln(w, "No later change.")
	default:
		fmt.Fprintln(w, "No change without new events.")
	}
}

func (w answerWriter) hidden(h why.Hidden) {
	var parts []string
	for _, c := range []struct {
		n    int64
		what string
	}{
		{h.NotArrived, "received after known_by"},
		{h.ClockAhead, "with a clock ahead"},
		{h.Copies, "repeated"},
		{h.ImpossibleTime, "with an impossible time"},
		{h.TooLarge, "with a value too large to be read"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", plural(int(c.n), "row"), c.what))
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(h.Refused)) {
		parts = append(parts, fmt.Sprintf("%s refused (%s)", plural(int(h.Refused[reason]), "row"), reason))
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "Hidden from this decision: %s.\n", strings.Join(parts, ", "))
	}
}
