package suite

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Mutant is a rule with one small change, which the rule's tests should notice.
type Mutant struct {
	Path   string `json:"path"`   // of the condition or step
	Change string `json:"change"` // within 14d -> 15d

	segment *rules.Segment
}

// Mutants are the small changes of a rule: each window, bound and period a unit more and less, each comparison turned
// into its neighbour, each condition and step left out, each did_not made a did. Changes that mean the same as the rule
// or as one another are left out; what ranks, draws and sizes is not changed. The segment itself stays as it is.
func Mutants(s *rules.Segment) []Mutant {
	m := &mutator{seen: map[string]bool{s.Normal(): true}, found: []Mutant{}}
	m.condition(s.Match, forbidden(s.Exclude), func(c *rules.Condition) *rules.Segment {
		changed := *s
		changed.Match = c
		return &changed
	})
	if s.Exclude != nil {
		put := func(c *rules.Condition) *rules.Segment {
			changed := *s
			changed.Exclude = c
			return &changed
		}
		m.add(s.Exclude.Path, builtin.Dropped, put(nil))
		m.condition(s.Exclude, nil, put)
	}
	return m.found
}

// mutator gathers the mutants of one rule.
type mutator struct {
	seen  map[string]bool // normal forms
	found []Mutant
}

func (m *mutator) add(path, change string, s *rules.Segment) {
	normal := s.Normal()
	if m.seen[normal] {
		return
	}
	m.seen[normal] = true
	s.Hash = sha256.Sum256([]byte(normal))
	m.found = append(m.found, Mutant{path, change, s})
}

// condition adds the changes of a condition and of all below it. beside are the conditions that must hold as well; put
// makes the segment that has another condition in this place.
func (m *mutator) condition(c *rules.Condition, beside []*rules.Condition, put func(*rules.Condition) *rules.Segment) {
	for _, e := range slices.Concat(windowEdits(c, beside), compareEdits(c), builtin.Edits(c), childEdits(c)) {
		changed := *c
		e.Apply(&changed)
		m.add(e.Path, e.Change, put(&changed))
	}
	for i, child := range c.Children {
		var held []*rules.Condition
		if c.Is().Logic == rules.LogicAll {
			held = slices.Concat(beside, without(c.Children, i))
		}
		m.condition(child, held, func(changed *rules.Condition) *rules.Segment {
			parent := *c
			parent.Children = slices.Clone(c.Children)
			parent.Children[i] = changed
			return put(&parent)
		})
	}
}

// without is a list that lacks one of its members.
func without[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }

// childEdits leave out one of several conditions.
func childEdits(c *rules.Condition) (out []builtin.Edit) {
	if len(c.Children) < 2 {
		return nil
	}
	for i, child := range c.Children {
		out = append(out, builtin.Edit{Path: child.Path, Change: builtin.Dropped, Apply: func(c *rules.Condition) {
			c.Children = without(c.Children, i)
			c.Count = min(c.Count, len(c.Children))
		}})
	}
	return out
}

// compareEdits move the bound of a comparison.
func compareEdits(c *rules.Condition) (out []builtin.Edit) {
	if c.Compare == nil {
		return nil
	}
	kind := value.Integer
	if m := c.Metric; m != nil && (m.Function == "min" || m.Function == "max") {
		kind = m.Type.Kind
	}
	step, write := int64(1), value.Number.String
	switch kind {
	case value.Date:
		write = func(n value.Number) string { return value.DateOfDays(n.Int).String() }
	case value.Timestamp:
		step = int64(time.Second / time.Microsecond)
		write = func(n value.Number) string { return time.UnixMicro(n.Int).UTC().Format(time.RFC3339Nano) }
	case value.TimeOfDay:
		step = int64(time.Second / time.Microsecond)
		write = func(n value.Number) string { return time.UnixMicro(n.Int).UTC().Format("15:04:05.999999") }
	}
	for _, by := range []int64{step, -step} {
		compare := *c.Compare
		compare.Bound.Int += by
		if !sensible(c, &compare) {
			continue
		}
		change := fmt.Sprintf("%s %s -> %s", compare.Op, write(c.Compare.Bound), write(compare.Bound))
		out = append(out, builtin.Edit{
			Path: c.Path, Change: change,
			Apply: func(c *rules.Condition) { c.Compare = &compare },
		})
	}
	return out
}

// sensible reports whether a bound could stand in a rule: one of a count is not negative, and at least none and less
// than none say nothing.
func sensible(c *rules.Condition, compare *rules.Compare) bool {
	switch {
	case c.Metric != nil && c.Metric.Column != "" && c.Metric.Function != "distinct":
		return true
	case compare.Op == rules.AtLeast, compare.Op == rules.LessThan, compare.Op == rules.Exactly && c.Metric == nil:
		return compare.Bound.Int >= 1
	}
	return compare.Bound.Int >= 0
}
