package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "sum", Ranks: true, Sums: true, Of: []value.Kind{value.Integer, value.Decimal, value.Float},
		Doc: "The exact sum of a column over the matching events; events without a value are skipped, a sum over nothing " +
			"is 0. A float column needs `quantise:` in its schema.",
	},
	Fold: func(m *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold {
		return &summer{in: fold.RangeOf(c, scale(m)), covered: s.Covered}
	},
	Rank: func(*rules.Metric, fold.Setting) fold.Ranker { return &summer{} },
	SQL: func(c *rules.Condition, s sql.Setting) (sql.Form, error) {
		return aggregated(c, s, func(rows string) string {
			return "sum(" + when(rows, s.Dialect.AsWide(s.Value(c.Metric))) + ")"
		}, "0", anyWay)
	},
})

// summer adds values by subject in 128 bits, which 64-bit values cannot overflow.
type summer struct {
	in      fold.Range
	covered bool
	sum     []fold.Int128
}

func (t *summer) add(rows fold.Rows) {
	t.sum = zeroed(t.sum, rows.Subjects)
	for i, s := range rows.Subject {
		if x := rows.Value[i]; x != fold.Null {
			t.sum[s] = t.sum[s].Add(x)
		}
	}
}

func (t *summer) Fold(rows fold.Rows, v fold.Verdicts) {
	t.add(rows)
	for s, sum := range t.sum {
		judge(v, uint32(s), sum, t.in, anyWay, t.covered)
	}
}

func (t *summer) Rank(rows fold.Rows, r fold.Ranks) {
	t.add(rows)
	copy(r.Value, t.sum)
	for s := range t.sum {
		r.Has.Set(uint32(s))
	}
}

// scale is the number of decimal places a metric's values are counted in.
func scale(m *rules.Metric) int {
	if m.Quantise != nil {
		return m.Quantise.Scale
	}
	return m.Type.Scale
}
