// Package report tells what one run came to: what it decided and what that rests on, what changed since the run before
// and why, who shares people with whom, how long that has been so.
//
// In come lines of the record, the project and, if asked for, a catalogue of its logs; out comes one value, Report,
// from which the page, Markdown and JSON are made. All its numbers stand in the record already, or were told as there
// (pipeline/shown): it counts nobody itself, knows no storage, and writes nothing.
package report

import (
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Schema is that of the JSON document.
const Schema = "malgrupp.report/v1"

// Report is what is told of a run. A part that has nothing to tell is missing.
type Report struct {
	Schema    string          `json:"schema"`
	Project   string          `json:"project"`
	RunID     string          `json:"run_id"`
	Status    record.Status   `json:"status"`
	Valid     bool            `json:"signature_valid"`
	AsOf      string          `json:"as_of"`
	KnownBy   string          `json:"known_by"`
	Generated string          `json:"generated_at"` // when the run was
	Parts     map[string]Part `json:"parts"`
	zone      *value.Zone
}

// Part is what one section has to say; it is JSON as it stands.
type Part interface{ tell(w *words) []page.Block }

// parts are the sections of a report in their order: what comes, comes as a line here and a file of its own.
var parts = []struct {
	name, title string
	of          func(in *Input) Part // nil: there is nothing to tell
}{
	{"verdict", "Verdict", verdictOf},
	{"changes", "What changed, and why", changesOf},
	{"sizes", "Lists over time", sizesOf},
	{"consent", "From consent to lists", consentOf},
	{"overlap", "Who shares people", overlapOf},
	{"days", "Days of the logs", daysOf},
	{"delivery", "Delivery", deliveryOf},
	{"quality", "Data quality", qualityOf},
	{"rules", "Rules", rulesOf},
	{"catalogue", "Catalogue of the logs", catalogueOf},
	{"provenance", "Provenance", provenanceOf},
}

// Input is what a report is made of.
type Input struct {
	Run       record.Line
	Before    []record.Line // accepted runs before it, newest first
	Rules     []Rule        // of the run, by name
	Sources   []Source
	Zone      *value.Zone
	Catalogue *preview.Catalogue // nil: nobody asked
}

// Of makes the report.
func Of(in *Input) *Report {
	m := in.Run.Manifest
	r := &Report{
		Schema: Schema, Project: m.Project, RunID: m.RunID, Status: m.Status, Valid: in.Run.Valid, AsOf: m.AsOf,
		KnownBy: m.KnownBy, Generated: m.GeneratedAt, Parts: map[string]Part{}, zone: in.Zone,
	}
	for _, p := range parts {
		if part := p.of(in); part != nil {
			r.Parts[p.name] = part
		}
	}
	return r
}

// last is the accepted run before, nil if there was none.
func (in *Input) last() *record.Manifest {
	if len(in.Before) == 0 {
		return nil
	}
	return in.Before[0].Manifest
}

// Page is the report in a language.
func (r *Report) Page(language string) *page.Page {
	w := &words{phrases: languages[language], lang: language, zone: r.zone}
	p := &page.Page{
		Lang: language, Title: w.say("%s: run of %s", r.Project, w.day(r.AsOf)), Data: w.say("Data"),
		Contents: w.say("Contents"), Lead: []string{
			w.say("Run %s, as of %s, with what was known by %s.", r.RunID, w.at(r.AsOf), w.at(r.KnownBy)),
			w.say("People are counted in tens; 0 to 49 read <50."),
		},
		Foot: w.say("Made by malgrupp from the record of run %s.", r.RunID),
	}
	for _, part := range parts {
		if told := r.Parts[part.name]; told != nil {
			p.Sections = append(p.Sections, page.Section{ID: part.name, Title: w.say(part.title), Blocks: told.tell(w)})
		}
	}
	return p
}

// Reported reports whether a line is that of a run, of which there is something to tell.
func Reported(l record.Line) bool {
	s := l.Manifest.Status
	return s.Published() || s == record.StatusRefused || s == record.StatusReplay
}

// Before are the accepted runs before one among lines that are newest first, so many at most.
func Before(lines []record.Line, run record.Line, most int) (out []record.Line) {
	at := slices.IndexFunc(lines, func(l record.Line) bool { return l.RunID == run.RunID })
	for _, l := range lines[at+1:] {
		if l.Manifest.Status.Published() && len(out) < most {
			out = append(out, l)
		}
	}
	return out
}

// day is the local date of a time of a document, at its full moment, and the clock that people of the project read.
func (w *words) day(utc string) string { return w.local(utc, time.DateOnly) }

func (w *words) at(utc string) string { return w.local(utc, "2006-01-02 15:04 -07:00") }

func (w *words) local(utc, form string) string {
	us, ok := value.ParseTimestamp(utc)
	if !ok {
		return utc
	}
	return time.UnixMicro(us).In(time.FixedZone("", int(w.zone.Offset(us)/1_000_000))).Format(form)
}

// listName is a list: a segment at a destination, or one that is delivered nowhere.
func listName(s *record.SegmentCount) string {
	if s.Destination == "" {
		return s.Segment
	}
	return strings.TrimSuffix(s.Segment+" @ "+s.Destination+"/"+s.Part, "/")
}
