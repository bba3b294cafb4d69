package suite

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
)

// verdict is what a condition is for a person, as reports print it.
type verdict string

const (
	isTrue    verdict = "TRUE"
	isFalse   verdict = "FALSE"
	isUnknown verdict = "UNKNOWN"
	isWait    verdict = "WAIT"
	hasNone   verdict = "without a value"
)

// verdicts are those of one person, by the paths of the conditions.
type verdicts map[string]verdict

// verdictsOf reads the verdicts of the one person of a study; false if it has another number of people.
func verdictsOf(s *segments.Study) (verdicts, bool) {
	if s == nil || s.Seen != 1 {
		return nil, false
	}
	out := verdicts{}
	for _, n := range s.Nodes {
		switch {
		case n.True == 1:
			out[n.Path] = isTrue
		case n.False == 1:
			out[n.Path] = isFalse
		case n.Unknown == 1:
			out[n.Path] = isUnknown
		case n.Wait == 1:
			out[n.Path] = isWait
		default:
			out[n.Path] = hasNone
		}
	}
	return out, true
}

// isLeaf reports whether a condition is judged as a whole: one about rows, or a reference.
func isLeaf(c *rules.Condition) bool {
	_, folds := builtin.Folds(c.Verb)
	return folds || c.Segment != ""
}

// severity orders verdicts as an `all` does: what stands later beats what stands earlier.
var severity = []verdict{isTrue, hasNone, isWait, isUnknown, isFalse}

// root is the half of the rule that decided. A person qualifies by match and not exclude, so exclude decided where it keeps
// out somebody for whom match is better.
func (v verdicts) root(s *rules.Segment) *rules.Condition {
	if s.Exclude == nil {
		return s.Match
	}
	kept := v[s.Exclude.Path]
	switch kept {
	case isTrue:
		kept = isFalse
	case isFalse:
		kept = isTrue
	}
	if slices.Index(severity, kept) > slices.Index(severity, v[s.Match.Path]) {
		return s.Exclude
	}
	return s.Match
}

// decider is the one child that gave a condition its verdict, nil for a leaf and where several decide together.
func (v verdicts) decider(c *rules.Condition) *rules.Condition {
	switch got := v[c.Path]; {
	case isLeaf(c):
	case c.Verb == "not":
		return c.Children[0]
	case c.Verb == "all" && got != isTrue, c.Verb == "any" && got != isFalse:
		for _, child := range c.Children {
			if v[child.Path] == got {
				return child
			}
		}
	}
	return nil
}

// deciding is the condition that decided below c: a leaf, or one whose children decided together.
func (v verdicts) deciding(c *rules.Condition) *rules.Condition {
	for next := v.decider(c); next != nil; next = v.decider(c) {
		c = next
	}
	return c
}

// named reports whether a path names what decided below c: the deciding condition, one on the way to it, or, where several
// decided together, one of these or what decided below it.
func (v verdicts) named(c *rules.Condition, path string) bool {
	if c.Path == path {
		return true
	}
	if next := v.decider(c); next != nil {
		return v.named(next, path)
	}
	return !isLeaf(c) && slices.ContainsFunc(c.Children, func(child *rules.Condition) bool {
		return v[child.Path] == v[c.Path] && v.named(child, path)
	})
}
