package fold

import (
	"github.com/malgrupp/malgrupp/rules"
)

// Word is 64 verdicts, one bit each; where no bit is set the verdict is false.
type Word struct{ True, Wait, Unknown, NoValue uint64 }

// False are the verdicts with no bit set.
func (w Word) False() uint64 { return ^(w.True | w.Wait | w.Unknown | w.NoValue) }

// And: false beats unknown beats wait beats "no value" beats true (docs/language.md, Verdicts).
func And(a, b Word) Word {
	no := a.False() | b.False()
	unknown := (a.Unknown | b.Unknown) &^ no
	wait := (a.Wait | b.Wait) &^ (no | unknown)
	return Word{a.True & b.True, wait, unknown, (a.NoValue | b.NoValue) &^ (no | unknown | wait)}
}

// Or: true beats unknown beats wait beats "no value" beats false.
func Or(a, b Word) Word {
	yes := a.True | b.True
	unknown := (a.Unknown | b.Unknown) &^ yes
	wait := (a.Wait | b.Wait) &^ (yes | unknown)
	return Word{yes, wait, unknown, (a.NoValue | b.NoValue) &^ (yes | unknown | wait)}
}

// Not turns true into false and back; what is undecided stays so.
func Not(a Word) Word { return Word{a.False(), a.Wait, a.Unknown, a.NoValue} }

// AtLeast is true where count of the verdicts are. What is undecided may still get there; "no value" never does, but
// unlike false it keeps a `not` above it from becoming true.
func AtLeast(count int, of []Word) Word {
	var out Word
	for bit := uint64(1); bit != 0; bit <<= 1 {
		var yes, wait, unknown, none int
		for _, w := range of {
			switch {
			case w.True&bit != 0:
				yes++
			case w.Unknown&bit != 0:
				unknown++
			case w.Wait&bit != 0:
				wait++
			case w.NoValue&bit != 0:
				none++
			}
		}
		switch {
		case yes >= count:
			out.True |= bit
		case yes+unknown+wait >= count && unknown > 0:
			out.Unknown |= bit
		case yes+unknown+wait >= count:
			out.Wait |= bit
		case yes+unknown+wait+none >= count:
			out.NoValue |= bit
		}
	}
	return out
}

// Tree is logic over the verdicts of leaves: the shape of a condition, without what its leaves say.
type Tree struct {
	Path     string // of the condition: match.all[0]
	Verb     string
	Logic    rules.Logic // 0: a leaf or a reference
	Count    int         // at_least_of
	Children []*Tree
	Leaf     int // index of a leaf's verdicts, -1: logical or reference
	Segment  int // index of the segment referred to, -1: none
}

// Verdict evaluates a tree for the 64 subjects of word i.
func (n *Tree) Verdict(i int, leaves []Verdicts, references func(segment int) Verdicts) Word {
	switch {
	case n.Leaf >= 0:
		return leaves[n.Leaf].Word(i)
	case n.Segment >= 0:
		return references(n.Segment).Word(i)
	}
	first := n.Children[0].Verdict(i, leaves, references)
	switch n.Logic {
	case rules.LogicNot:
		return Not(first)
	case rules.LogicCount:
		words := []Word{first}
		for _, c := range n.Children[1:] {
			words = append(words, c.Verdict(i, leaves, references))
		}
		return AtLeast(n.Count, words)
	}
	join := And
	if n.Logic == rules.LogicAny {
		join = Or
	}
	for _, c := range n.Children[1:] {
		first = join(first, c.Verdict(i, leaves, references))
	}
	return first
}
