package builtin

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "avg", Sums: true, Of: []value.Kind{value.Integer, value.Decimal, value.Float},
		Doc: "The mean of a column over the matching events that have a value. Without any it has no value and the " +
			"condition is neither true nor false. It is compared as sum against bound times count, so nothing is rounded; it " +
			"cannot rank.",
	},
	Fold: func(m *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold {
		return &averager{m: m, c: c, covered: s.Covered}
	},
	SQL: averageSQL,
})

type averager struct {
	m       *rules.Metric
	c       *rules.Compare
	covered bool
	sum     []fold.Int128
	n       []int64
}

func (t *averager) Fold(rows fold.Rows, v fold.Verdicts) {
	t.sum, t.n = zeroed(t.sum, rows.Subjects), zeroed(t.n, rows.Subjects)
	for i, s := range rows.Subject {
		if x := rows.Value[i]; x != fold.Null {
			t.sum[s] = t.sum[s].Add(x)
			t.n[s]++
		}
	}
	for s := range t.n {
		switch {
		case t.n[s] == 0:
			nothing(v, uint32(s), t.covered)
		case !t.covered:
			v.Unknown.Set(uint32(s))
		case t.holds(t.sum[s], t.n[s]):
			v.True.Set(uint32(s))
		}
	}
}

// holds compares sum x 10^b with bound x 10^a x n, where a and b bring both to the same number of places.
func (t *averager) holds(sum fold.Int128, n int64) bool {
	left, right := sum.Big(), new(big.Int).Mul(big.NewInt(t.c.Bound.Int), big.NewInt(n))
	places := scale(t.m) - t.c.Bound.Scale
	ten := big.NewInt(10)
	if places >= 0 {
		right.Mul(right, new(big.Int).Exp(ten, big.NewInt(int64(places)), nil))
	} else {
		left.Mul(left, new(big.Int).Exp(ten, big.NewInt(int64(-places)), nil))
	}
	switch d := left.Cmp(right); t.c.Op {
	case rules.AtLeast:
		return d >= 0
	case rules.AtMost:
		return d <= 0
	case rules.MoreThan:
		return d > 0
	case rules.LessThan:
		return d < 0
	default:
		return d == 0
	}
}

// averageSQL compares as holds does, by multiplying both sides.
func averageSQL(c *rules.Condition, s sql.Setting) (sql.Form, error) {
	rows, err := matchingSQL(c, s)
	if err != nil {
		return sql.Form{}, err
	}
	d, x, sum, n := s.Dialect, s.Value(c.Metric), s.Name("sum"), s.Name("n")
	f := sql.Form{Stages: []sql.Stage{{By: s.Key, Columns: []sql.Column{
		{Name: sum, Expr: "sum(" + when(rows, d.AsWide(x)) + ")"}, {Name: n, Expr: "count(" + when(rows, x) + ")"},
	}}}}
	left, right := sum, fmt.Sprintf("%s * %s", d.AsWide(n), d.AsWide(fmt.Sprint(c.Compare.Bound.Int)))
	power := func(places int) string { return " * " + d.AsWide("1"+strings.Repeat("0", places)) }
	switch places := scale(c.Metric) - c.Compare.Bound.Scale; {
	case places > 0:
		right += power(places)
	case places < 0:
		left += power(-places)
	}
	some := fmt.Sprint(sql.Unknown)
	if s.Covered {
		some = fmt.Sprintf("CASE WHEN %s %s %s THEN %d ELSE %d END", left, signs[c.Compare.Op], right, sql.True, sql.False)
	}
	f.Verdict = fmt.Sprintf("CASE WHEN coalesce(%s, 0) = 0 THEN %d ELSE %s END", n, nothingSQL(s.Covered), some)
	return f, nil
}
