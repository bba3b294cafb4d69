package report

import (
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
)

// Quality is what is wrong with what was read.
type Quality struct {
	Sources []record.SourceCount `json:"sources"`
	Lacks   []Lacking            `json:"lacks"` // lists whose verdicts lean on days that are missing
	Consent record.ConsentSeen   `json:"consent"`
}

// Lacking is a list and the days that it leans on, by source.
type Lacking struct {
	List string              `json:"list"`
	Days map[string][]string `json:"days"`
}

func qualityOf(in *Input) Part {
	m := in.Run.Manifest
	if len(m.Sources) == 0 {
		return nil
	}
	q := &Quality{Sources: m.Sources, Consent: m.Consent}
	for i := range m.Segments {
		if s := &m.Segments[i]; len(s.Lacks) > 0 {
			l := Lacking{listName(s), map[string][]string{}}
			for _, d := range s.Lacks {
				l.Days[d.Source] = append(l.Days[d.Source], d.Day)
			}
			q.Lacks = append(q.Lacks, l)
		}
	}
	return q
}

func (q *Quality) tell(w *words) []page.Block {
	t := &page.Table{
		Caption: w.say("Rows that were read"),
		Head: []string{
			w.say("Source"), w.say("Rows"), w.say("Impossible time"), w.say("Value too large"),
			w.say("Copies with other contents"), w.say("Copies"),
		},
	}
	var lines []page.Line
	add := func(text string) { lines = append(lines, page.Line{Text: text}) }
	for i := range q.Sources {
		s := &q.Sources[i]
		t.Rows = append(t.Rows, []page.Cell{
			page.C(s.Name), page.N(w.people(s.Rows)), page.N(w.people(s.Invalid)), page.N(w.people(s.Oversized)),
			page.N(w.people(s.Conflicts)), page.C(w.say("told apart: %s", s.Dedupe)),
		})
		if len(s.Skipped) > 0 {
			add(w.say("Source %s: damaged objects were left out: %s.", s.Name, w.several(s.Skipped, named)))
		}
		if len(s.Incomplete) > 0 {
			add(w.say("Source %s: not finished yet: %s.", s.Name, w.several(s.Incomplete, named)))
		}
		for _, column := range slices.Sorted(maps.Keys(s.Unwritable)) {
			add(w.say("Source %s: %s ids in %s are no text that a list can hold.", s.Name, w.people(s.Unwritable[column]),
				column))
		}
	}
	for _, l := range q.Lacks {
		for _, source := range slices.Sorted(maps.Keys(l.Days)) {
			add(w.say("%s leans on days that %s lacks: %s.", l.List, source, w.several(l.Days[source], named)))
		}
	}
	if !q.Consent.Skewed.Few() {
		add(w.say("Consent log: %s rows were recorded before what they record.", w.people(q.Consent.Skewed)))
	}
	if len(lines) == 0 {
		add(w.say("Nothing was left out, and no day is missing that a list leans on."))
	}
	return []page.Block{t, page.List{Lines: lines}}
}
