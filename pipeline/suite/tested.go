package suite

import (
	"iter"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
)

// Coverage is which conditions of a segment its tests have seen both TRUE and FALSE.
type Coverage struct {
	Segment string `json:"segment"`
	Cases   int    `json:"cases"`
	Seen    int    `json:"seen"` // verdicts seen, two for each condition that is judged as a whole
	Of      int    `json:"of"`
	Missing []Gap  `json:"missing"`
}

// Gap is a verdict that no case has seen.
type Gap struct {
	Path  string `json:"path"`
	Never string `json:"never"` // TRUE or FALSE
}

// Cover measures what results say about a segment; those of other segments do not count.
func Cover(s *rules.Segment, results []Result) Coverage {
	out := Coverage{Segment: s.Name, Missing: []Gap{}}
	yes, no := map[string]bool{}, map[string]bool{}
	for _, r := range results {
		if r.segment != s.Name {
			continue
		}
		out.Cases++
		if r.breakdown == nil {
			continue // she has no event: nothing was judged
		}
		for _, n := range r.breakdown.Nodes {
			yes[n.Path] = yes[n.Path] || n.True > 0
			no[n.Path] = no[n.Path] || n.False > 0
		}
	}
	for _, root := range []*rules.Condition{s.Match, s.Exclude} {
		for c := range conditions(root) {
			if !isLeaf(c) {
				continue
			}
			for _, side := range []struct {
				seen  map[string]bool
				never segments.Verdict
			}{{yes, segments.IsTrue}, {no, segments.IsFalse}} {
				out.Of++
				if side.seen[c.Path] {
					out.Seen++
				} else {
					out.Missing = append(out.Missing, Gap{c.Path, verdicts[side.never]})
				}
			}
		}
	}
	return out
}

// conditions walks a condition and those below it that have verdicts of their own, from the outside in; nil has none.
func conditions(c *rules.Condition) iter.Seq[*rules.Condition] {
	return func(yield func(*rules.Condition) bool) { walk(c, yield) }
}

func walk(c *rules.Condition, yield func(*rules.Condition) bool) bool {
	if c == nil {
		return true
	}
	if !yield(c) {
		return false
	}
	if isLeaf(c) {
		return true
	}
	for _, child := range c.Children {
		if !walk(child, yield) {
			return false
		}
	}
	return true
}

// isLeaf reports whether a condition is judged as a whole: one about rows, or a reference.
func isLeaf(c *rules.Condition) bool {
	verb, ok := builtin.Folds(c.Verb)
	return !ok || verb.Logic == 0
}

// Failures is how many cases of a segment failed.
func Failures(s *rules.Segment, results []Result) (n int) {
	for i := range results {
		if results[i].segment == s.Name && results[i].Status == Failed {
			n++
		}
	}
	return n
}
