// Package prose says rules in sentences, made from the checked form, so that text and rule cannot drift apart. A
// language is one file of phrases.
package prose

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Sentence is one part of a rule in plain English, made from the checked form, so that text and rule cannot drift
// apart.
type Sentence struct {
	Path  string   `json:"path"`            // as in messages and tests: match.all[0]
	Depth int      `json:"depth"`           // how many conditions it stands inside
	Text  string   `json:"text"`            // without a full stop; ends with a colon where parts follow
	Notes []string `json:"notes,omitempty"` // what a reader would otherwise overlook
}

// Sentences says in words who is in the segment: the conditions of match and exclude from the outside in, then the
// population steps in the order in which they are taken.
func Sentences(s *rules.Segment) []Sentence {
	return sentences(s, english)
}

// In says it in a language, by its code: sv or fi. Any other is English. What a rule itself writes stays as it is.
func In(language string, s *rules.Segment) []Sentence {
	if in, known := languages[language]; known {
		return sentences(s, in)
	}
	return Sentences(s)
}

// sentences says it with the phrases of a language.
func sentences(s *rules.Segment, in phrases) []Sentence {
	n := narrator{phrases: in, zone: s.Zone}
	n.condition(s.Match, 0, false)
	if s.Exclude != nil {
		from := len(n.said)
		n.excluding = true
		n.condition(s.Exclude, 0, false)
		n.said[from].Text = n.fill("exclude", "condition", n.said[from].Text)
		n.said[from].Notes = append(n.said[from].Notes, n.fill("exclude.note"))
	}
	n.population(s)
	return n.said
}

// narrator collects sentences.
type narrator struct {
	phrases
	zone      *value.Zone
	excluding bool // what is undecided is said once, of the whole exclusion
	said      []Sentence
}

func (n *narrator) say(path string, depth int, text string, notes ...string) {
	n.said = append(n.said, Sentence{path, depth, text, notes})
}

// condition says a node and what stands below it. negated is set below an odd number of nots.
func (n *narrator) condition(c *rules.Condition, depth int, negated bool) {
	switch {
	case c.Is().Sessions:
		n.say(c.Path, depth, n.sessions(c), n.sessionNotes(c, negated)...)
	case c.Sequence != nil:
		n.sequence(c, depth, negated)
	case c.Metric != nil, c.Is().Takes == rules.TakesEvents:
		n.say(c.Path, depth, n.events(c), n.notes(c, negated)...)
	default:
		var notes []string
		if _, noted := n.phrases[phrase(c.Verb)+".note"]; noted {
			notes = append(notes, n.fill(phrase(c.Verb)+".note"))
		}
		notes = append(notes, n.fixed(c.Where)...)
		n.say(c.Path, depth, n.verb(c, "count", c.Count, "of", len(c.Children), "segment", c.Segment, "where",
			n.whereWords(c.Where)), notes...)
	}
	for _, child := range c.Children {
		n.condition(child, depth+1, negated != (c.Is().Logic == rules.LogicNot))
	}
}

// events says a condition about events.
func (n *narrator) events(c *rules.Condition) string {
	when := n.when(c)
	if c.Metric != nil {
		return n.fill("metric", "quantity", n.quantity(c), "when", when, "compared", n.compared(c.Compare, n.bound(c)))
	}
	count, compared := int64(1), ""
	if once := phrase(c.Verb) + ".once"; c.Compare != nil {
		if c.Compare.Op == rules.AtLeast && c.Compare.Bound.Int == 1 && n.phrases[once] != "" {
			return n.fill(once, "events", n.noun(c, 1), "when", when)
		}
		count, compared = c.Compare.Bound.Int, n.compared(c.Compare, c.Compare.Bound.String())
	}
	return n.verb(c, "compared", compared, "events", n.noun(c, count), "when", when, "where", n.whereWords(c.Has))
}

// verb fills the phrase of a verb, or the sentence that it declares, with what stands behind keys of its own as well.
func (n *narrator) verb(c *rules.Condition, pairs ...any) string {
	for key, v := range c.Own {
		if d, ok := v.(value.Duration); ok {
			v = n.duration(d)
		}
		pairs = append(pairs, key, v)
	}
	if text, known := n.phrases[phrase(c.Verb)]; known {
		return fill(text, pairs...)
	}
	return fill(c.Is().Says, pairs...)
}

// when says the window of a condition; inside a session there is none.
func (n *narrator) when(c *rules.Condition) string {
	if c.Window == nil {
		return n.fill("when.session")
	}
	return n.window(c.Window)
}

// noun names the events that count: app_open or login events with channel = 'app'.
func (n *narrator) noun(c *rules.Condition, count int64) string {
	text := n.fill("events", "names", strings.Join(c.Events, n.fill("or")), "n", count)
	if c.AnyEvent {
		text = n.fill("events.any", "n", count)
	}
	if c.Where != nil {
		text = n.fill("events.where", "events", text, "where", n.whereWords(c.Where))
	}
	return text
}

// quantity names what a metric measures.
func (n *narrator) quantity(c *rules.Condition) string {
	m := c.Metric
	key := phrase("metric." + m.Function)
	if times := m.Type.Kind == value.Date || m.Type.Kind == value.Timestamp; times &&
		(m.Function == "min" || m.Function == "max") {
		key += ".time"
	}
	if _, known := n.phrases[key]; !known {
		key = "metric.other"
	}
	return n.fill(key, "function", m.Function, "events", n.noun(c, 2), "column", m.Column, "zone", n.zone.Name())
}

// bound writes the bound of a metric's comparison; dates and times are counted in days and microseconds.
func (n *narrator) bound(c *rules.Condition) string {
	b := c.Compare.Bound
	if c.Metric.Function != "min" && c.Metric.Function != "max" {
		return b.String()
	}
	switch c.Metric.Type.Kind {
	case value.Date:
		return value.FormatDays(b.Int)
	case value.Timestamp:
		return time.UnixMicro(n.zone.Local(b.Int)).UTC().Format("2006-01-02 15:04:05.999999") + " (" + n.zone.Name() + ")"
	}
	return b.String()
}

// compared says a comparison with a bound.
func (n *narrator) compared(c *rules.Compare, bound string) string {
	return n.fill(phrase(c.Op), "bound", bound)
}

// notes says what does not count for a condition and what becomes of missing data.
func (n *narrator) notes(c *rules.Condition, negated bool) []string {
	var notes []string
	notes = append(notes, n.fixed(c.Where)...)
	notes = append(notes, n.fixed(c.Has)...)
	for _, term := range dropped(c.Where) {
		notes = append(notes, n.fill("note.dropped", "column", term))
	}
	for _, term := range dropped(c.Has) {
		notes = append(notes, n.fill("note.dropped_there", "column", term))
	}
	if m := c.Metric; m != nil && m.Column != "" {
		notes = append(notes, n.fill("note.left_out", "column", m.Column))
		if m.Function == "avg" || m.Function == "min" || m.Function == "max" {
			notes = append(notes, n.fill("note.no_value"))
		}
	}
	if c.Window != nil && !c.Window.All && !n.excluding && (negated || !grows(c)) {
		notes = append(notes, n.fill("note.missing"))
	}
	return notes
}

// fixed says which tests hold for no value, or for every one.
func (n *narrator) fixed(e rules.Expr) (notes []string) {
	for t := range rules.Tests(e) {
		switch {
		case t.Never:
			notes = append(notes, n.fill("note.never", "where", n.whereWords(t)))
		case t.Always:
			notes = append(notes, n.fill("note.always", "where", n.whereWords(t)))
		}
	}
	return notes
}

// grows reports whether more data can only ever fulfil the condition, so that missing data needs no warning.
func grows(c *rules.Condition) bool {
	if c.Compare == nil || c.Compare.Op != rules.AtLeast && c.Compare.Op != rules.MoreThan {
		return false
	}
	return c.Metric == nil || slices.Contains([]string{"count", "distinct", "days", "sessions"}, c.Metric.Function)
}

// dropped returns the terms without which no row can pass, sorted: with a null there every way to true is barred.
func dropped(e rules.Expr) []string {
	var terms []string
	for t := range rules.Tests(e) {
		name := t.Term.String()
		if !strings.HasPrefix(name, "local.") && !canPass(e, name) {
			terms = append(terms, name)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// canPass reports whether the expression can be true for a row in which the term is null.
func canPass(e rules.Expr, null string) bool {
	can := func(term rules.Expr) bool { return canPass(term, null) }
	switch e := e.(type) {
	case rules.And:
		return !slices.ContainsFunc(e, func(term rules.Expr) bool { return !can(term) })
	case rules.Or:
		return slices.ContainsFunc(e, can)
	case *rules.Test:
		if e.Term.String() != null {
			return true
		}
		switch e.Op {
		case where.OpIsNull:
			return !e.Not
		case where.OpIsTrue, where.OpIsFalse:
			return e.Not
		}
	}
	return false
}

// shownValues is how many values of a list a sentence writes out.
const shownValues = 6

// whereWords writes a condition on one row; long lists are cut short.
func (n *narrator) whereWords(e rules.Expr) string {
	join := func(terms []rules.Expr, word string) string {
		parts := make([]string, len(terms))
		for i, t := range terms {
			parts[i] = n.whereWords(t)
			if _, or := t.(rules.Or); or {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return strings.Join(parts, word)
	}
	switch e := e.(type) {
	case rules.And:
		return join(e, " and ")
	case rules.Or:
		return join(e, " or ")
	case *rules.Test:
		if e.Op != where.OpIn || len(e.Args) <= shownValues {
			return e.Written()
		}
		short := *e
		short.Args = e.Args[:shownValues]
		return n.fill("values.more", "values", strings.TrimSuffix(short.String(), ")"), "n", len(e.Args)-shownValues)
	}
	return ""
}

// window says a window; the moment for which membership is asked is "that moment".
func (n *narrator) window(w *rules.Window) string {
	switch {
	case w.All:
		return n.fill("when.all")
	case w.Since != 0:
		return n.fill("when.dates", "from", w.Since, "to", w.Until-1)
	case w.To == (value.Duration{}):
		return n.fill("when.back", "span", n.duration(w.From))
	}
	return n.fill("when.band", "from", n.duration(w.From), "to", n.duration(w.To))
}

// duration says how long: 14 calendar days, 48 hours.
func (n *narrator) duration(d value.Duration) string { return n.fill(unitPhrases[d.Unit], "n", d.N) }

var unitPhrases = map[value.Unit]phrase{
	value.Second: "span.second", value.Minute: "span.minute", value.Hour: "span.hour", value.Day: "span.day",
	value.Week: "span.week", value.Month: "span.month",
}

// population says the steps after match and exclude.
func (n *narrator) population(s *rules.Segment) {
	if t := s.Top; t != nil {
		first := n.fill("top.count", "count", t.Count)
		if t.Count == 0 {
			first = n.fill("top.percent", "percent", t.Percent)
		}
		n.say("top", 0, n.fill("top", "first", first, "ranking", n.ranking(t.By)))
	}
	if s.Stay != (value.Duration{}) {
		n.say("stay", 0, n.fill("stay", "span", n.duration(s.Stay)), n.fill("stay.note"))
	}
	if e := s.Exclusive; e != nil {
		n.say("exclusive", 0, n.fill("exclusive", "group", e.Group, "priority", e.Priority))
	}
	if h := s.Holdout; h != nil {
		n.say("holdout", 0, n.fill("holdout", "percent", h.Percent, "salt", strconv.Quote(h.Salt)), n.fill("holdout.note"))
	}
	if c := s.Cap; c != nil {
		text := n.fill("cap", "count", c.Count)
		if c.By != nil {
			text = n.fill("cap.by", "count", c.Count, "ranking", n.ranking(c.By))
		}
		n.say("cap", 0, text)
	}
	if s.MinSize != 0 {
		n.say("min_size", 0, n.fill("min_size", "n", s.MinSize))
	}
}

func (n *narrator) ranking(by *rules.Condition) string {
	return n.fill("ranking", "quantity", n.quantity(by), "when", n.window(by.Window))
}
