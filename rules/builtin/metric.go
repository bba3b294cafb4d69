package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "metric", Takes: rules.TakesMetric, Comparators: true, Inner: true,
		Clauses: []rules.Clause{rules.ClauseOf, rules.ClauseWhere, rules.ClauseWithin},
		Doc:     "An aggregate over the matching events in the window compares as said.",
		Anchored: func(c *rules.Condition, _ []bool) bool {
			switch c.Metric.Function {
			case "avg", "min", "max":
				return true // without events they have no value, and that is never true
			}
			return positive(c.Compare)
		},
	},
	Fold: &fold.Verb{
		Parts: func(c *rules.Condition, verbs fold.Verbs) []fold.Part {
			if parts := aggregates[c.Metric.Function].Parts; parts != nil {
				return parts(c, verbs)
			}
			return matching(c, verbs)
		},
		Needs: func(c *rules.Condition) fold.Need {
			needs := aggregates[c.Metric.Function].Needs
			if c.Metric.Column != "" {
				needs |= fold.NeedValue
			}
			return needs
		},
		New: func(c *rules.Condition, s fold.Setting) fold.Fold {
			return aggregates[c.Metric.Function].Fold(c.Metric, c.Compare, s)
		},
		Rank: func(c *rules.Condition, s fold.Setting) fold.Ranker {
			return aggregates[c.Metric.Function].Rank(c.Metric, s)
		},
	},
	SQL: func(c *rules.Condition, s sql.Setting) (sql.Form, error) {
		return aggregates[c.Metric.Function].SQL(c, s)
	},
})
