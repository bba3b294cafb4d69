package rules

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// disjoint reports whether two conditions plainly exclude each other: both demand values of one term that do not overlap.
func disjoint(a, b Expr) bool {
	for _, x := range Demands(a) {
		for _, y := range Demands(b) {
			if x.Term.String() == y.Term.String() && Apart(x, y) {
				return true
			}
		}
	}
	return false
}

// Demands are the tests that every passing row fulfils.
func Demands(e Expr) []*Test {
	switch e := e.(type) {
	case *Test:
		return []*Test{e}
	case And:
		var out []*Test
		for _, t := range e {
			out = append(out, Demands(t)...)
		}
		return out
	}
	return nil
}

// Apart reports whether no value fulfils both tests of one term. It knows lists of values, and texts that must begin, end or
// be inside; of anything else it says that they may meet.
func Apart(x, y *Test) bool {
	if x.Op != where.OpEqual && x.Op != where.OpIn {
		x, y = y, x
	}
	if x.Op != where.OpEqual && x.Op != where.OpIn {
		return false
	}
	if x.Not { // all values but some: they meet unless the other demands only those
		return (y.Op == where.OpEqual || y.Op == where.OpIn) && !y.Not && !slices.ContainsFunc(y.Args, func(v value.Value) bool { return !has(x.Args, v) })
	}
	return !slices.ContainsFunc(x.Args, func(v value.Value) bool { return y.mayHold(v) })
}

func has(of []value.Value, v value.Value) bool {
	return slices.ContainsFunc(of, func(o value.Value) bool { return value.Compare(o, v) == 0 })
}

// mayHold reports whether the test could be true for a value of its term.
func (t *Test) mayHold(v value.Value) bool {
	holds := true
	switch t.Op {
	case where.OpEqual, where.OpIn:
		holds = has(t.Args, v)
	case where.OpStartsWith:
		holds = strings.HasPrefix(v.Text, t.Args[0].Text)
	case where.OpEndsWith:
		holds = strings.HasSuffix(v.Text, t.Args[0].Text)
	case where.OpContains:
		holds = strings.Contains(v.Text, t.Args[0].Text)
	default:
		return true
	}
	return holds != t.Not
}
