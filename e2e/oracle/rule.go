package oracle

import (
	"cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

// Cell is a value of a row, or nothing.
type Cell struct {
	Text   string
	Number int64
	Null   bool
}

// Leaf is one condition on rows: an event, a test, a window, and what becomes of the rows that pass.
type Leaf struct {
	Where  func(c clock, r *feed.Row) Truth // nil: every row
	Within Window
	Metric string                 // did, did_not, count, days, distinct, sum, avg, min or max
	Of     func(r *feed.Row) Cell // what the metric reads
	Op     string                 // >= > <= < =
	Bound  int64
	Event  string // "": page_view
}

const anyEvent = "any"

func (l *Leaf) wants(c clock, r *feed.Row) bool {
	event := cmp.Or(l.Event, "page_view")
	return (event == anyEvent || event == r.Event) && (l.Where == nil || l.Where(c, r) == True)
}

// Node is one condition of a segment.
type Node struct {
	Op   string // all any not at_least_of leaf in_segment
	Kids []*Node
	K    int
	Leaf *Leaf
	Ref  string
}

func all(kids ...*Node) *Node              { return &Node{Op: "all", Kids: kids} }
func anyOf(kids ...*Node) *Node            { return &Node{Op: "any", Kids: kids} }
func not(kid *Node) *Node                  { return &Node{Op: "not", Kids: []*Node{kid}} }
func atLeastOf(k int, kids ...*Node) *Node { return &Node{Op: "at_least_of", K: k, Kids: kids} }
func inSegment(name string) *Node          { return &Node{Op: "in_segment", Ref: name} }
func leaf(l Leaf) *Node                    { return &Node{Op: "leaf", Leaf: &l} }

// each visits the leaves and references of a condition.
func (n *Node) each(leaf func(*Leaf), ref func(string)) {
	switch {
	case n == nil:
	case n.Op == "leaf":
		leaf(n.Leaf)
	case n.Op == "in_segment":
		ref(n.Ref)
	}
	if n != nil {
		for _, k := range n.Kids {
			k.each(leaf, ref)
		}
	}
}

// Segment is one rule, written a second time.
type Segment struct {
	Name     string
	Customer bool
	Match    *Node
	Exclude  *Node
	TopCount int
	TopShare int // percent
	TopBy    *Leaf
	Holdout  int // in hundredths of a percent
	Salt     string
	Cap      int
	CapBy    *Leaf
	Uses     []string
}

// each visits all leaves of a segment, those of its population steps too, and its references.
func (s *Segment) each(leaf func(*Leaf), ref func(string)) {
	s.Match.each(leaf, ref)
	s.Exclude.each(leaf, ref)
	for _, l := range []*Leaf{s.TopBy, s.CapBy} {
		if l != nil {
			leaf(l)
		}
	}
}
