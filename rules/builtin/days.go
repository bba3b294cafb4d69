package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

const dayMicros = 24 * 60 * 60 * 1_000_000

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "days", Ranks: true, Counts: true,
		Doc: "The number of different local calendar days, in the segment's time zone, with a matching event.",
	},
	Needs: fold.NeedTime,
	Fold: func(_ *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold {
		return &activeDays{distinct{in: fold.RangeOf(c, 0), covered: s.Covered}, s.Zone}
	},
	Rank: func(_ *rules.Metric, s fold.Setting) fold.Ranker { return &activeDays{zone: s.Zone} },
	SQL: func(c *rules.Condition, s sql.Setting) (sql.Form, error) {
		return aggregated(c, s, func(rows string) string {
			return "count(DISTINCT " + when(rows, s.Clock.Day(sql.At)) + ")"
		}, "0", grows)
	},
})

// activeDays counts distinct local days.
type activeDays struct {
	distinct
	zone *value.Zone
}

func (t *activeDays) collect(rows fold.Rows) {
	t.pairs, t.words = t.pairs[:0], t.words[:0]
	for i, s := range rows.Subject {
		wall := t.zone.Local(rows.Time[i])
		day := wall / dayMicros
		if wall%dayMicros < 0 {
			day-- // days before 1970 count downwards from midnight
		}
		t.take(s, day)
	}
	t.count(rows.Subjects)
}

func (t *activeDays) Fold(rows fold.Rows, v fold.Verdicts) {
	t.collect(rows)
	t.judge(v)
}

func (t *activeDays) Rank(rows fold.Rows, r fold.Ranks) {
	t.collect(rows)
	t.rank(r)
}
