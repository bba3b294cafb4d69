package builtin

import (
	"fmt"
	"math"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
)

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "first", Takes: rules.TakesEvents, Inner: true,
		Clauses: []rules.Clause{rules.ClauseWhere, rules.ClauseWithin, rules.ClauseHas},
		Doc: "The earliest matching event of the window is picked, then tested by `has`. Whoever has no such event is not " +
			"a member; where the tested value is missing the condition is neither true nor false.",
		Anchored: func(*rules.Condition, []bool) bool { return true },
	},
	Fold: pickVerb(false),
	SQL:  pickSQL(false),
})

// pickVerb is the engine's half of first and last.
func pickVerb(last bool) *fold.Verb {
	return &fold.Verb{
		Parts: func(c *rules.Condition, _ fold.Verbs) []fold.Part {
			part := func(where rules.Expr) fold.Part {
				return fold.Part{Pick: rules.Pick{Events: c.Events, Any: c.AnyEvent, Where: where}}
			}
			return []fold.Part{part(c.Where), part(rules.Both(c.Where, c.Has)), part(rules.Both(c.Where, rules.Negate(c.Has)))}
		},
		Needs: func(*rules.Condition) fold.Need {
			return fold.NeedTime | fold.NeedParts | fold.NeedOrder | fold.NeedTie
		},
		New: func(_ *rules.Condition, s fold.Setting) fold.Fold { return &picker{last: last, set: s} },
	}
}

// The parts of a pick: candidates, those that pass `has`, those that fail it.
const (
	candidate = 1 << iota
	passes
	fails
)

// picker tests the first or the last row of each subject.
type picker struct {
	last bool
	set  fold.Setting
}

func (p *picker) Fold(rows fold.Rows, v fold.Verdicts) {
	seen := fold.NewBits(rows.Subjects)
	for lo := 0; lo < len(rows.Subject); {
		subject, hi := rows.Subject[lo], lo+1
		for hi < len(rows.Subject) && rows.Subject[hi] == subject {
			hi++
		}
		seen.Set(subject)
		p.subject(rows, lo, hi, subject, v)
		lo = hi
	}
	if p.set.Covered {
		return
	}
	for s := range uint32(rows.Subjects) {
		if !seen.Has(s) {
			v.Unknown.Set(s)
		}
	}
}

func (p *picker) subject(rows fold.Rows, lo, hi int, subject uint32, v fold.Verdicts) {
	at, end := lo, lo+1 // rows that nothing orders are picked together
	if p.last {
		at, end = hi-1, hi
		for at > lo && rows.Tied[at] {
			at--
		}
	} else {
		for end < hi && rows.Tied[end] {
			end++
		}
	}
	outcome := rows.Parts[at] & (passes | fails)
	for i := at + 1; i < end; i++ {
		if rows.Parts[i]&(passes|fails) != outcome {
			v.Unknown.Set(subject) // two events of one moment disagree, and nothing says which came first
			return
		}
	}
	switch {
	case !p.decided(rows.Time[at]):
		v.Unknown.Set(subject)
	case outcome&passes != 0:
		v.True.Set(subject)
	case outcome&fails == 0:
		v.NoValue.Set(subject)
	}
}

// decided reports whether no missing row could have been picked instead of one at this time.
func (p *picker) decided(at int64) bool {
	switch {
	case p.set.Covered:
		return true
	case p.last:
		return p.set.Covers(at, p.set.Before)
	}
	return p.set.Covers(p.set.From, at+1)
}

// pickSQL is the form of first and last.
func pickSQL(last bool) func(*rules.Condition, sql.Setting) (sql.Form, error) {
	return func(c *rules.Condition, s sql.Setting) (sql.Form, error) {
		rows, err := matchingSQL(c, s)
		if err != nil {
			return sql.Form{}, err
		}
		has, err := s.Where(c.Has)
		if err != nil {
			return sql.Form{}, err
		}
		place, n, pass, fail, at := s.Name("place"), s.Name("n"), s.Name("pass"), s.Name("fail"), s.Name("at")
		f := sql.Form{Stages: []sql.Stage{
			{
				Where: rows, Columns: []sql.Column{
					{Name: place, Expr: fmt.Sprintf("rank() OVER (PARTITION BY %s ORDER BY %s)", s.Keys(), inOrder(last))},
				},
			},
			{Where: place + " = 1", By: s.Key, Columns: []sql.Column{
				{Name: n, Expr: "count(*)"},
				{Name: pass, Expr: "count(" + when(has, "1") + ")"},
				{Name: fail, Expr: "count(" + when("NOT ("+has+")", "1") + ")"},
				{Name: at, Expr: "min(" + sql.At + ")"},
			}},
		}}
		none, decided := sql.False, s.Covers(fmt.Sprint(s.From), at+" + 1")
		if last {
			decided = s.Covers(at, fmt.Sprint(s.Before))
		}
		if !s.Covered {
			none = sql.Unknown
		}
		// Rows that nothing orders are picked together and must agree.
		f.Verdict = fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN %[5]d WHEN NOT (%[2]s = %[1]s OR %[3]s = %[1]s OR %[2]s + "+
			"%[3]s = 0) OR NOT %[4]s THEN %[6]d WHEN %[2]s = %[1]s THEN %[7]d WHEN %[3]s = %[1]s THEN %[8]d ELSE %[9]d END",
			n, pass, fail, decided, none, sql.Unknown, sql.True, sql.False, sql.NoValue)
		return f, nil
	}
}

// inOrder is the order of somebody's events (docs/language.md, Order of events), as far as it is told apart.
func inOrder(last bool) string {
	columns := []string{
		sql.At, fmt.Sprintf("coalesce(%s, %d)", sql.Seq, math.MinInt64+1), fmt.Sprintf("coalesce(%s, 0)", sql.Received),
		fmt.Sprintf("substr(coalesce(%s, ''), 1, 16)", sql.EventID),
	}
	if last {
		for i := range columns {
			columns[i] += " DESC"
		}
	}
	return strings.Join(columns, ", ")
}
