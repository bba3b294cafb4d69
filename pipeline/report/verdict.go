package report

import (
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
)

// Verdict is how the run ended, and what somebody should look at.
type Verdict struct {
	Status  record.Status   `json:"status"`
	Valid   bool            `json:"signature_valid"`
	Lists   int             `json:"lists"`
	Places  int             `json:"destinations"`
	Told    int             `json:"told"`     // lists that are as the rules say
	Held    []string        `json:"held"`     // by a guard, as they were
	Small   []string        `json:"withheld"` // of fewer people than they may have
	Stopped []string        `json:"stopped"`  // held back for another reason
	Overdue []string        `json:"overdue"`  // whose removals nobody has acknowledged
	Refusal *record.Refusal `json:"refusal,omitempty"`
	Lacking []string        `json:"lacking"` // sources of which something was missing or damaged
	Passed  []string        `json:"guards_let_pass"`
	Failing []string        `json:"rules_with_failing_tests"`
}

func verdictOf(in *Input) Part {
	m := in.Run.Manifest
	v := &Verdict{Status: m.Status, Valid: in.Run.Valid, Refusal: m.Refusal}
	places := map[string]bool{}
	for i := range m.Segments {
		s := &m.Segments[i]
		if s.Destination == "" {
			continue
		}
		v.Lists++
		places[s.Destination] = true
		switch {
		case s.Guard != "":
			v.Held = append(v.Held, listName(s)+": "+string(s.Guard))
		case s.Held == "SEGMENT_UNDER_K":
			v.Small = append(v.Small, listName(s))
		case s.Held != "":
			v.Stopped = append(v.Stopped, listName(s)+": "+s.Held)
		default:
			v.Told++
		}
		if s.Overdue {
			v.Overdue = append(v.Overdue, listName(s))
		}
	}
	v.Places = len(places)
	for _, s := range m.Sources {
		if len(s.Skipped)+len(s.Incomplete)+len(s.Unwritable) > 0 {
			v.Lacking = append(v.Lacking, s.Name)
		}
	}
	for _, d := range daysIn(in) {
		if d.count(dayMissing) > 0 && !slices.Contains(v.Lacking, d.Source) {
			v.Lacking = append(v.Lacking, d.Source)
		}
	}
	for _, o := range m.Overrides {
		v.Passed = append(v.Passed, string(o.Guard)+": "+o.Reason)
	}
	for i := range in.Rules {
		if in.Rules[i].Failed > 0 {
			v.Failing = append(v.Failing, in.Rules[i].Name)
		}
	}
	return v
}

const named = 8 // of several things of one kind

func (v *Verdict) tell(w *words) (out []page.Block) {
	add := func(mood, text string) { out = append(out, page.Text{Words: text, Mood: mood}) }
	if !v.Valid {
		add("bad", w.say("THE SIGNATURE OF THIS RUN DOES NOT FIT: its record was changed, or signed with another key. "+
			"Believe nothing below."))
	}
	switch v.Status {
	case record.StatusRefused:
		add("bad", w.say("The run was refused and published nothing; all lists stay as they were."))
		add("", v.Refusal.Reason+": "+v.Refusal.Message)
		return out
	case record.StatusReplay:
		add("note", w.say("An old day was computed again. Nobody was told anything."))
	case record.StatusPartial:
		add("note", w.say("Partly done: %s of %s lists are as the rules say, at %s.", w.number(int64(v.Told)),
			w.number(int64(v.Lists)), w.count(v.Places, "one destination", "%s destinations")))
	default:
		add("good", w.say("Done: %s of %s lists are as the rules say, at %s.", w.number(int64(v.Told)),
			w.number(int64(v.Lists)), w.count(v.Places, "one destination", "%s destinations")))
	}
	for _, a := range alarms {
		if names := a.names(v); len(names) > 0 {
			add(a.mood, w.say(a.text, w.several(names, named)))
		}
	}
	return out
}

// alarms are what somebody should look at, the worst first where moods are the same.
var alarms = []struct {
	names      func(v *Verdict) []string
	mood, text string
}{
	{
		func(v *Verdict) []string { return v.Overdue }, "bad",
		"Removals that nobody has acknowledged for too long: %s.",
	},
	{func(v *Verdict) []string { return v.Failing }, "bad", "Rules whose tests fail: %s."},
	{
		func(v *Verdict) []string { return v.Held }, "note",
		"Held as they were by a guard, until somebody looks: %s.",
	},
	{
		func(v *Verdict) []string { return v.Lacking }, "note",
		"Sources of which something is missing or damaged: %s.",
	},
	{func(v *Verdict) []string { return v.Passed }, "note", "Guards that were let pass in this run: %s."},
	{func(v *Verdict) []string { return v.Stopped }, "", "Nobody is added, for a reason of the settings: %s."},
	{func(v *Verdict) []string { return v.Small }, "", "Withheld, because too few people are in them: %s."},
}
