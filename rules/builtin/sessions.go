package builtin

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineAggregate(Aggregate{
	Aggregate: rules.Aggregate{
		Name: "sessions", Ranks: true, Counts: true, Sessions: true,
		Doc: "The number of sessions with a matching event. A session belongs to the window in which it starts.",
	},
	Needs: fold.NeedTime | fold.NeedParts | fold.NeedSession,
	Parts: func(c *rules.Condition, verbs fold.Verbs) []fold.Part {
		match := matching(c, verbs)[0]
		match.Reach, match.Name = fold.Around, "event"
		return []fold.Part{everyRow, match}
	},
	Fold: func(_ *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold {
		return &sessionCounter{in: fold.RangeOf(c, 0), set: s}
	},
	Rank: func(_ *rules.Metric, s fold.Setting) fold.Ranker { return &sessionCounter{set: s} },
	SQL:  sessionsSQL,
})

// everyRow is what sessions are made of.
var everyRow = fold.Part{Pick: rules.Pick{Any: true}, Reach: fold.Around}

// sitting is one session.
type sitting struct {
	subject    uint32
	lo, hi     int   // its rows
	start, end int64 // of the first and the last of them
}

// sittings splits rows, by session and time, into sessions; those that start outside the window are left out.
func sittings(into []sitting, rows fold.Rows, s fold.Setting) []sitting {
	into = into[:0]
	for lo := 0; lo < len(rows.Session); {
		hi := lo + 1
		for hi < len(rows.Session) && rows.Session[hi] == rows.Session[lo] {
			hi++
		}
		if start := rows.Time[lo]; s.From <= start && start < s.Before {
			into = append(into, sitting{rows.Subject[lo], lo, hi, start, rows.Time[hi-1]})
		}
		lo = hi
	}
	return into
}

// sessionCounter counts the sessions in which an event matches.
type sessionCounter struct {
	in   fold.Range
	set  fold.Setting
	of   []sitting
	hits []uint32
}

func (c *sessionCounter) count(rows fold.Rows) {
	c.of = sittings(c.of, rows, c.set)
	c.hits = zeroed(c.hits, rows.Subjects)
	for _, s := range c.of {
		for i := s.lo; i < s.hi; i++ {
			if rows.Parts[i]&2 != 0 {
				c.hits[s.subject]++
				break
			}
		}
	}
}

func (c *sessionCounter) Fold(rows fold.Rows, v fold.Verdicts) {
	c.count(rows)
	for s, n := range c.hits {
		judge(v, uint32(s), fold.Wide(int64(n)), c.in, mergeable, c.set.Covered)
	}
}

func (c *sessionCounter) Rank(rows fold.Rows, r fold.Ranks) {
	c.count(rows)
	for s, n := range c.hits {
		r.Value[s] = fold.Wide(int64(n))
		r.Has.Set(uint32(s))
	}
}

// everyRowSQL is true for the rows that sessions are made of.
func everyRowSQL(s sql.Setting) (string, error) {
	return s.Rows(rules.Pick{Any: true}, s.From-s.Gap, max(s.Before, s.AsOf))
}

func sessionsSQL(c *rules.Condition, s sql.Setting) (sql.Form, error) {
	every, err := everyRowSQL(s)
	if err != nil {
		return sql.Form{}, err
	}
	match, err := s.Rows(rules.Pick{
		Events: c.Events, Any: c.AnyEvent, Where: c.Where,
	}, s.From-s.Gap, max(s.Before, s.AsOf))
	if err != nil {
		return sql.Form{}, err
	}
	stages, key := s.Sittings(every)
	begins, hits, value := s.Name("begins"), s.Name("hits"), s.Name("value")
	f := sql.Form{Stages: append(stages,
		sql.Stage{
			By: key, Columns: []sql.Column{
				{Name: begins, Expr: "min(" + sql.At + ")"}, {Name: hits, Expr: "count(" + when(match, "1") + ")"},
			},
		},
		sql.Stage{
			Where: beginsIn(begins, s) + " AND " + hits + " > 0", By: s.Key, Columns: []sql.Column{
				{Name: value, Expr: "count(*)"},
			},
		},
	)}
	return compared(f, c, s, value, "0", mergeable), nil
}

// beginsIn is true for a session that belongs to the window.
func beginsIn(begins string, s sql.Setting) string {
	return fmt.Sprintf("%[1]s >= %[2]d AND %[1]s < %[3]d", begins, s.From, s.Before)
}
