package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sentence is one part of a rule in plain English, made from the checked form, so that text and rule cannot drift apart.
type Sentence struct {
	Path  string   `json:"path"`            // as in messages and tests: match.all[0]
	Depth int      `json:"depth"`           // how many conditions it stands inside
	Text  string   `json:"text"`            // without a full stop; ends with a colon where parts follow
	Notes []string `json:"notes,omitempty"` // what a reader would otherwise overlook
}

// Sentences says in words who is in the segment: the conditions of match and exclude from the outside in, then the
// population steps in the order in which they are taken.
func (s *Segment) Sentences() []Sentence {
	n := narrator{zone: s.Zone}
	n.condition(s.Match, 0, false)
	if s.Exclude != nil {
		from := len(n.said)
		n.excluding = true
		n.condition(s.Exclude, 0, false)
		n.said[from].Text = "not if this holds: " + n.said[from].Text
		n.said[from].Notes = append(n.said[from].Notes, "whoever cannot be decided here, because data is missing, is kept out as well")
	}
	n.population(s)
	return n.said
}

// Reads returns the columns that the rule's conditions name, and the events they look at (nil with anyEvent: all), sorted.
// The columns that the program itself needs, such as the time of an event, are not among them.
func (s *Segment) Reads() (columns, events []string, anyEvent bool) {
	for c := range s.Conditions() {
		columns = append(append(columns, Columns(c.Where)...), Columns(c.Has)...)
		if c.Metric != nil && c.Metric.Column != "" {
			columns = append(columns, c.Metric.Column)
		}
		for step := range c.Sequence.steps() {
			columns = append(columns, Columns(step.Where)...)
		}
	}
	for _, root := range s.roots() {
		names, every := root.LooksAt()
		events, anyEvent = append(events, names...), anyEvent || every
	}
	slices.Sort(columns)
	slices.Sort(events)
	if anyEvent {
		events = nil
	}
	return slices.Compact(columns), slices.Compact(events), anyEvent
}

// narrator collects sentences.
type narrator struct {
	zone      *Zone
	excluding bool // what is undecided is said once, of the whole exclusion
	said      []Sentence
}

func (n *narrator) say(path string, depth int, text string, notes ...string) {
	n.said = append(n.said, Sentence{path, depth, text, notes})
}

// condition says a node and what stands below it. negated is set below an odd number of nots.
func (n *narrator) condition(c *Condition, depth int, negated bool) {
	switch c.Verb {
	case "all":
		n.say(c.Path, depth, "all of these hold:")
	case "any":
		n.say(c.Path, depth, "at least one of these holds:")
	case "at_least_of":
		n.say(c.Path, depth, fmt.Sprintf("at least %d of these %d hold:", c.Count, len(c.Children)))
	case "not":
		n.say(c.Path, depth, "this does not hold:", "what is unknown stays unknown and makes nobody a member")
		negated = !negated
	case "in_segment":
		n.say(c.Path, depth, "qualifies for segment "+c.Segment, "before that segment's holdout, cap and minimum size; consent is asked for the use of this segment")
	case "profile":
		n.say(c.Path, depth, "is a customer with "+whereWords(c.Where), "attributes are those of the moment up to which the run knows; who has no row has none of them")
	case "session":
		n.say(c.Path, depth, n.sessions(c), n.sessionNotes(c, negated)...)
	case "sequence":
		n.sequence(c, depth, negated)
	default:
		n.say(c.Path, depth, n.events(c), n.notes(c, negated)...)
	}
	for _, child := range c.Children {
		n.condition(child, depth+1, negated)
	}
}

// events says a condition about events.
func (n *narrator) events(c *Condition) string {
	when := " in that session"
	if c.Window != nil {
		when = c.Window.words()
	}
	switch {
	case c.Verb == "did_not":
		return "had no " + c.noun(1) + when
	case c.Has != nil:
		return "the " + c.Verb + " " + c.noun(1) + when + " has " + whereWords(c.Has)
	case c.Metric != nil:
		return n.quantity(c) + when + " is " + c.Compare.words(n.bound(c))
	case c.Compare.Op == AtLeast && c.Compare.Bound.Int == 1:
		return "had at least one " + c.noun(1) + when
	}
	return "had " + c.Compare.words(c.Compare.Bound.String()) + " " + c.noun(c.Compare.Bound.Int) + when
}

// noun names the events that count: app_open or login events with channel = 'app'.
func (c *Condition) noun(count int64) string {
	text := " events"
	if count == 1 {
		text = " event"
	}
	if c.AnyEvent {
		text = text[1:] + " of any kind"
	} else {
		text = strings.Join(c.Events, " or ") + text
	}
	if c.Where != nil {
		text += " with " + whereWords(c.Where)
	}
	return text
}

// quantity names what a metric measures.
func (n *narrator) quantity(c *Condition) string {
	m, events := c.Metric, c.noun(2)
	times := m.Type.Kind == Date || m.Type.Kind == Timestamp
	switch m.Function {
	case "count":
		return "the number of " + events
	case "sessions":
		return "the number of sessions with " + events
	case "days":
		return "the number of different calendar days (" + n.zone.Name() + ") with " + events
	case "distinct":
		return "the number of different values of " + m.Column + " in " + events
	case "avg":
		return "the average of " + m.Column + " over " + events
	case "min":
		return superlative(times, "earliest", "smallest") + m.Column + " of " + events
	case "max":
		return superlative(times, "latest", "largest") + m.Column + " of " + events
	}
	return "the " + m.Function + " of " + m.Column + " over " + events
}

func superlative(times bool, ofTimes, ofNumbers string) string {
	if times {
		return "the " + ofTimes + " "
	}
	return "the " + ofNumbers + " "
}

// bound writes the bound of a metric's comparison; dates and times are counted in days and microseconds.
func (n *narrator) bound(c *Condition) string {
	b := c.Compare.Bound
	if c.Metric.Function != "min" && c.Metric.Function != "max" {
		return b.String()
	}
	switch c.Metric.Type.Kind {
	case Date:
		return formatDays(b.Int)
	case Timestamp:
		return time.UnixMicro(n.zone.Local(b.Int)).UTC().Format("2006-01-02 15:04:05.999999") + " (" + n.zone.Name() + ")"
	}
	return b.String()
}

// words says a comparison with a bound.
func (c *Compare) words(bound string) string {
	return strings.ReplaceAll(string(c.Op), "_", " ") + " " + bound
}

// notes says what does not count for a condition and what becomes of missing data.
func (n *narrator) notes(c *Condition, negated bool) []string {
	var notes []string
	for _, term := range dropped(c.Where) {
		notes = append(notes, "events without "+term+" do not count")
	}
	for _, term := range dropped(c.Has) {
		notes = append(notes, "whoever has no "+term+" there is not a member because of this condition")
	}
	if m := c.Metric; m != nil && m.Column != "" {
		notes = append(notes, "events without "+m.Column+" are left out")
		if m.Function == "avg" || m.Function == "min" || m.Function == "max" {
			notes = append(notes, "whoever has no value at all is not a member because of this condition")
		}
	}
	if c.Window != nil && !c.Window.All && !n.excluding && (negated || !c.grows()) {
		notes = append(notes, "if some of those days are missing in the data this is unknown, and unknown makes nobody a member")
	}
	return notes
}

// grows reports whether more data can only ever fulfil the condition, so that missing data needs no warning.
func (c *Condition) grows() bool {
	if c.Compare == nil || c.Compare.Op != AtLeast && c.Compare.Op != MoreThan {
		return false
	}
	return c.Metric == nil || slices.Contains([]string{"count", "distinct", "days", "sessions"}, c.Metric.Function)
}

// dropped returns the terms without which no row can pass, sorted: with a null there every way to true is barred.
func dropped(e Expr) []string {
	var terms []string
	for t := range Tests(e) {
		name := t.Term.String()
		if !strings.HasPrefix(name, "local.") && !canPass(e, name) {
			terms = append(terms, name)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// canPass reports whether the expression can be true for a row in which the term is null.
func canPass(e Expr, null string) bool {
	can := func(term Expr) bool { return canPass(term, null) }
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e, func(term Expr) bool { return !can(term) })
	case Or:
		return slices.ContainsFunc(e, can)
	case *Test:
		if e.Term.String() != null {
			return true
		}
		switch e.Op {
		case OpIsNull:
			return !e.Not
		case OpIsTrue, OpIsFalse:
			return e.Not
		}
	}
	return false
}

// shownValues is how many values of a list a sentence writes out.
const shownValues = 6

// whereWords writes a condition on one row; long lists are cut short.
func whereWords(e Expr) string {
	join := func(terms []Expr, word string) string {
		parts := make([]string, len(terms))
		for i, t := range terms {
			parts[i] = whereWords(t)
			if _, or := t.(Or); or {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, word)
	}
	switch e := e.(type) {
	case And:
		return join(e, " and ")
	case Or:
		return join(e, " or ")
	case *Test:
		if e.Op != OpIn || len(e.Args) <= shownValues {
			return e.String()
		}
		short := *e
		short.Args = e.Args[:shownValues]
		return fmt.Sprintf("%s and %d more)", strings.TrimSuffix(short.String(), ")"), len(e.Args)-shownValues)
	}
	return ""
}

// words says a window; the moment for which membership is asked is "that moment".
func (w *Window) words() string {
	switch {
	case w.All:
		return " at any time that the data covers"
	case w.Since != 0:
		return fmt.Sprintf(" from %v to the end of %v", w.Since, w.Until-1)
	case w.To == (Duration{}):
		return " in the " + w.From.words() + " before that moment"
	}
	return fmt.Sprintf(" from %s until %s before that moment", w.From.words(), w.To.words())
}

var unitWords = map[Unit]string{Second: "second", Minute: "minute", Hour: "hour", Day: "calendar day", Week: "calendar week", Month: "calendar month"}

// words says a duration: 14 calendar days, 48 hours.
func (d Duration) words() string { return counted(d.N, unitWords[d.Unit]) }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// population says the steps after match and exclude.
func (n *narrator) population(s *Segment) {
	if t := s.Top; t != nil {
		share := "the first " + strconv.Itoa(t.Count)
		if t.Count == 0 {
			share = "the first " + t.Percent.String() + " % (rounded up)"
		}
		n.say("top", 0, "of these only "+share+", by "+n.ranking(t.By))
	}
	if s.Stay != (Duration{}) {
		n.say("stay", 0, "whoever qualified stays for "+s.Stay.words()+" after the last time",
			"as long as consent lasts and the exclusion does not hold; a changed rule starts anew")
	}
	if e := s.Exclusive; e != nil {
		n.say("exclusive", 0, fmt.Sprintf("whoever also qualifies for a segment of group %s with a priority below %d goes there", e.Group, e.Priority))
	}
	if h := s.Holdout; h != nil {
		n.say("holdout", 0, h.Percent.String()+" % are kept out as a control group, drawn with salt "+strconv.Quote(h.Salt),
			"the same people at every run as long as the salt stays")
	}
	if c := s.Cap; c != nil {
		text := "at most " + strconv.Itoa(c.Count) + " are delivered, drawn by a hash of segment and id"
		if c.By != nil {
			text = "at most " + strconv.Itoa(c.Count) + " are delivered, by " + n.ranking(c.By)
		}
		n.say("cap", 0, text)
	}
	if s.MinSize != 0 {
		n.say("min_size", 0, "with fewer than "+counted(s.MinSize, "member")+" nobody is delivered and everybody held is removed")
	}
}

func (n *narrator) ranking(by *Condition) string {
	return n.quantity(by) + by.Window.words() + ", largest first; whoever has no value comes last"
}
