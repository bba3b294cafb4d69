package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

// ProfileRecord is the name of the records that profile conditions want: a customer with his attributes.
const ProfileRecord = "profile"

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "profile", Takes: rules.TakesWhere,
		Doc: "A condition on the customer's attributes, as they are at the moment up to which the run knows. Whoever has no row there has no attribute: " +
			"every test sees a missing value.",
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
})

// withoutValues is the truth of a condition for a row of which every value is missing.
func withoutValues(e rules.Expr) rules.Truth {
	switch e := e.(type) {
	case rules.And:
		out := rules.True
		for _, t := range e {
			switch withoutValues(t) {
			case rules.False:
				return rules.False
			case rules.Unknown:
				out = rules.Unknown
			}
		}
		return out
	case rules.Or:
		out := rules.False
		for _, t := range e {
			switch withoutValues(t) {
			case rules.True:
				return rules.True
			case rules.Unknown:
				out = rules.Unknown
			}
		}
		return out
	case *rules.Test:
		if row, err := CompileTest(e, nil); err == nil {
			return row(rules.Value{}, true)
		}
	}
	return rules.Unknown
}

// attributes judges customers by their records. Several rows of one customer that disagree leave him undecided.
type attributes struct {
	missing rules.Truth // of whoever has no record
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
			a.set(v, uint32(s), rules.True)
		case fails:
		case novalue:
			a.set(v, uint32(s), rules.Unknown)
		default:
			v.Unknown.Set(uint32(s))
		}
	}
}

// novalue marks a row whose attributes leave the condition neither true nor false.
const novalue = 1 << 5

func (a *attributes) set(v fold.Verdicts, s uint32, truth rules.Truth) {
	switch truth {
	case rules.True:
		v.True.Set(s)
	case rules.Unknown:
		v.NoValue.Set(s)
	}
}
