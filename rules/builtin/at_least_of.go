package builtin

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
)

var _ = defineVerb(Verb{Verb: rules.Verb{
	Name: "at_least_of", Takes: rules.TakesCountOf, Logic: rules.LogicCount, Inner: true,
	Doc: "At least count of the conditions are true.",
	Anchored: func(c *rules.Condition, children []bool) bool {
		return len(children)-anchoredAmong(children) < c.Count
	},
}, Edits: func(c *rules.Condition) (out []Edit) {
	for _, n := range []int{c.Count + 1, c.Count - 1} {
		if n >= 1 && n <= len(c.Children) {
			change := fmt.Sprintf("count %d -> %d", c.Count, n)
			out = append(out, Edit{c.Path, change, func(c *rules.Condition) { c.Count = n }})
		}
	}
	return out
}})
