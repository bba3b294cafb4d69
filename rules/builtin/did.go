package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "did", Takes: rules.TakesEvents, Comparators: true, Inner: true, Counts: true,
		Clauses:  []rules.Clause{rules.ClauseWhere, rules.ClauseWithin},
		Doc:      "The number of matching events in the window compares as said; without a comparator there is at least one.",
		Anchored: func(c *rules.Condition, _ []bool) bool { return positive(c.Compare) },
	},
	Fold: &fold.Verb{
		Parts: matching, Needs: needsNothing,
		New: func(c *rules.Condition, s fold.Setting) fold.Fold {
			return &counter{in: fold.RangeOf(c.Compare, 0), covered: s.Covered}
		},
	},
	SQL: countSQL,
})

// matching is what a condition over events wants: those events, where they pass, with the metric's value.
func matching(c *rules.Condition, _ fold.Verbs) []fold.Part {
	p := fold.Part{Pick: rules.Pick{Events: c.Events, Any: c.AnyEvent, Where: c.Where}}
	if c.Metric != nil && c.Metric.Column != "" {
		p.Metric = c.Metric
	}
	return []fold.Part{p}
}

func needsNothing(*rules.Condition) fold.Need { return 0 }

// positive reports whether nothing, a zero, fails the comparison from below.
func positive(c *rules.Compare) bool {
	switch c.Op {
	case rules.AtLeast, rules.Exactly:
		return c.Bound.Int > 0
	case rules.MoreThan:
		return c.Bound.Int >= 0
	case rules.LessThan:
		return c.Bound.Int <= 0
	}
	return c.Bound.Int < 0
}
