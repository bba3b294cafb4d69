package builtin

import (
	"cmp"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "distinct", Ranks: true, Counts: true,
		Of:  []rules.Kind{rules.Text, rules.Integer, rules.Decimal, rules.Float, rules.Boolean, rules.Date, rules.Timestamp},
		Doc: "The exact number of different values of a column among the matching events; events without a value are skipped.",
	},
	Fold: func(_ *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold {
		return &distinct{in: fold.RangeOf(c, 0), covered: s.Covered}
	},
	Rank: func(*rules.Metric, fold.Setting) fold.Ranker { return &distinct{} },
})

// distinct sorts (subject, value) pairs and counts the changes.
type distinct struct {
	in      fold.Range
	covered bool
	pairs   []pair
	n       []uint32
}

type pair struct {
	subject uint32
	value   int64
}

func (t *distinct) collect(rows fold.Rows) {
	t.pairs = t.pairs[:0]
	for i, s := range rows.Subject {
		if x := rows.Value[i]; x != fold.Null {
			t.pairs = append(t.pairs, pair{s, x})
		}
	}
	t.count(rows.Subjects)
}

func (t *distinct) count(subjects int) {
	slices.SortFunc(t.pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.value, b.value))
	})
	t.n = zeroed(t.n, subjects)
	for i, p := range t.pairs {
		if i == 0 || p != t.pairs[i-1] {
			t.n[p.subject]++
		}
	}
}

func (t *distinct) Fold(rows fold.Rows, v fold.Verdicts) {
	t.collect(rows)
	t.judge(v)
}

func (t *distinct) judge(v fold.Verdicts) {
	for s, n := range t.n {
		judge(v, uint32(s), fold.Wide(int64(n)), t.in, grows, t.covered)
	}
}

func (t *distinct) Rank(rows fold.Rows, r fold.Ranks) {
	t.collect(rows)
	t.rank(r)
}

func (t *distinct) rank(r fold.Ranks) {
	for s, n := range t.n {
		r.Value[s] = fold.Wide(int64(n))
		r.Has.Set(uint32(s))
	}
}
