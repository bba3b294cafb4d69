// Package lint asks what a colleague would ask about rules that are right: conditions that nobody or everybody fulfils,
// names that platforms refuse, values that no log has. What the logs say is handed in as Facts; Probes lists what to
// ask them.
package lint

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// linter looks for rules that are right and yet hardly meant: what a colleague would ask about in a review.
type linter struct {
	scope *rules.Scope
	words *rules.Vocabulary
	segs  []*rules.Segment // as Order returns them
	facts *Facts           // what the logs say; nil: nobody asked them
	found source.Findings
}

// Rules looks through the segments of a project, which Order has put in order and this scope has checked. Most findings
// are warnings; a part that nobody can fulfil (E-CONTRADICTION) and a reference to an expired segment are errors.
func Rules(s *rules.Scope, segs []*rules.Segment) source.Findings {
	l := &linter{scope: s, words: s.Vocabulary(), segs: segs}
	l.lint()
	return l.found.Sorted()
}

// Alone is Rules for the sound files of a project in which others are wrong: what one of these could use, repeat or
// refer to is not asked. The segments need no order.
func Alone(s *rules.Scope, segs []*rules.Segment) source.Findings {
	l := &linter{scope: s, words: s.Vocabulary(), segs: segs}
	l.lintAlone()
	return l.found.Sorted()
}

func (l *linter) lint() {
	l.lintAlone()
	l.lintTogether()
}

func (l *linter) lintAlone() {
	for _, seg := range l.segs {
		r := &source.Report{Source: seg.Source}
		l.lintSegment(r, seg)
		l.found = append(l.found, r.Found...)
	}
}

func (l *linter) lintSegment(r *source.Report, seg *rules.Segment) {
	l.lintTimes(r, seg)
	l.lintNames(r, seg)
	l.lintPeople(r, seg)
	l.lintPopulation(r, seg)
	l.lintNarrow(r, seg)
	for cond := range seg.Conditions() {
		l.lintImplied(r, cond)
		l.lintMeasure(r, seg, cond)
		l.lintChain(r, cond)
		for _, w := range demandsOf(cond) {
			l.lintWhere(r, cond, w)
		}
	}
}

// demand is what is asked of the rows of some events.
type demand struct {
	events   []string
	anyEvent bool
	eventAt  map[string]source.Span
	where    rules.Expr // nil: every row
	given    rules.Expr // what is asked of them before; nil: nothing
}

// demandsOf are what a condition asks of rows: itself, and in its steps.
func demandsOf(c *rules.Condition) []demand {
	out := []demand{{c.Events, c.AnyEvent, c.EventAt, c.Where, nil}}
	if c.Has != nil {
		out = append(out, demand{c.Events, c.AnyEvent, c.EventAt, c.Has, c.Where})
	}
	for step := range c.Sequence.All() {
		out = append(out, demand{step.Events, step.AnyEvent, step.EventAt, step.Where, nil})
	}
	return out
}

// keyAt returns where the value behind keys stands in a file, the whole file's beginning if it is not there.
func keyAt(src *source.Source, keys ...string) source.Span {
	n := yaml.Read(src).Root()
	for _, key := range keys {
		if !n.IsObject() {
			return source.Span{}
		}
		o, _ := n.Object(key)
		n, _ = o.Find(key)
	}
	return n.Span()
}
