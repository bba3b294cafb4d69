package draw

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// Rule is the text of a segment's spec, under its name.
type Rule struct{ Name, Identity, Text string }

// writer writes one rule.
type writer struct {
	dice
	log     *Log
	refers  []string // segments that may be referred to
	session bool     // inside one: no windows
}

// NewRule draws a rule of that name for the people of a log; it may refer to earlier rules of its level.
func NewRule(t *rapid.T, l *Log, name string, earlier []Rule) Rule {
	w := &writer{dice: dice{t}, log: l}
	r := Rule{Name: name, Identity: one(w.dice, "device", "device", "customer")}
	for _, e := range earlier {
		if e.Identity == r.Identity {
			w.refers = append(w.refers, e.Name)
		}
	}
	l.dropStay(name)
	parts := []string{"identity: " + r.Identity, "match: " + w.condition(one(w.dice, 0, 1, 2, 3))}
	r.Text = "{" + strings.Join(append(parts, w.population(r, len(earlier))...), ", ") + "}"
	return r
}

// Anchored is the rule with a match that only somebody who was seen can fulfil.
func (r Rule) Anchored() Rule {
	before, match, _ := strings.Cut(r.Text, "match: ")
	end := matchEnd(match)
	r.Text = before + "match: {all: [{did: any, within: all}, " + match[:end] + "]}" + match[end:]
	return r
}

// matchEnd is where the first braces of a text close, quotes aside.
func matchEnd(text string) int {
	depth, quoted := 0, false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// population draws the steps after match.
func (w *writer) population(r Rule, number int) (parts []string) {
	if w.chance(20) {
		parts = append(parts, "exclude: "+w.condition(2))
	}
	if w.chance(15) {
		parts = append(parts, fmt.Sprintf("top: {%s, by: %s}", one(w.dice, "count: 3", "percent: 10", "percent: 33.3"),
			w.ranking()))
	}
	if w.chance(15) {
		stay := one(w.dice, "1d", "24h", "7d", "14d", "1mo")
		w.log.remember(w.dice, r, duration(stay))
		parts = append(parts, "stay: "+stay)
	}
	if w.chance(15) {
		parts = append(parts, fmt.Sprintf("exclusive: {group: of-%s, priority: %d}", r.Identity, 100-number))
	}
	if w.chance(10) {
		parts = append(parts, fmt.Sprintf("holdout: {percent: %s, salt: %s}", one(w.dice, "50", "12.5", "100"),
			one(w.dice, "spring", r.Name)))
	}
	if w.chance(10) {
		parts = append(parts, one(w.dice, "cap: {count: 2}", "cap: {count: 4, by: "+w.ranking()+"}"))
	}
	if w.chance(5) {
		parts = append(parts, fmt.Sprintf("min_size: %d", 1+w.under(20)))
	}
	return parts
}

func (w *writer) ranking() string {
	return w.braces("metric: "+one(w.dice, "count()", "sum(amount)", "sum(visits)", "min(amount)", "max(event_time)",
		"max(visits)", "distinct(product)", "days()", "sessions()"),
		"of: "+w.events(), w.where(30), w.window())
}

func (w *writer) braces(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// condition draws a tree at most so deep.
func (w *writer) condition(depth int) string {
	if depth > 0 && w.chance(40) {
		return w.logic(depth)
	}
	if len(w.refers) > 0 && !w.session && w.chance(7) {
		return "{in_segment: " + one(w.dice, w.refers...) + "}"
	}
	switch n := w.under(17); {
	case n < 4:
		return w.braces("did: "+w.events(), w.where(50), w.window(), w.count(70))
	case n < 6:
		return w.braces("did_not: "+w.events(), w.where(50), w.window())
	case n < 9:
		return w.metric()
	case n < 13:
		return w.sequence()
	case n < 15 && !w.session:
		return w.sessions()
	}
	return w.braces(one(w.dice, "first: ", "last: ")+w.events(), w.where(40), w.window(),
		strings.Replace(w.where(100), "where", "has", 1))
}

func (w *writer) logic(depth int) string {
	if w.chance(20) {
		return "{not: " + w.condition(depth-1) + "}"
	}
	var of []string
	for range 2 + w.under(2) {
		of = append(of, w.condition(depth-1))
	}
	list := "[" + strings.Join(of, ", ") + "]"
	switch w.under(5) {
	case 0, 1:
		return "{all: " + list + "}"
	case 2, 3:
		return "{any: " + list + "}"
	}
	return fmt.Sprintf("{at_least_of: {count: %d, of: %s}}", 1+w.under(len(of)), list)
}

func (w *writer) events() string {
	return one(w.dice, "view", "view", "calc", "apply", "[view, calc]", "[apply, logout]", "any")
}

func (w *writer) window() string {
	if w.session {
		return ""
	}
	switch n := w.under(20); {
	case n < 13:
		return "within: " + one(w.dice, durations...)
	case n < 17:
		return "within: " + one(w.dice, "{from: 3d, to: 1d}", "{from: 48h, to: 24h}", "{from: 1w, to: 2d}",
			"{from: 1mo, to: 1w}", "{from: 2d, to: 2h}", "{from: 2h, to: 90s}", "{from: 48h, to: 1d}", "{from: 24h, to: 1d}")
	case n < 18:
		return "within: all"
	}
	day := func(back int) string {
		return time.UnixMicro(w.log.AsOf).UTC().AddDate(0, 0, -back).Format(time.DateOnly)
	}
	from := 1 + w.under(10)
	return fmt.Sprintf("within: {from: %s, before: %s}", day(from), day(from-1-w.under(from+1)))
}

// count draws a comparison of a number of rows or sessions.
func (w *writer) count(percent int) string {
	if !w.chance(percent) {
		return ""
	}
	n := w.under(4)
	switch op := one(w.dice, "at_least", "at_least", "at_most", "exactly", "more_than", "less_than"); {
	case n == 0 && (op == "at_least" || op == "exactly" || op == "less_than"):
		return op + ": 1"
	default:
		return fmt.Sprintf("%s: %d", op, n)
	}
}

func (w *writer) metric() string {
	functions := []string{
		"count()", "sum(amount)", "sum(visits)", "avg(amount)", "avg(visits)", "min(amount)", "max(amount)", "min(visits)",
		"max(score)", "min(score)", "distinct(product)", "distinct(amount)", "distinct(page)", "distinct(born)", "days()",
	}
	if !w.session {
		functions = append(functions, "sessions()", "sessions()")
	}
	f := one(w.dice, functions...)
	compare := w.count(100)
	if !strings.HasPrefix(f, "distinct") && (strings.HasSuffix(f, "(amount)") || strings.HasSuffix(f, "(score)")) {
		compare = one(w.dice, "at_least: 50.125", "at_most: 0.125", "more_than: 50.125", "less_than: 0.125",
			one(w.dice, "at_least", "at_most", "exactly", "more_than", "less_than")+": "+
				one(w.dice, "-5", "0", "0.1", "0.3", "0.5", "10", "100.25"))
	}
	return w.braces("metric: "+f, "of: "+w.events(), w.where(40), w.window(), compare)
}

func (w *writer) sessions() string {
	w.session = true
	inner := w.condition(2)
	w.session = false
	lasting := ""
	if w.chance(30) {
		lasting = "lasting_at_least: " + one(w.dice, "1s", "10min", "30min", "1h", "1d")
	}
	return w.braces("session: "+inner, w.window(), lasting, w.count(60))
}

// sequence draws one to four steps and what must not follow.
func (w *writer) sequence() string {
	var steps []string
	for i := range one(w.dice, 1, 1, 2, 2, 3, 4) {
		limit, without := "", ""
		if i > 0 && w.chance(60) {
			limit = "within_previous: " + one(w.dice, gaps...)
		}
		if i > 0 && w.chance(25) {
			without = "without: " + w.braces("did: "+one(w.dice, "logout", "logout", "apply", "[apply, logout]"), w.where(15))
		}
		steps = append(steps, w.braces("did: "+one(w.dice, "view", "view", "calc", "apply", "[view, calc]", "any"),
			w.where(25), limit, without))
	}
	if w.chance(45) {
		steps = append(steps, w.braces("then_not: "+one(w.dice, "apply", "logout", "calc", "[apply, logout]", "view"),
			w.where(20), "for: "+one(w.dice, append(gaps, "5d", "1w", "14d")...)))
	}
	span, same, ties := "", "", ""
	if w.chance(25) {
		span = "span: " + one(w.dice, gaps...)
	}
	if !w.session && w.chance(20) {
		same = "same_session: true"
	}
	if w.chance(35) {
		ties = "ties: " + one(w.dice, "strict", "strict", "any")
	}
	return w.braces("sequence: ["+strings.Join(steps, ", ")+"]", w.window(), span, same, ties)
}
