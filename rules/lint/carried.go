package lint

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/where"
)

// use is a column of which a condition wants a value.
type use struct {
	column rules.Term
	demand demand
	at     source.Span
}

// uses lists the columns of which a segment wants values, each once for the same events, where its windows reach into
// the recent days. What every row has is not asked, nor what the schemas already say.
func (l *linter) uses(seg *rules.Segment) (out []use) {
	taken := map[string]int{}
	add := func(column rules.Term, d demand, at source.Span) {
		key := fmt.Sprintf("%v %t %q", column, d.anyEvent, d.events)
		w := l.words.Columns[column.Column]
		switch i, twice := taken[key]; {
		case twice && at.Start < out[i].at.Start:
			out[i].at = at
		case twice, !l.optional(column.Column), w.MissingOn(d.events):
		default:
			taken[key] = len(out)
			out = append(out, use{column, d, at})
		}
	}
	for _, root := range seg.Roots() {
		l.nearby(seg, root, func(cond *rules.Condition) {
			for _, d := range demandsOf(cond) {
				for t := range rules.Tests(d.where) {
					if t.Op != where.OpIsNull || t.Not {
						add(columnOf(t.Term), d, t.Span)
					}
				}
			}
			if m := cond.Metric; m != nil && m.Column != "" {
				add(m.Term(), demandsOf(cond)[0], m.Span)
			}
		})
	}
	return out
}

// columnOf is the column that a term looks at.
func columnOf(t rules.Term) rules.Term { return rules.Term{Column: t.Column, Type: t.Of, Of: t.Of} }

// having are the rows that a demand looks at, and those of them that have a value in a column.
func (d demand) having(column rules.Term) (all, with Probe) {
	all = Probe{Pick: rules.Pick{Events: d.events, Any: d.anyEvent}}
	with = all
	with.Pick.Where = &rules.Test{Term: column, Op: where.OpIsNull, Not: true}
	return all, with
}

// carries reports whether the logs have a value in a column of such events, for all that is known.
func (l *linter) carries(d demand, column rules.Term) bool {
	all, with := d.having(column)
	n, known := l.facts.Had[with.Key()]
	return !known || n > 0 || l.facts.Had[all.Key()] < enough
}

// lintCarried reports columns of which a segment wants a value and that its events have none in.
func (l *linter) lintCarried(r *source.Report, seg *rules.Segment) {
	for _, u := range l.uses(seg) {
		if !l.carries(u.demand, u.column) {
			r.Warn("W-COLUMN-NOT-ON-EVENT", u.at,
				fmt.Sprintf("%s had %ss with a value of %s in %s", hardly, u.demand.called(), u.column, l.recently()),
				source.Expected(
					"a column that these events carry, or where the log has it: from of "+u.column.Column+" in the schema"))
		}
	}
}
