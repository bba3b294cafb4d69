package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "did", Takes: rules.TakesEvents, Keys: []string{"where", "within"}, Required: []string{"within"}, Comparators: true,
		Doc:      "The number of matching events in the window compares as said; without a comparator there is at least one.",
		Anchored: func(c *rules.Condition, _ []bool) bool { return positive(c.Compare) },
	},
	Fold: &fold.Verb{
		Picks: picked, Needs: needsNothing,
		New: func(c *rules.Condition, s fold.Setting) fold.Fold {
			return &counter{in: fold.RangeOf(c.Compare, 0), covered: s.Covered}
		},
	},
})

// picked is what a condition over events wants: those events, where they pass.
func picked(c *rules.Condition) rules.Pick {
	return rules.Pick{Events: c.Events, Any: c.AnyEvent, Where: c.Where}
}

func needsNothing(*rules.Condition) fold.Need { return 0 }

// positive reports whether nothing, a zero, fails the comparison from below.
func positive(c *rules.Compare) bool {
	switch c.Op {
	case rules.AtLeast, rules.Exactly:
		return c.Bound.Int > 0
	case rules.MoreThan:
		return c.Bound.Int >= 0
	case rules.LessThan:
		return c.Bound.Int <= 0
	}
	return c.Bound.Int < 0
}
