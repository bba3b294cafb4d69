package builtin

import "github.com/malgrupp/malgrupp/rules"

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "not", Takes: rules.TakesCondition, Logic: rules.LogicNot, Inner: true,
	Doc:      "The condition is false; not known stays not known.",
	Anchored: func(*rules.Condition, []bool) bool { return false },
}})
