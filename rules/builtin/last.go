package builtin

import "github.com/malgrupp/malgrupp/rules"

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "last", Takes: rules.TakesEvents, Inner: true,
		Clauses: []rules.Clause{rules.ClauseWhere, rules.ClauseWithin, rules.ClauseHas},
		Doc: "The latest matching event of the window is picked, then tested by `has`: the state something was left in. " +
			"Whoever has no such event is not a member; where the tested value is missing the condition is neither true nor " +
			"false.",
		Anchored: func(*rules.Condition, []bool) bool { return true },
	},
	Fold: pickVerb(true),
	SQL:  pickSQL(true),
})
