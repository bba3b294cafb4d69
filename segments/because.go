package segments

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
)

// severity orders verdicts as an `all` does: what stands later beats what stands earlier.
var severity = []Verdict{IsTrue, HasNone, IsWait, IsUnknown, IsFalse}

// Because is the condition that decided in the breakdown of one person: one about rows, a reference, or one
// whose terms decided together.
func (s *Breakdown) Because() *Node {
	k := s.root()
	for next := s.decider(k); next >= 0; next = s.decider(k) {
		k = next
	}
	return &s.Nodes[k]
}

// Names reports whether a path names what decided in the breakdown of one person: the deciding condition, one on the
// way to it, or, where several decided together, one of these or what decided below it.
func (s *Breakdown) Names(path string) bool { return s.named(s.root(), path) }

// Verdict is what the condition of a path is in the breakdown of one person, "" if there is no such condition.
func (s *Breakdown) Verdict(path string) Verdict {
	i := slices.IndexFunc(s.Nodes, func(n Node) bool { return n.Path == path })
	if i < 0 {
		return ""
	}
	return s.Nodes[i].Verdict()
}

// root is the half of the rule that decided. A person qualifies by match and not exclude, so exclude decided where it
// keeps out somebody for whom match is better.
func (s *Breakdown) root() int {
	exclude := 1 + slices.IndexFunc(s.Nodes[1:], func(n Node) bool { return n.Depth == 0 })
	if exclude == 0 {
		return 0
	}
	kept := s.Nodes[exclude].Verdict()
	switch kept {
	case IsTrue:
		kept = IsFalse
	case IsFalse:
		kept = IsTrue
	}
	if slices.Index(severity, kept) > slices.Index(severity, s.Nodes[0].Verdict()) {
		return exclude
	}
	return 0
}

// terms are the conditions right below one.
func (s *Breakdown) terms(k int) (out []int) {
	for i := k + 1; i < len(s.Nodes) && s.Nodes[i].Depth > s.Nodes[k].Depth; i++ {
		if s.Nodes[i].Depth == s.Nodes[k].Depth+1 {
			out = append(out, i)
		}
	}
	return out
}

// decider is the first term that gave a condition its verdict, -1 for one without terms and where they decide together.
func (s *Breakdown) decider(k int) int {
	n, terms := &s.Nodes[k], s.terms(k)
	switch got := n.Verdict(); {
	case n.Logic == rules.LogicNot:
		return terms[0]
	case n.Logic == rules.LogicAll && got != IsTrue, n.Logic == rules.LogicAny && got != IsFalse:
		for _, i := range terms {
			if s.Nodes[i].Verdict() == got {
				return i
			}
		}
	}
	return -1
}

func (s *Breakdown) named(k int, path string) bool {
	if s.Nodes[k].Path == path {
		return true
	}
	if next := s.decider(k); next >= 0 {
		return s.named(next, path)
	}
	return slices.ContainsFunc(s.terms(k), func(i int) bool {
		return s.Nodes[i].Verdict() == s.Nodes[k].Verdict() && s.named(i, path)
	})
}
