package lint

import (
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// lintUnseen reports events and values that a segment names and the logs do not have. Of an event that is not there no
// value is missed, nor of a column that they never carry.
func (l *linter) lintUnseen(r *source.Report, seg *rules.Segment) {
	absent := func(p Probe) bool { n, known := l.facts.Rows[p.Key()]; return known && n == 0 }
	for _, n := range l.named(seg) {
		if !absent(n.probe) || n.event == "" &&
			(l.noneOf(n.demand) || !l.carries(n.demand, n.column)) {
			continue
		}
		message := fmt.Sprintf("no event of %s is called %s", l.recently(), n.event)
		if n.event == "" {
			message = fmt.Sprintf("no %s of %s has %s", n.demand.called(), l.recently(), n.what)
		}
		r.Warn("W-VALUE-NOT-SEEN", n.at, message,
			source.Expected("the spelling of the log; what comes and goes with the season may stay"))
	}
}

// noneOf reports whether the logs have no event of those that a demand is about.
func (l *linter) noneOf(d demand) bool {
	for _, event := range d.events {
		if l.facts.Rows[Probe{Pick: rules.Pick{Events: []string{event}}}.Key()] > 0 {
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

// lost says which share of the rows a test with a `not` loses because they have no value; "" where the logs do not
// tell.
func (l *linter) lost(d demand, t *rules.Test) string {
	if l.facts == nil {
		return ""
	}
	all, without := lacking(d, t)
	n, lost := l.facts.Rows[all.Key()], l.facts.Rows[without.Key()]
	switch {
	case n < enough:
		return ""
	case lost == 0:
		return "none of the rows of " + l.recently()
	case 100*lost < n:
		return "less than 1 % of the rows of " + l.recently()
	}
	return fmt.Sprintf("%d %% of the rows of %s", 100*lost/n, l.recently())
}
