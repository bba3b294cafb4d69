package builtin

import "github.com/malgrupp/malgrupp/rules"

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "any", Takes: rules.TakesConditions, Logic: rules.LogicAny, Inner: true,
	Doc:      "At least one of the conditions is true.",
	Anchored: func(_ *rules.Condition, children []bool) bool { return anchoredAmong(children) == len(children) },
}})
