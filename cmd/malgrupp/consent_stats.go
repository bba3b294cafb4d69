package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/rules/value"
)

func (a *app) consentStatsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "stats", Args: cobra.NoArgs,
		Short: "How many people stand at yes, no or nothing per purpose and why, and what lies in the consent log",
		Long: "Counts devices and customers by where they stand now on each purpose, and by reason; since which month " +
			"those who grant do;\nand the events of the log by month and action, source and notice version. People and events " +
			"are counted in tens, what fewer\nthan 50 have is not named, and two numbers of people are the same or 50 apart. " +
			"It tells of now alone: two instants would tell one\nperson from another. Reads the consent log and the lists of " +
			"people, checked as in a run.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runConsentStats(cmd.Context()) },
	}
}

// consentStats is the JSON document of consent stats.
type consentStats struct {
	Schema    string            `json:"schema"`
	Generated string            `json:"generated_at"`
	Watermark subject.Instant   `json:"watermark"`
	Events    shown.Count       `json:"events"` // heartbeats apart
	Skewed    shown.Count       `json:"recorded_before_act"`
	TC        shown.Count       `json:"with_tc_string"`
	Unheard   bool              `json:"rows_not_heard,omitempty"` // rows may say more, and were not read
	Sources   []sourceEvents    `json:"sources"`
	Notices   []noticeGrants    `json:"notice_versions"`
	Months    []monthEvents     `json:"months"`
	Purposes  []purposeStanding `json:"purposes"`
}

type sourceEvents struct {
	Source string      `json:"source"`
	Events shown.Count `json:"events"`
}

type noticeGrants struct {
	Version int64       `json:"notice_version"` // 0: none
	Grants  shown.Count `json:"grants"`
}

type monthEvents struct {
	Month  string      `json:"month"` // UTC
	Action string      `json:"action"`
	Events shown.Count `json:"events"`
}

// purposeStanding is where the people of one kind stand on one purpose.
type purposeStanding struct {
	Kind    string                 `json:"subject_type"`
	Purpose string                 `json:"purpose"`
	Grant   shown.Count            `json:"grant"`
	Deny    shown.Count            `json:"deny"`
	None    shown.Count            `json:"none"`
	Reasons map[string]shown.Count `json:"reasons"`
	Since   []monthPeople          `json:"granting_since"`
}

type monthPeople struct {
	Month  string      `json:"month"` // UTC
	People shown.Count `json:"people"`
}

func (a *app) runConsentStats(ctx context.Context) error {
	job, err := a.job(nil, runOptions{})
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	show := a.newProgress()
	job.Watch = show.update
	counted, err := count(ctx, job)
	show.stop()
	if err != nil {
		return err
	}
	doc := statsOf(counted)
	doc.Unheard = job.RowsSpeak()
	doc.Generated = a.now().UTC().Format(time.RFC3339)
	return a.print(doc, func(w io.Writer) { writeStats(w, doc, job.Project.Zone) })
}

// count reads the log beside what accepted runs saw of it.
func count(ctx context.Context, job *pipeline.Job) (*decide.LogCensus, error) {
	memory, err := pipeline.Remember(ctx, job)
	if err != nil {
		return nil, err
	}
	return decide.Count(ctx, memory.Inputs)
}

func monthText(year, month int) string { return fmt.Sprintf("%04d-%02d", year, month) }

// statsOf rounds a census, and leaves out what only few have.
func statsOf(c *decide.LogCensus) *consentStats {
	doc := &consentStats{
		Schema: "malgrupp.consent-stats/v1", Watermark: subject.Instant(c.Feed.Watermark), Events: shown.Count(c.Events),
		Skewed: shown.Count(c.Skewed), TC: shown.Count(c.TC), Sources: []sourceEvents{}, Notices: []noticeGrants{},
		Months: []monthEvents{}, Purposes: []purposeStanding{},
	}
	for _, name := range slices.Sorted(maps.Keys(c.Sources)) {
		if n := shown.Count(c.Sources[name]); !n.Few() {
			doc.Sources = append(doc.Sources, sourceEvents{name, n})
		}
	}
	for _, version := range slices.Sorted(maps.Keys(c.Notices)) {
		if n := shown.Count(c.Notices[version]); !n.Few() {
			doc.Notices = append(doc.Notices, noticeGrants{version, n})
		}
	}
	for m, count := range c.Months {
		if n := shown.Count(count); !n.Few() {
			doc.Months = append(doc.Months, monthEvents{monthText(m.Year, m.Month), m.Action, n})
		}
	}
	slices.SortFunc(doc.Months, func(a, b monthEvents) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Action, b.Action))
	})
	doc.standings(c)
	return doc
}

// standings fills in the people. How many grant is told first, so it is the most exact.
func (doc *consentStats) standings(c *decide.LogCensus) {
	var apart shown.Apart
	tell := func(n int) shown.Count { return shown.Count(apart.Tell(n)) }
	for i := range c.People {
		of := &c.People[i]
		by := map[subject.State]int{}
		for reason, n := range of.By {
			by[subject.StateOf(reason.State())] += n
		}
		doc.Purposes = append(doc.Purposes, purposeStanding{
			Kind: decide.KindName(of.Kind), Purpose: c.Purposes.Name(of.Purpose), Grant: tell(by[subject.Grant]),
			Deny: tell(by[subject.Deny]), None: tell(by[subject.None]), Reasons: map[string]shown.Count{},
			Since: []monthPeople{},
		})
	}
	for i := range c.People {
		of, p := &c.People[i], &doc.Purposes[i]
		for _, reason := range slices.Sorted(maps.Keys(of.By)) {
			if n := tell(of.By[reason]); !n.Few() {
				p.Reasons[reason.String()] = n
			}
		}
		months := slices.SortedFunc(maps.Keys(of.Since), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
		for _, m := range months {
			if n := tell(of.Since[m]); !n.Few() {
				p.Since = append(p.Since, monthPeople{monthText(m[0], m[1]), n})
			}
		}
	}
}

// writeStats prints the document for people.
func writeStats(w io.Writer, doc *consentStats, zone *value.Zone) {
	if doc.Unheard {
		fmt.Fprintln(w, "Signals and TC strings on rows of the event log are not counted.")
	}
	fmt.Fprintf(w, "%s events up to %s; recorded long before they happened: %s; with a TC string: %s\n\n", doc.Events,
		clockText(int64(doc.Watermark), zone), doc.Skewed, doc.TC)
	t := newTable(w, "of", "purpose", "yes", "no", "nothing", "reasons")
	for i := range doc.Purposes {
		p := &doc.Purposes[i]
		t.AppendRow(table.Row{p.Kind, p.Purpose, p.Grant, p.Deny, p.None, reasonsText(p.Reasons)})
	}
	t.Render()
	since := map[string]map[string]shown.Count{}
	var columns []string
	for i := range doc.Purposes {
		p := &doc.Purposes[i]
		name := p.Kind + " " + p.Purpose
		for _, m := range p.Since {
			if since[m.Month] == nil {
				since[m.Month] = map[string]shown.Count{}
			}
			since[m.Month][name] = m.People
		}
		if len(p.Since) > 0 {
			columns = append(columns, name)
		}
	}
	cross(w, "granting since", columns, since)
	acts, words := map[string]map[string]shown.Count{}, map[string]bool{}
	for _, m := range doc.Months {
		if acts[m.Month] == nil {
			acts[m.Month] = map[string]shown.Count{}
		}
		acts[m.Month][m.Action], words[m.Action] = m.Events, true
	}
	cross(w, "events in", slices.Sorted(maps.Keys(words)), acts)
	fmt.Fprintln(w)
	t = newTable(w, "source", "events")
	for _, s := range doc.Sources {
		t.AppendRow(table.Row{logText(s.Source), s.Events})
	}
	t.Render()
	fmt.Fprintln(w)
	t = newTable(w, "notice version", "grants")
	for _, n := range doc.Notices {
		t.AppendRow(table.Row{n.Version, n.Grants})
	}
	t.Render()
}

func reasonsText(of map[string]shown.Count) string {
	text := ""
	for i, name := range slices.Sorted(maps.Keys(of)) {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %s", name, of[name])
	}
	return text
}

// cross prints months against columns; a cell of few is empty.
func cross(w io.Writer, title string, columns []string, cells map[string]map[string]shown.Count) {
	fmt.Fprintln(w)
	header := []any{title}
	for _, c := range columns {
		header = append(header, c)
	}
	t := newTable(w, header...)
	for _, month := range slices.Sorted(maps.Keys(cells)) {
		row := table.Row{month}
		for _, c := range columns {
			cell := any("")
			if n, ok := cells[month][c]; ok {
				cell = n
			}
			row = append(row, cell)
		}
		t.AppendRow(row)
	}
	t.Render()
}
