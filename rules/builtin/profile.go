package builtin

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// ProfileRecord is the name of the records that profile conditions want: a customer with his attributes.
const ProfileRecord = "profile"

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "profile", Takes: rules.TakesWhere,
		Doc: "A condition on the customer's attributes, as they are at the moment up to which the run knows. Whoever has " +
			"no row there has no attribute: every test sees a missing value.",
		Anchored: func(*rules.Condition, []bool) bool { return true },
	},
	Fold: &fold.Verb{
		Parts: func(c *rules.Condition, _ fold.Verbs) []fold.Part {
			part := func(where rules.Expr) fold.Part {
				return fold.Part{Pick: rules.Pick{Record: ProfileRecord, Where: where}}
			}
			return []fold.Part{part(nil), part(c.Where), part(rules.Negate(c.Where))}
		},
		Needs: func(*rules.Condition) fold.Need { return fold.NeedParts },
		New: func(c *rules.Condition, _ fold.Setting) fold.Fold {
			return &attributes{missing: withoutValues(c.Where)}
		},
	},
	SQL: profileSQL,
})

// withoutValues is the truth of a condition for a row of which every value is missing.
func withoutValues(e rules.Expr) value.Truth {
	return rules.Truth(e, func(t *rules.Test) value.Truth {
		row, err := CompileTest(t, nil)
		if err != nil {
			return value.Unknown
		}
		return row(value.Value{}, true)
	})
}

// attributes judges customers by their records. Several rows of one customer that disagree leave him undecided.
type attributes struct {
	missing value.Truth // of whoever has no record
	parts   []uint32
}

func (a *attributes) Fold(rows fold.Rows, v fold.Verdicts) {
	a.parts = zeroed(a.parts, rows.Subjects)
	for i, s := range rows.Subject {
		outcome := rows.Parts[i] & (passes | fails)
		if outcome == 0 {
			outcome = novalue
		}
		a.parts[s] |= outcome
	}
	for s, parts := range a.parts {
		switch parts {
		case 0:
			a.set(v, uint32(s), a.missing)
		case passes:
			a.set(v, uint32(s), value.True)
		case fails:
		case novalue:
			a.set(v, uint32(s), value.Unknown)
		default:
			v.Unknown.Set(uint32(s))
		}
	}
}

// novalue marks a row whose attributes leave the condition neither true nor false.
const novalue = 1 << 5

func (a *attributes) set(v fold.Verdicts, s uint32, truth value.Truth) {
	switch truth {
	case value.True:
		v.True.Set(s)
	case value.Unknown:
		v.NoValue.Set(s)
	}
}

// profileSQL is the form over the table of attributes.
func profileSQL(c *rules.Condition, s sql.Setting) (sql.Form, error) {
	where, err := s.Attributes(c.Where)
	if err != nil {
		return sql.Form{}, err
	}
	n, pass, fail := s.Name("n"), s.Name("pass"), s.Name("fail")
	f := sql.Form{Stages: []sql.Stage{{From: sql.Attributes, By: s.Key, Columns: []sql.Column{
		{Name: n, Expr: "count(*)"},
		{Name: pass, Expr: "count(" + when(where, "1") + ")"},
		{Name: fail, Expr: "count(" + when("NOT ("+where+")", "1") + ")"},
	}}}}
	missing := map[value.Truth]int{
		value.True: sql.True, value.False: sql.False, value.Unknown: sql.NoValue,
	}[withoutValues(c.Where)]
	f.Verdict = fmt.Sprintf("CASE WHEN %[1]s IS NULL THEN %[4]d WHEN %[2]s = %[1]s THEN %[5]d WHEN %[3]s = %[1]s THEN "+
		"%[6]d WHEN %[2]s + %[3]s = 0 THEN %[7]d ELSE %[8]d END",
		n, pass, fail, missing, sql.True, sql.False, sql.NoValue, sql.Unknown)
	return f, nil
}
