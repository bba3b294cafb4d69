package lint

import (
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// hardly is how few people a message speaks of: it may be nobody, and must not tell.
var hardly = fmt.Sprintf("fewer than %d people", enough)

// lintUnseen reports events and values that a segment names and hardly anybody has. Of an event that is not there no
// value is missed, nor of a column that they never carry.
func (l *linter) lintUnseen(r *source.Report, seg *rules.Segment) {
	absent := func(p Probe) bool { n, known := l.facts.Had[p.Key()]; return known && n == 0 }
	for _, n := range l.named(seg) {
		if !absent(n.probe) || n.event == "" &&
			(l.noneOf(n.demand) || !l.carries(n.demand, n.column)) {
			continue
		}
		message := fmt.Sprintf("%s had an event called %s in %s", hardly, n.event, l.recently())
		if n.event == "" {
			message = fmt.Sprintf("%s had %ss with %s in %s", hardly, n.demand.called(), n.what, l.recently())
		}
		r.Warn("W-VALUE-NOT-SEEN", n.at, message,
			source.Expected("the spelling of the log; what comes and goes with the season may stay"))
	}
}

// noneOf reports whether the logs have no event of those that a demand is about.
func (l *linter) noneOf(d demand) bool {
	for _, event := range d.events {
		if l.facts.Had[Probe{Pick: rules.Pick{Events: []string{event}}}.Key()] > 0 {
			return false
		}
	}
	return !d.anyEvent
}

// called is what a message calls a row that the demand is about.
func (d demand) called() string {
	if d.anyEvent {
		return "event"
	}
	return strings.Join(d.events, " or ") + " event"
}

// lost says of what share of the people a test with a `not` loses rows because they have no value; "" where the logs do
// not tell.
func (l *linter) lost(d demand, t *rules.Test) string {
	if l.facts == nil {
		return ""
	}
	all, without := lacking(d, t)
	n, lost := l.facts.Had[all.Key()], l.facts.Had[without.Key()]
	switch {
	case n < enough:
		return ""
	case lost == 0:
		return hardly + " have such rows of " + l.recently()
	}
	return fmt.Sprintf("%d %% of the people have such rows of %s", max(1, 100*lost/n), l.recently())
}
