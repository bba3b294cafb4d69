package builtin

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Edit is one small change of a rule, made on a copy of a condition: what the rule's tests should notice.
type Edit struct {
	Path, Change string // of the condition or step; within 14d -> 15d
	Apply        func(c *rules.Condition)
}

// Dropped is the change of what is left out.
const Dropped = "dropped"

// Edits change what a condition says by itself, beside its window and its bound: what its verb declares, what stands
// behind keys that only this verb has, and its tests of rows.
func Edits(c *rules.Condition) (out []Edit) {
	if v := verbs[c.Verb]; v.Edits != nil {
		out = v.Edits(c)
	}
	for _, clause := range c.Is().Clauses {
		if was, said := c.Own[clause.Name]; said && clause.Near != nil {
			for _, v := range clause.Near(was) {
				out = append(out, Edit{c.Path, fmt.Sprintf("%s %v -> %v", clause.Name, was, v), func(c *rules.Condition) {
					c.Keep(clause.Name, v)
				}})
			}
		}
	}
	return append(out, whereEdits(c)...)
}

// Near are the durations one unit longer and shorter, but none below least units. No units at all is the zero Duration;
// a duration that was not written has no neighbours.
func Near(d value.Duration, least int) (out []value.Duration) {
	if d == (value.Duration{}) {
		return nil
	}
	for _, n := range []int{d.N + 1, d.N - 1} {
		switch {
		case n < least:
		case n == 0:
			out = append(out, value.Duration{})
		default:
			out = append(out, value.Duration{N: n, Unit: d.Unit})
		}
	}
	return out
}

// shown writes a duration, also that of no units.
func shown(d value.Duration) string {
	if d == (value.Duration{}) {
		return "none"
	}
	return d.String()
}

// whereEdits change the tests that a condition makes on one event, and turn round what the picked event is tested for.
func whereEdits(c *rules.Condition) (out []Edit) {
	for _, f := range flips(c.Where) {
		out = append(out, Edit{c.Path, "where " + f.change, func(c *rules.Condition) { c.Where = f.expr }})
	}
	if c.Has == nil {
		return out
	}
	opposite := rules.Negate(c.Has)
	out = append(out, Edit{
		c.Path, "has " + rules.Key(c.Has) + " -> " + rules.Key(opposite),
		func(c *rules.Condition) { c.Has = opposite },
	})
	for _, f := range flips(c.Has) {
		out = append(out, Edit{c.Path, "has " + f.change, func(c *rules.Condition) { c.Has = f.expr }})
	}
	return out
}

// flip is an expression with one of its tests changed.
type flip struct {
	change string
	expr   rules.Expr
}

// flips change one test after the other; a nil expression has none.
func flips(e rules.Expr) []flip {
	return flipsIn(e, func(e rules.Expr) rules.Expr { return e })
}

// flipsIn changes the tests of a part of an expression; put makes the whole with another part in its place.
func flipsIn(e rules.Expr, put func(rules.Expr) rules.Expr) (out []flip) {
	switch e := e.(type) {
	case *rules.Test:
		if t := flipped(*e); t != nil {
			out = append(out, flip{e.String() + " -> " + t.String(), put(t)})
		}
	case rules.And:
		for i := range e {
			out = append(out, flipsIn(e[i], func(part rules.Expr) rules.Expr { return put(rules.And(replaced(e, i, part))) })...)
		}
	case rules.Or:
		for i := range e {
			out = append(out, flipsIn(e[i], func(part rules.Expr) rules.Expr { return put(rules.Or(replaced(e, i, part))) })...)
		}
	}
	return out
}

func replaced(terms []rules.Expr, i int, by rules.Expr) []rules.Expr {
	out := slices.Clone(terms)
	out[i] = by
	return out
}

// neighbours are the operators that differ at the bound alone.
var neighbours = map[where.Op]where.Op{
	where.OpLess: where.OpLessEqual, where.OpLessEqual: where.OpLess, where.OpGreater: where.OpGreaterEqual,
	where.OpGreaterEqual: where.OpGreater,
}

// flipped is a test with = for !=, in for not in, < for <= and > for >=, or the other way round; nil if it is another
// one.
func flipped(t rules.Test) *rules.Test {
	op, bounded := neighbours[t.Op]
	switch {
	case bounded:
		t.Op = op
	case t.Op == where.OpEqual, t.Op == where.OpIn:
		t.Not = !t.Not
	default:
		return nil
	}
	return &t
}
