package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/rules/value"
)

func (a *app) consentCommand() *cobra.Command {
	c := &cobra.Command{Use: "consent", Short: "What lies in the consent log, or in a platform's export"}
	c.AddCommand(a.consentInspectCommand(), a.consentLookupCommand(), a.consentStatsCommand(), a.consentWhatIfCommand())
	return c
}

func (a *app) consentLookupCommand() *cobra.Command {
	var o lookupOptions
	c := &cobra.Command{
		Use: "lookup SUBJECT", Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		Short: "The consent of one person, event by event, and what each event did",
		Long: "Tells for each purpose every event of the consent log about one customer or device (--device), oldest " +
			"first, and what it did:\nopened a grant, renewed it, was void and why, ended it, or nothing; and since when rows " +
			"count (the epoch). Reads the consent\nlog, the lists of people and the state, not the event log.\n" +
			"SUBJECT is a keyed id (k1....); with - the raw id is read from standard input.\n\n" +
			"The project must allow it (security: {allow_explain: true}). Every look is written, with its reason, to the " +
			"audit folder.",
		Example: "  malgrupp consent lookup - --reason 'complaint 4711' < id.txt",
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runConsentLookup(cmd.Context(), args[0], o) },
	}
	o.flags(c)
	return c
}

func (a *app) runConsentLookup(ctx context.Context, who string, o lookupOptions) error {
	job, request, err := a.lookUp("consent lookup", who, o)
	if job != nil {
		defer job.Stores.Close()
	}
	if err != nil {
		return err
	}
	show := a.newProgress()
	job.Watch = show.update
	looked, err := subject.Lookup(ctx, job, request)
	show.stop()
	if err != nil {
		return err
	}
	doc := struct {
		Schema string `json:"schema"`
		*subject.Looked
	}{"malgrupp.consent-lookup/v1", looked}
	return a.print(doc, func(w io.Writer) { timelineWriter{w, job.Project.Zone}.write(looked) })
}

// logText is a text of the log as a terminal may show it: what would steer it is written as an escape.
func logText(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	return quoted[1 : len(quoted)-1]
}

// timelineWriter prints timelines with times of one zone.
type timelineWriter struct {
	io.Writer
	zone *value.Zone
}

func (w timelineWriter) at(i subject.Instant) string { return clockText(int64(i), w.zone) }

func (w timelineWriter) write(l *subject.Looked) {
	fmt.Fprintf(w, "%s %s, known by %s %s\n", l.Kind, l.Subject, w.at(l.KnownBy), w.zone.Name())
	var silent []string
	told := map[int]bool{}
	for i := range l.Purposes {
		p := &l.Purposes[i]
		if len(p.Steps) == 0 && !p.Listed {
			silent = append(silent, p.Purpose)
			continue
		}
		fmt.Fprintf(w, "\n%s: %s\n", p.Purpose, w.now(p))
		for _, s := range p.Steps {
			fmt.Fprintln(w, "  "+w.step(s, l.Events))
			told[s.Event] = true
		}
	}
	for i := range l.Events {
		if e := &l.Events[i]; !told[i] {
			fmt.Fprintf(w, "\n%s is asked by nobody: %s  %s  %s\n", e.Purpose, w.at(e.At), e.Action, w.source(e))
		}
	}
	if l.Unheard {
		fmt.Fprintln(w, "\nSignals and TC strings on rows of the event log were not heard: malgrupp subject show --browsing "+
			"reads them.")
	}
	if len(silent) > 0 {
		fmt.Fprintf(w, "\nNothing is said about %s (NO_RECORD).\n", strings.Join(silent, ", "))
	}
}

// now says where a purpose stands.
func (w timelineWriter) now(p *subject.Purpose) string {
	parts := []string{fmt.Sprintf("%s (%s)", strings.ToUpper(string(p.State)), p.Reason)}
	if p.Since != 0 {
		parts = append(parts, "since "+w.at(p.Since))
	}
	if p.Until != 0 {
		parts = append(parts, "until "+w.at(p.Until)+" by age")
	}
	if p.Epoch != 0 {
		parts = append(parts, "rows count from "+w.at(p.Epoch))
	}
	return strings.Join(parts, ", ")
}

// step is one line of a timeline.
func (w timelineWriter) step(s subject.Step, events []subject.Event) string {
	action, source := "-", ""
	if s.Event >= 0 {
		action, source = events[s.Event].Action, "   "+w.source(&events[s.Event])
	}
	did := string(s.Effect)
	if s.Reason != "" {
		did += " " + s.Reason
	}
	if s.Until != 0 && (s.Effect == "opened" || s.Effect == "renewed") {
		did += " until " + w.at(s.Until)
	}
	return strings.TrimRight(fmt.Sprintf("%s  %-8s  %s%s", w.at(s.At), action, did, source), " ")
}

// source says where an event comes from.
func (w timelineWriter) source(e *subject.Event) string {
	if e.Row {
		return "(seen on a row)"
	}
	if e.ID == "" {
		return strings.Replace(fmt.Sprintf("(%s, kept in the state)", logText(e.Source)), "(, ", "(", 1)
	}
	parts := []string{"event " + logText(e.ID), logText(e.Source)}
	if !e.Trusted {
		parts[1] += ", which may not grant"
	}
	if e.Purpose == "*" || strings.HasSuffix(e.Purpose, ":*") {
		parts = append(parts, "for "+e.Purpose)
	}
	if e.Notice != 0 {
		parts = append(parts, fmt.Sprint("notice ", e.Notice))
	}
	if e.Evidence != "" {
		parts = append(parts, "evidence "+logText(e.Evidence))
	}
	return fmt.Sprintf("(%s, recorded %s)", strings.Join(parts, ", "), w.at(e.Recorded))
}
