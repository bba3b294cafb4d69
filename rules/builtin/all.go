package builtin

import "github.com/malgrupp/malgrupp/rules"

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "all", Takes: rules.TakesConditions, Logic: rules.LogicAll, Inner: true,
	Doc:      "Every one of the conditions is true.",
	Anchored: func(_ *rules.Condition, children []bool) bool { return anchoredAmong(children) > 0 },
}})

func anchoredAmong(children []bool) int {
	n := 0
	for _, anchored := range children {
		if anchored {
			n++
		}
	}
	return n
}
