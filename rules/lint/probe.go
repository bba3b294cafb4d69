package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Probe is rows that the linter asks the logs for.
type Probe struct{ Pick rules.Pick }

// Key tells what is asked for apart from anything else that is.
func (p Probe) Key() string {
	return fmt.Sprintf("%t %q %s", p.Pick.Any, p.Pick.Events, rules.Key(p.Pick.Where))
}

// Probes lists what Data asks of the rows of the recent days, each once: the events and values that rules name, and of
// how many people rows lack a value that a rule tests with a `not`, or have none of a column that it wants.
func Probes(s *rules.Scope, segs []*rules.Segment, asOf int64, days int) []Probe {
	l := &linter{scope: s, words: s.Vocabulary(), segs: segs, facts: &Facts{AsOf: asOf, Days: days}}
	found := map[string]Probe{}
	for _, seg := range segs {
		for _, n := range l.named(seg) {
			found[n.probe.Key()] = n.probe
		}
		for _, u := range l.uses(seg) {
			all, with := u.demand.having(u.column)
			found[all.Key()], found[with.Key()] = all, with
		}
		for cond := range seg.Conditions() {
			for _, d := range demandsOf(cond) {
				for t := range rules.Tests(d.where) {
					if l.dropsNull(t, false) {
						all, without := lacking(d, t)
						found[all.Key()], found[without.Key()] = all, without
					}
				}
			}
		}
	}
	out := make([]Probe, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[key])
	}
	return out
}

// named is an event or a value that a rule names.
type named struct {
	probe  Probe
	event  string // the event, "" for a value
	demand demand
	what   string     // the test with the value alone
	column rules.Term // that it tests
	at     source.Span
}

// named lists the events and values that a segment names, each once, where its windows reach into the recent days.
func (l *linter) named(seg *rules.Segment) []named {
	var out []named
	taken := map[string]bool{}
	add := func(n named) {
		if key := n.probe.Key(); !taken[key] {
			taken[key] = true
			out = append(out, n)
		}
	}
	for _, root := range seg.Roots() {
		l.nearby(seg, root, func(cond *rules.Condition) {
			for _, d := range demandsOf(cond) {
				for _, event := range d.events {
					add(named{probe: Probe{Pick: rules.Pick{Events: []string{event}}}, event: event, demand: d, at: d.eventAt[event]})
				}
				for t := range rules.Tests(d.where) {
					for _, v := range l.literals(seg, t) {
						v.demand, v.at, v.column = d, t.Span, columnOf(t.Term)
						v.probe.Pick.Events, v.probe.Pick.Any = d.events, d.anyEvent
						add(v)
					}
				}
			}
		})
	}
	return out
}

// nearby walks the conditions on events whose windows reach into the recent days: what stands in a session has its
// window.
func (l *linter) nearby(seg *rules.Segment, cond *rules.Condition, visit func(*rules.Condition)) {
	if cond == nil || cond.Is().Takes == rules.TakesWhere {
		return
	}
	if w := cond.Window; w != nil {
		if _, before := w.Bounds(l.facts.AsOf, 0, seg.Zone); before <= l.facts.AsOf-int64(l.facts.Days)*value.MicrosPerDay {
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

// literals are the values that a test names, if somebody may have misspelt them: of a long list and of a value set, all
// at once.
func (l *linter) literals(seg *rules.Segment, t *rules.Test) []named {
	if !l.spelt(t) {
		return nil
	}
	written := strings.Join(strings.Fields(seg.Source.Text[t.Span.Start:t.Span.End]), " ")
	whole := *t
	whole.Not = false
	if t.Op != where.OpIn || len(t.Args) > listedAtMost || !strings.Contains(written, "'") &&
		strings.Contains(written, "@") {
		what := whole.String()
		if t.Op == where.OpIn {
			what = written
		}
		return []named{{probe: Probe{Pick: rules.Pick{Where: &whole}}, what: what}}
	}
	var out []named
	for _, v := range t.Args {
		one := whole
		one.Op, one.Args = where.OpEqual, []value.Value{v}
		out = append(out, named{probe: Probe{Pick: rules.Pick{Where: &one}}, what: one.String()})
	}
	return out
}

// spelt reports whether a test compares with words or numbers that the log should hold as they are written.
func (l *linter) spelt(t *rules.Test) bool {
	if _, ok := l.words.Columns[t.Term.Column]; !ok || len(t.Args) == 0 || strings.HasPrefix(t.Term.Function, "local.") {
		return false
	}
	switch t.Op {
	case where.OpEqual, where.OpIn:
		return t.Term.Type.Kind == value.Text || t.Term.Function == "" &&
			slices.Contains([]value.Kind{value.Integer, value.Decimal, value.Date}, t.Term.Type.Kind)
	case where.OpStartsWith, where.OpEndsWith, where.OpContains, where.OpMatches:
		return true
	}
	return false
}

// lacking are the rows that a demand looks at, and those of them in which a test finds no value.
func lacking(d demand, t *rules.Test) (all, without Probe) {
	all = Probe{Pick: rules.Pick{Events: d.events, Any: d.anyEvent}}
	without = all
	without.Pick.Where = &rules.Test{Term: t.Term, Op: where.OpIsNull}
	return all, without
}
