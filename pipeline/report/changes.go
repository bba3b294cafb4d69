package report

import (
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/diff"
)

// Changes are what is no longer as the last accepted run had it.
type Changes struct {
	Since    string             `json:"since"` // run id
	AsOf     string             `json:"as_of"` // of that run
	Moved    *record.Moved      `json:"moved"`
	SameTime bool               `json:"same_as_of"`
	Rules    map[string]Altered `json:"rules"` // those that changed
	Gone     []string           `json:"gone"`  // segments that are there no more
	Lists    []Change           `json:"lists"` // that changed by enough people to say so
	Same     int                `json:"unchanged"`
}

// Altered is how a rule differs from what it was.
type Altered struct {
	New         bool              `json:"new"`
	Readable    bool              `json:"readable"` // both versions, in the project as it is
	Differences []diff.Difference `json:"differences"`
}

// Change is a list that is not what it was, and why.
type Change struct {
	List      string      `json:"list"`
	Segment   string      `json:"segment"`
	Was       shown.Count `json:"was"`
	Members   shown.Count `json:"members"`
	Additions shown.Count `json:"additions"`
	Removals  shown.Count `json:"removals"`
	Because   []string    `json:"because"` // rule, new, settings, consent, held, data, time
	Held      string      `json:"held_back,omitempty"`
	Guard     string      `json:"guard,omitempty"`
	Owed      shown.Count `json:"owed_removals"`
}

func changesOf(in *Input) Part {
	m, last := in.Run.Manifest, in.last()
	if last == nil || m.Status == record.StatusRefused {
		return nil
	}
	c := &Changes{
		Since: last.RunID, AsOf: last.AsOf, Moved: record.Since(last, m), SameTime: last.AsOf == m.AsOf,
		Rules: map[string]Altered{},
	}
	for i := range in.Rules {
		r := &in.Rules[i]
		if text, moved := c.Moved.Rules[r.Name]; moved {
			a := Altered{New: text == "", Readable: r.Checked != nil && r.Was != nil}
			if a.Readable {
				a.Differences = diff.Differences(r.Was, r.Checked)
			}
			c.Rules[r.Name] = a
		}
	}
	for _, name := range slices.Sorted(maps.Keys(last.Rules)) {
		if _, there := m.Rules[name]; !there {
			c.Gone = append(c.Gone, name)
		}
	}
	before := map[string]*record.SegmentCount{}
	for i := range last.Segments {
		before[listName(&last.Segments[i])] = &last.Segments[i]
	}
	for i := range m.Segments {
		s := &m.Segments[i]
		if s.Destination == "" {
			continue
		}
		if s.Additions.Few() && s.Removals.Few() { // whether anybody did would tell of one person
			c.Same++
			continue
		}
		c.Lists = append(c.Lists, c.list(s, before[listName(s)]))
	}
	return c
}

// list says why a list changed: all that could have done it, as the record knows.
func (c *Changes) list(s, was *record.SegmentCount) Change {
	l := Change{
		List: listName(s), Segment: s.Segment, Members: s.Members, Additions: s.Additions, Removals: s.Removals,
		Held: s.Held, Guard: string(s.Guard), Owed: s.Owed.Or(),
	}
	because := func(is bool, what string) {
		if is {
			l.Because = append(l.Because, what)
		}
	}
	if was != nil {
		l.Was = was.Members
	}
	_, rule := c.Rules[s.Segment]
	because(was == nil, "new")
	because(rule, "rule")
	because(!s.Owed.Or().Few(), "consent")
	because(s.Guard != "", "guard")
	because(s.Held != "", "held")
	because(s.Held == "" && c.Moved.Settings, "settings")
	because(len(c.Moved.Objects) > 0, "data")
	because(!c.SameTime, "time")
	because(len(l.Because) == 0, "attributes")
	return l
}

// whys are the reasons in words.
var whys = map[string]string{
	"new":        "it is new here",
	"rule":       "its rule was changed",
	"consent":    "%s of those who leave may not be told any more",
	"guard":      "guard %s holds it but for removals that are owed",
	"held":       "it is held back: %s",
	"settings":   "the settings were changed",
	"data":       "new data came in",
	"time":       "its windows moved on",
	"attributes": "consent or attributes of customers moved",
}

func (c *Changes) tell(w *words) (out []page.Block) {
	var moved []page.Line
	add := func(text string) { moved = append(moved, page.Line{Text: text}) }
	for _, name := range slices.Sorted(maps.Keys(c.Rules)) {
		switch a := c.Rules[name]; {
		case a.New:
			add(w.say("Rule %s is new.", name))
		case !a.Readable:
			add(w.say("Rule %s was changed; what it was can no longer be read.", name))
		case len(a.Differences) == 0:
			add(w.say("Rule %s was changed by a value set, a schema or a setting that it goes by.", name))
		default:
			add(w.say("Rule %s was changed:", name))
			for _, d := range a.Differences {
				moved = append(moved, page.Line{Text: d.String(), Depth: 1})
			}
		}
	}
	for _, name := range c.Gone {
		add(w.say("Segment %s is there no more; whoever was told leaves.", name))
	}
	if c.Moved.Settings {
		add(w.say("The settings in malgrupp.yaml were changed."))
	}
	for _, source := range slices.Sorted(maps.Keys(c.Moved.Objects)) {
		add(w.say("Source %s: %s.", source, w.count(c.Moved.Objects[source], "one new object", "%s new objects")))
	}
	if c.Moved.Consent != 0 {
		add(w.say("The consent log has %s more rows.", w.number(c.Moved.Consent)))
	}
	if !c.SameTime {
		add(w.say("The windows of rules moved on; in that run they ended at %s.", w.at(c.AsOf)))
	}
	out = append(out, page.Text{Words: w.say("Compared with run %s, the accepted one before.", c.Since)})
	if len(moved) == 0 {
		add(w.say("Nothing that the record knows of has moved."))
	}
	out = append(out, page.List{Lines: moved})
	if len(c.Lists) == 0 {
		return append(out, page.Text{Words: w.say("No list changed by 50 people or more.")})
	}
	t := &page.Table{
		Caption: w.say("Lists that changed by 50 people or more"),
		Head:    []string{w.say("List"), w.say("Was"), w.say("Is"), w.say("Added"), w.say("Removed"), w.say("Why")},
	}
	for i := range c.Lists {
		l := &c.Lists[i]
		t.Rows = append(t.Rows, []page.Cell{
			page.C(l.List), page.N(w.people(l.Was)), page.N(w.people(l.Members)), page.N(w.people(l.Additions)),
			page.N(w.people(l.Removals)), page.C(l.why(w)),
		})
	}
	out = append(out, t)
	if c.Same > 0 {
		out = append(out, page.Text{Words: w.say("Unchanged, or by fewer than 50: %s.",
			w.count(c.Same, "one list", "%s lists"))})
	}
	return out
}

func (l *Change) why(w *words) string {
	var parts []string
	for _, what := range l.Because {
		switch what {
		case "consent":
			parts = append(parts, w.say(whys[what], w.people(l.Owed)))
		case "guard":
			parts = append(parts, w.say(whys[what], l.Guard))
		case "held":
			parts = append(parts, w.say(whys[what], l.Held))
		default:
			parts = append(parts, w.say(whys[what]))
		}
	}
	return w.several(parts, len(parts))
}
