package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "max", Ranks: true, Of: ordered,
		Doc: "The largest value of a column over the matching events, for dates and times the latest. Without any " +
			"value the " +
			"condition is neither true nor false.",
	},
	Fold: func(m *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold { return newExtreme(m, c, s, grows) },
	Rank: func(m *rules.Metric, s fold.Setting) fold.Ranker { return newExtreme(m, nil, s, grows) },
	SQL:  extremeSQL("max", grows),
})
