package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "min", Ranks: true, Of: ordered,
		Doc: "The smallest value of a column over the matching events, for dates and times the earliest. Without any " +
			"value the condition is neither true nor false.",
	},
	Fold: func(m *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold { return newExtreme(m, c, s, falls) },
	Rank: func(m *rules.Metric, s fold.Setting) fold.Ranker { return newExtreme(m, nil, s, falls) },
	SQL:  extremeSQL("min", falls),
})
