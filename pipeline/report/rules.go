package report

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/suite"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/diff"
	"github.com/malgrupp/malgrupp/rules/prose"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Rule is a rule as the run had it.
type Rule struct {
	Name       string
	Definition string         // its hash
	Text       string         // its file
	Checked    *rules.Segment // nil: the project as it is cannot read it any more
	Was        *rules.Segment // of the accepted run before, where it was another; nil: it was not, or cannot be read
	Coverage   *suite.Coverage
	Failed     int // cases of the project's tests; Coverage is nil where these are about another version of the rule
}

// Rules are the rules of a run.
type Rules struct {
	Rules []RuleTold `json:"rules"`
}

// RuleTold is one of them in words, beside its file, with what its tests know of it and what it makes a run read.
type RuleTold struct {
	Segment     string            `json:"segment"`
	Definition  string            `json:"definition"`
	Title       string            `json:"title,omitempty"`
	Owner       string            `json:"owner,omitempty"`
	ReviewBy    string            `json:"review_by,omitempty"`
	Sentences   []prose.Sentence  `json:"sentences"` // English
	Text        string            `json:"text"`
	Differences []diff.Difference `json:"differences"` // from the accepted run before
	Coverage    *suite.Coverage   `json:"tests,omitempty"`
	Failed      int               `json:"failed_cases"`
	Cost        *Cost             `json:"cost,omitempty"`
	checked     *rules.Segment
}

// Cost is what a rule by itself makes a run look through. How many rows it wants is told nowhere: it would say how busy
// one person is.
type Cost struct {
	From    string   `json:"from"` // the first day that its windows reach
	Objects int      `json:"objects"`
	Bytes   int64    `json:"bytes"` // stored, of these objects
	Columns []string `json:"columns"`
	Events  []string `json:"events"` // none: all
}

func rulesOf(in *Input) Part {
	if len(in.Rules) == 0 {
		return nil
	}
	out := &Rules{}
	for i := range in.Rules {
		r := &in.Rules[i]
		told := RuleTold{
			Segment: r.Name, Definition: r.Definition, Text: r.Text, Coverage: r.Coverage, Failed: r.Failed, checked: r.Checked,
		}
		if s := r.Checked; s != nil {
			told.Title, told.Owner, told.ReviewBy = s.Title, s.Owner, s.ReviewBy.String()
			told.Sentences, told.Cost = prose.Sentences(s), costOf(in, s)
			if r.Was != nil {
				told.Differences = diff.Differences(r.Was, s)
			}
		}
		out.Rules = append(out.Rules, told)
	}
	return out
}

// costOf adds up the objects of the days that a rule's windows reach, of sources with days.
func costOf(in *Input, s *rules.Segment) *Cost {
	c := &Cost{}
	c.Columns, c.Events, _ = s.Reads()
	asOf, _ := value.ParseTimestamp(in.Run.Manifest.AsOf)
	first := asOf
	for cond := range s.Conditions() {
		if cond.Window != nil {
			from, _ := cond.Window.Bounds(asOf, 0, s.Zone)
			first = min(first, from)
		}
	}
	if first > 0 {
		c.From = in.Zone.Day(first).String()
	}
	for _, o := range in.Run.Manifest.Inputs {
		for _, source := range in.Sources {
			if source.Name == o.Source && source.reaches(o.Key, first) && source.has(c.Events) {
				c.Objects, c.Bytes = c.Objects+1, c.Bytes+o.Size
			}
		}
	}
	return c
}

// reaches reports whether an object's day ends after an instant; one without a day may hold any time.
func (s *Source) reaches(key string, from int64) bool {
	if s.Partition.Key == "" {
		return true
	}
	at, _, ok := s.Partition.Locate(key)
	return ok && s.Partition.Zone.Midnight(at.Day+1) > from
}

// has reports whether rows of the source may have one of some events; none stands for all.
func (s *Source) has(events []string) bool {
	return len(events) == 0 || s.Events == nil ||
		slices.ContainsFunc(events, func(e string) bool { _, ok := s.Events[e]; return ok })
}

func (r *Rules) tell(w *words) []page.Block {
	out := []page.Block{page.Text{Words: w.say("Each rule in words, made from what a run evaluates, beside its file.")}}
	for i := range r.Rules {
		out = append(out, r.Rules[i].block(w))
	}
	return out
}

func (r *RuleTold) block(w *words) page.Block {
	line := r.Segment
	if r.Title != "" {
		line += ": " + r.Title
	}
	if len(r.Differences) > 0 {
		line += " (" + w.say("changed") + ")"
	}
	sides := page.Beside{Right: []page.Block{page.Code{Text: r.Text}}}
	add := func(b page.Block) { sides.Left = append(sides.Left, b) }
	if r.checked == nil {
		add(page.Text{Words: w.say("The project as it is now cannot read this rule any more."), Mood: "note"})
	} else {
		add(page.Text{Words: w.say("Owner %s, to be looked at by %s. Definition %s.", r.Owner, r.ReviewBy, r.Definition[:8])})
		lines := page.List{}
		for _, s := range prose.In(w.lang, r.checked) {
			lines.Lines = append(lines.Lines, page.Line{Text: s.Text, Depth: s.Depth, Note: strings.Join(s.Notes, "; ")})
		}
		add(lines)
	}
	if len(r.Differences) > 0 {
		changed := page.List{}
		for _, d := range r.Differences {
			changed.Lines = append(changed.Lines, page.Line{Text: d.String()})
		}
		add(page.Text{Words: w.say("Changed since the accepted run before:")})
		add(changed)
	}
	if r.checked != nil {
		add(page.Text{Words: r.tests(w), Mood: r.mood()})
	}
	if c := r.Cost; c != nil {
		events := w.say("all")
		if len(c.Events) > 0 {
			events = w.several(c.Events, named)
		}
		add(page.Text{Words: w.say("Looks through %s of %s, from %s on; events: %s; columns: %s.",
			w.count(c.Objects, "one object", "%s objects"), w.size(c.Bytes), cmp.Or(c.From, w.say("the first day")), events,
			cmp.Or(w.several(c.Columns, named), w.say("none of its own")))})
	}
	return page.Fold{Line: line, Blocks: []page.Block{sides}}
}

func (r *RuleTold) mood() string {
	if r.Failed > 0 {
		return "bad"
	}
	return ""
}

func (r *RuleTold) tests(w *words) string {
	c := r.Coverage
	switch {
	case c == nil:
		return w.say("Tests: the rule is another one in the project now, so its tests say nothing about this one.")
	case r.Failed > 0:
		return w.say("Tests: %s of %s fail.", w.number(int64(r.Failed)), w.count(c.Cases, "one case", "%s cases"))
	case c.Cases == 0:
		return w.say("Tests: none.")
	}
	text := w.say("Tests: %s pass; they have seen %s of %s outcomes of its conditions.",
		w.count(c.Cases, "one case", "%s cases"), w.number(int64(c.Seen)), w.number(int64(c.Of)))
	var missing []string
	for _, g := range c.Missing {
		missing = append(missing, fmt.Sprintf("%s %s", g.Path, g.Never))
	}
	if len(missing) > 0 {
		text += " " + w.say("Never: %s.", w.several(missing, named))
	}
	return text
}

// hashText is a definition hash as the record writes it.
func hashText(s *rules.Segment) string { return hex.EncodeToString(s.Hash[:]) }
