package builtin

import (
	"cmp"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "distinct", Ranks: true, Counts: true,
		Of: []value.Kind{value.Text, value.Integer, value.Decimal, value.Float, value.Boolean, value.Date, value.Timestamp},
		Doc: "The exact number of different values of a column among the matching events; events without a value are " +
			"skipped.",
	},
	Fold: func(_ *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold {
		return &distinct{in: fold.RangeOf(c, 0), covered: s.Covered}
	},
	Rank: func(*rules.Metric, fold.Setting) fold.Ranker { return &distinct{} },
	SQL: func(c *rules.Condition, s sql.Setting) (sql.Form, error) {
		return aggregated(c, s, func(rows string) string {
			return "count(DISTINCT " + when(rows, s.Value(c.Metric)) + ")"
		}, "0", grows)
	},
})

// distinct sorts (subject, value) pairs and counts the changes. Values are nearly always small (they number texts), and
// then a pair is one word.
type distinct struct {
	in      fold.Range
	covered bool
	pairs   []pair
	words   []uint64
	n       []uint32
}

type pair struct {
	subject uint32
	value   int64
}

func (t *distinct) collect(rows fold.Rows) {
	t.pairs, t.words = t.pairs[:0], t.words[:0]
	for i, s := range rows.Subject {
		t.take(s, rows.Value[i])
	}
	t.count(rows.Subjects)
}

func (t *distinct) take(subject uint32, value int64) {
	switch {
	case value == fold.Null:
	case value>>32 == 0:
		t.words = append(t.words, uint64(subject)<<32|uint64(value))
	default:
		t.pairs = append(t.pairs, pair{subject, value})
	}
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
	slices.Sort(t.words)
	for i, w := range t.words {
		if i == 0 || w != t.words[i-1] {
			t.n[w>>32]++
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
