package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Sought is rows that the linter asks the logs for.
type Sought struct {
	Pick Pick
	// Counted says that how many there are matters; otherwise it is enough to know whether there is one.
	Counted bool
}

// Key tells what is sought apart from anything else that is.
func (s Sought) Key() string {
	return fmt.Sprintf("%t %t %q %s", s.Counted, s.Pick.Any, s.Pick.Events, Key(s.Pick.Where))
}

// Sought lists what LintData asks of the rows of the recent days, each once: the events and values that rules name, and how
// many rows lack a value that a rule tests with a `not`.
func (s *Scope) Sought(segs []*Segment, asOf int64, days int) []Sought {
	l := &linter{scope: s, words: s.vocabulary(), segs: segs, facts: &Facts{AsOf: asOf, Days: days}}
	found := map[string]Sought{}
	for _, seg := range segs {
		for _, n := range l.named(seg) {
			found[n.sought.Key()] = n.sought
		}
		for cond := range seg.Conditions() {
			for _, d := range cond.demands() {
				for t := range Tests(d.where) {
					if l.dropsNull(t, false) {
						all, without := lacking(d, t)
						found[all.Key()], found[without.Key()] = all, without
					}
				}
			}
		}
	}
	out := make([]Sought, 0, len(found))
	for _, key := range sortedKeys(found) {
		out = append(out, found[key])
	}
	return out
}

// named is an event or a value that a rule names.
type named struct {
	sought Sought
	event  string // the event, "" for a value
	demand demand
	what   string // the test with the value alone
	at     Span
}

// named lists the events and values that a segment names, each once, where its windows reach into the recent days.
func (l *linter) named(seg *Segment) []named {
	var out []named
	taken := map[string]bool{}
	add := func(n named) {
		if key := n.sought.Key(); !taken[key] {
			taken[key] = true
			out = append(out, n)
		}
	}
	for _, root := range seg.roots() {
		l.nearby(seg, root, func(cond *Condition) {
			for _, d := range cond.demands() {
				for _, event := range d.events {
					add(named{sought: Sought{Pick: Pick{Events: []string{event}}}, event: event, demand: d, at: d.eventAt[event]})
				}
				for t := range Tests(d.where) {
					for _, v := range l.literals(seg, t) {
						v.demand, v.at = d, t.Span
						v.sought.Pick.Events, v.sought.Pick.Any = d.events, d.anyEvent
						add(v)
					}
				}
			}
		})
	}
	return out
}

// nearby walks the conditions on events whose windows reach into the recent days: what stands in a session has its window.
func (l *linter) nearby(seg *Segment, cond *Condition, visit func(*Condition)) {
	if cond == nil || cond.Verb == "profile" {
		return
	}
	if w := cond.Window; w != nil {
		if _, before := w.Bounds(l.facts.AsOf, 0, seg.Zone); before <= l.facts.AsOf-int64(l.facts.Days)*microsPerDay {
			return
		}
	}
	visit(cond)
	for _, child := range cond.Children {
		l.nearby(seg, child, visit)
	}
}

// listedAtMost is how many values of a list are looked for one by one.
const listedAtMost = 20

// literals are the values that a test names, if somebody may have misspelt them: of a long list and of a value set, all at once.
func (l *linter) literals(seg *Segment, t *Test) []named {
	if !l.spelt(t) {
		return nil
	}
	written := strings.Join(strings.Fields(seg.Source.Text[t.Span.Start:t.Span.End]), " ")
	whole := *t
	whole.Not = false
	if t.Op != OpIn || len(t.Args) > listedAtMost || !strings.Contains(written, "'") && strings.Contains(written, "@") {
		what := whole.String()
		if t.Op == OpIn {
			what = written
		}
		return []named{{sought: Sought{Pick: Pick{Where: &whole}}, what: what}}
	}
	var out []named
	for _, v := range t.Args {
		one := whole
		one.Op, one.Args = OpEqual, []Value{v}
		out = append(out, named{sought: Sought{Pick: Pick{Where: &one}}, what: one.String()})
	}
	return out
}

// spelt reports whether a test compares with words or numbers that the log should hold as they are written.
func (l *linter) spelt(t *Test) bool {
	if _, ok := l.words.columns[t.Term.Column]; !ok || len(t.Args) == 0 || strings.HasPrefix(t.Term.Function, "local.") {
		return false
	}
	switch t.Op {
	case OpEqual, OpIn:
		return t.Term.Type.Kind == Text || t.Term.Function == "" && slices.Contains([]Kind{Integer, Decimal, Date}, t.Term.Type.Kind)
	case OpStartsWith, OpEndsWith, OpContains, OpMatches:
		return true
	}
	return false
}

// lacking are the rows that a demand looks at, and those of them in which a test finds no value.
func lacking(d demand, t *Test) (all, without Sought) {
	all = Sought{Pick: Pick{Events: d.events, Any: d.anyEvent}, Counted: true}
	without = all
	without.Pick.Where = &Test{Term: t.Term, Op: OpIsNull}
	return all, without
}
