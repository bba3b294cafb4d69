package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "did_not", Takes: rules.TakesEvents, Inner: true, Absent: true,
		Clauses: []rules.Clause{rules.ClauseWhere, rules.ClauseWithin},
		Doc: "There is no matching event in the window. Over days that the data lack this is not known, and not " +
			"known is never a member.",
		Anchored: func(*rules.Condition, []bool) bool { return false },
	},
	Fold: &fold.Verb{
		Parts: matching, Needs: needsNothing,
		New: func(_ *rules.Condition, s fold.Setting) fold.Fold {
			return &counter{in: fold.RangeOf(&rules.Compare{Op: rules.Exactly}, 0), covered: s.Covered}
		},
	},
	SQL: func(c *rules.Condition, s sql.Setting) (sql.Form, error) {
		none := *c
		none.Compare = &rules.Compare{Op: rules.Exactly}
		return countSQL(&none, s)
	},
	Edits: func(c *rules.Condition) []Edit {
		return []Edit{{c.Path, "did_not -> did", func(c *rules.Condition) {
			c.Verb, c.Kind = "did", &verbs["did"].Verb
			c.Compare = &rules.Compare{Op: rules.AtLeast, Bound: value.Number{Int: 1}}
		}}}
	},
})
