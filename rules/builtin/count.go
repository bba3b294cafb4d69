package builtin

import (
	"math"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "count", Ranks: true, Counts: true,
		Doc: "The number of matching events; 0 when there are none.",
	},
	Fold: func(_ *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold {
		return &counter{in: fold.RangeOf(c, 0), covered: s.Covered}
	},
	Rank: func(*rules.Metric, fold.Setting) fold.Ranker { return &counter{} },
	SQL:  countSQL,
})

// counter counts rows by subject. did, did_not and metric: count() are this one fold with different ranges.
type counter struct {
	in      fold.Range
	covered bool
	n       []uint32
}

func (c *counter) Fold(rows fold.Rows, v fold.Verdicts) {
	if c.covered && c.in.OpenAbove() && c.in.Lo.Hi == 0 && c.in.Lo.Lo-1 < math.MaxUint32-1 {
		c.threshold(rows, v, uint32(c.in.Lo.Lo))
		return
	}
	c.count(rows)
	for s, n := range c.n {
		judge(v, uint32(s), fold.Wide(int64(n)), c.in, grows, c.covered)
	}
}

// threshold is the fast form of "at least n" for n of 1 or more over covered windows: the bit is set in passing.
func (c *counter) threshold(rows fold.Rows, v fold.Verdicts, n uint32) {
	if n == 1 {
		for _, s := range rows.Subject {
			v.True.Set(s)
		}
		return
	}
	c.n = zeroed(c.n, rows.Subjects)
	for _, s := range rows.Subject {
		c.n[s]++
		if c.n[s] == n {
			v.True.Set(s)
		}
	}
}

func (c *counter) count(rows fold.Rows) {
	c.n = zeroed(c.n, rows.Subjects)
	for _, s := range rows.Subject {
		c.n[s]++
	}
}

func (c *counter) Rank(rows fold.Rows, r fold.Ranks) {
	c.count(rows)
	for s, n := range c.n {
		r.Value[s] = fold.Wide(int64(n))
		r.Has.Set(uint32(s))
	}
}

// zeroed returns n zero values, reusing s where it is large enough.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
