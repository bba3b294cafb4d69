package builtin

import "github.com/malgrupp/malgrupp/rules"

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "in_segment", Takes: rules.TakesSegment,
	Doc: "The person qualifies for another segment: after its match, exclusion and top, before its holdout, cap " +
		"and minimum size.",
	Anchored: func(*rules.Condition, []bool) bool { return true },
}})
