package segments

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules/fold"
)

// Trace is what the rule of a segment is for one person, in one use: what `why` prints.
type Trace struct {
	Qualifies bool        // match is true and exclude false; what comes after them may still decide otherwise
	Nodes     []NodeTrace // of match, then of exclude, from the outside in
}

// NodeTrace is one condition of a Trace.
type NodeTrace struct {
	Path    string
	Depth   int
	Verb    string
	Verdict Verdict
	// Decides says of a condition about rows, or a reference, that Qualifies would be the opposite if it alone were.
	Decides bool
	Leaf    int // of the plan, see Plan.Wanted; -1 for logic and references
}

// Verdict is what a condition is for a person.
type Verdict string

// The verdicts (docs/language.md, Verdicts).
const (
	IsTrue    Verdict = "true"
	IsFalse   Verdict = "false"
	IsUnknown Verdict = "unknown"
	IsWait    Verdict = "wait"
	HasNone   Verdict = "no_value"
)

// Trace makes Settle keep, for every segment, what its conditions are for one subject.
func (t *Tally) Trace(subject uint32) { t.traced = &subject }

// Trace is what the rule is for the traced subject; nil where the use was given no row of it, or nobody asked.
func (a *Audience) Trace() *Trace { return a.trace }

// trace reads the verdicts on the traced subject as a use sees it; nil if it has no row in this partition.
func (p *partition) trace(seg *planned, subject uint32, use int, references func(segment int) fold.Verdicts) *Trace {
	local := subject >> partBits
	if int(local)+1 >= len(p.views.first) {
		return nil
	}
	view, ok := p.views.of(local, use)
	if !ok || p.views.subject[view] != subject || !p.masks[use].Has(view) {
		return nil
	}
	t := tracer{seg: seg, at: int(view / 64), bit: 1 << (view % 64), leaves: p.leaves, references: references}
	out := &Trace{Qualifies: t.qualifies()}
	for _, root := range []*fold.Tree{seg.match, seg.exclude} {
		if root != nil {
			t.walk(root, 0, out)
		}
	}
	return out
}

// tracer evaluates the trees of a segment for one bit of one word.
type tracer struct {
	seg        *planned
	at         int
	bit        uint64
	leaves     []fold.Verdicts
	references func(segment int) fold.Verdicts
}

func (t *tracer) walk(n *fold.Tree, depth int, into *Trace) {
	node := NodeTrace{Path: n.Path, Depth: depth, Verb: n.Verb, Leaf: n.Leaf}
	node.Verdict = t.verdict(n.Verdict(t.at, t.leaves, t.references))
	if n.Leaf >= 0 || n.Segment >= 0 {
		node.Decides = t.qualifies() != t.against(n, node.Verdict).qualifies()
	}
	into.Nodes = append(into.Nodes, node)
	for _, c := range n.Children {
		t.walk(c, depth+1, into)
	}
}

func (t *tracer) verdict(w fold.Word) Verdict {
	switch {
	case w.True&t.bit != 0:
		return IsTrue
	case w.Unknown&t.bit != 0:
		return IsUnknown
	case w.Wait&t.bit != 0:
		return IsWait
	case w.NoValue&t.bit != 0:
		return HasNone
	}
	return IsFalse
}

// qualifies reports whether match is true and exclude false.
func (t *tracer) qualifies() bool {
	w := t.seg.match.Verdict(t.at, t.leaves, t.references)
	if t.seg.exclude != nil {
		w = fold.And(w, fold.Not(t.seg.exclude.Verdict(t.at, t.leaves, t.references)))
	}
	return w.True&t.bit != 0
}

// against is the same person with one condition turned round: not true where it was true, true where it was not.
func (t *tracer) against(n *fold.Tree, was Verdict) *tracer {
	turned := fold.NewVerdicts(64 * (t.at + 1))
	if was != IsTrue {
		turned.True[t.at] = t.bit
	}
	other := *t
	if n.Leaf >= 0 {
		other.leaves = slices.Clone(t.leaves)
		other.leaves[n.Leaf] = turned
		return &other
	}
	other.references = func(segment int) fold.Verdicts {
		if segment == n.Segment {
			return turned
		}
		return t.references(segment)
	}
	return &other
}

// Wanted is a condition that wants a row, and as what: the names of the parts it is, none where the condition has only one.
type Wanted struct {
	Leaf  int
	Parts []string
}

// Wanted returns which conditions of a use want a row with these picks in this window slot, for what it is itself: the rows
// that only make a session what it is are left out.
func (p *Plan) Wanted(picks []uint64, slot uint16, use int) (out []Wanted) {
	for _, g := range p.wanting(picks, slot) {
		l := &p.leaves[g.leaf]
		if l.uses>>use&1 == 0 {
			continue
		}
		w, named := Wanted{Leaf: g.leaf}, false
		for i := range l.parts {
			name := l.parts[i].name
			named = named || name != ""
			if g.parts>>i&1 != 0 && name != "" {
				w.Parts = append(w.Parts, name)
			}
		}
		if !named || len(w.Parts) > 0 {
			out = append(out, w)
		}
	}
	return out
}
