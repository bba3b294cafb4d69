package builtin

import "github.com/malgrupp/malgrupp/rules"

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "at_least_of", Takes: rules.TakesCountOf, Logic: rules.LogicCount, Inner: true,
	Doc: "At least count of the conditions are true.",
	Anchored: func(c *rules.Condition, children []bool) bool {
		return len(children)-anchoredAmong(children) < c.Count
	},
}})
