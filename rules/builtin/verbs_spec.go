package builtin

import "github.com/malgrupp/malgrupp/rules"

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "all", Takes: rules.TakesConditions,
	Doc:      "Every one of the conditions is true.",
	Anchored: func(_ *rules.Condition, children []bool) bool { return anchoredAmong(children) > 0 },
}})

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "any", Takes: rules.TakesConditions,
	Doc:      "At least one of the conditions is true.",
	Anchored: func(_ *rules.Condition, children []bool) bool { return anchoredAmong(children) == len(children) },
}})

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "not", Takes: rules.TakesCondition,
	Doc:      "The condition is false; not known stays not known.",
	Anchored: func(*rules.Condition, []bool) bool { return false },
}})

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "at_least_of", Takes: rules.TakesCountOf,
	Doc: "At least count of the conditions are true.",
	Anchored: func(c *rules.Condition, children []bool) bool {
		return len(children)-anchoredAmong(children) < c.Count
	},
}})

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "did", Takes: rules.TakesEvents, Keys: []string{"where", "within"}, Required: []string{"within"}, Comparators: true,
	Doc:      "The number of matching events in the window compares as said; without a comparator there is at least one.",
	Anchored: func(c *rules.Condition, _ []bool) bool { return positive(c.Compare) },
}})

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "did_not", Takes: rules.TakesEvents, Keys: []string{"where", "within"}, Required: []string{"within"},
	Doc:      "There is no matching event in the window.",
	Anchored: func(*rules.Condition, []bool) bool { return false },
}})

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "metric", Takes: rules.TakesMetric, Keys: []string{"of", "where", "within"}, Required: []string{"of", "within"}, Comparators: true,
	Doc: "An aggregate over the matching events in the window compares as said.",
	Anchored: func(c *rules.Condition, _ []bool) bool {
		switch c.Metric.Function {
		case "avg", "min", "max":
			return true
		}
		return positive(c.Compare)
	},
}})

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "in_segment", Takes: rules.TakesSegment,
	Doc:      "The person qualifies for another segment.",
	Anchored: func(*rules.Condition, []bool) bool { return true },
}})

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

func anchoredAmong(children []bool) int {
	n := 0
	for _, anchored := range children {
		if anchored {
			n++
		}
	}
	return n
}
