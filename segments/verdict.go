package segments

import "github.com/malgrupp/malgrupp/rules/fold"

// planes are the verdicts of one condition or segment for the views of one partition; no bit set is false.
type planes struct{ yes, wait, unknown, none fold.Bits }

func newPlanes(n int) planes {
	return planes{fold.NewBits(n), fold.NewBits(n), fold.NewBits(n), fold.NewBits(n)}
}

func (p planes) verdicts() fold.Verdicts {
	return fold.Verdicts{True: p.yes, Wait: p.wait, Unknown: p.unknown, NoValue: p.none}
}

func (p planes) reset() {
	p.yes.Reset()
	p.wait.Reset()
	p.unknown.Reset()
	p.none.Reset()
}

// word is 64 verdicts.
type word struct{ yes, wait, unknown, none uint64 }

func (p planes) word(i int) word { return word{p.yes[i], p.wait[i], p.unknown[i], p.none[i]} }

func (w word) no() uint64 { return ^(w.yes | w.wait | w.unknown | w.none) }

// and: false beats unknown beats wait beats "no value" beats true (rules/spec.md 4.4).
func and(a, b word) word {
	no := a.no() | b.no()
	unknown := (a.unknown | b.unknown) &^ no
	wait := (a.wait | b.wait) &^ (no | unknown)
	return word{a.yes & b.yes, wait, unknown, (a.none | b.none) &^ (no | unknown | wait)}
}

// or: true beats unknown beats wait beats "no value" beats false.
func or(a, b word) word {
	yes := a.yes | b.yes
	unknown := (a.unknown | b.unknown) &^ yes
	wait := (a.wait | b.wait) &^ (yes | unknown)
	return word{yes, wait, unknown, (a.none | b.none) &^ (yes | unknown | wait)}
}

func not(a word) word { return word{a.no(), a.wait, a.unknown, a.none} }

// atLeast is true where count of the verdicts are. What is undecided may still get there; "no value" never does, but
// unlike false it keeps a `not` above it from becoming true.
func atLeast(count int, of []word) word {
	var out word
	for bit := uint64(1); bit != 0; bit <<= 1 {
		var yes, wait, unknown, none int
		for _, w := range of {
			switch {
			case w.yes&bit != 0:
				yes++
			case w.unknown&bit != 0:
				unknown++
			case w.wait&bit != 0:
				wait++
			case w.none&bit != 0:
				none++
			}
		}
		switch {
		case yes >= count:
			out.yes |= bit
		case yes+unknown+wait >= count && unknown > 0:
			out.unknown |= bit
		case yes+unknown+wait >= count:
			out.wait |= bit
		case yes+unknown+wait+none >= count:
			out.none |= bit
		}
	}
	return out
}

// verdict evaluates a tree for 64 views.
func (n *node) verdict(i int, leaves []planes, references func(segment int) planes) word {
	switch {
	case n.leaf >= 0:
		return leaves[n.leaf].word(i)
	case n.segment >= 0:
		return references(n.segment).word(i)
	}
	first := n.children[0].verdict(i, leaves, references)
	switch n.verb {
	case "not":
		return not(first)
	case "at_least_of":
		words := []word{first}
		for _, c := range n.children[1:] {
			words = append(words, c.verdict(i, leaves, references))
		}
		return atLeast(n.count, words)
	}
	join := and
	if n.verb == "any" {
		join = or
	}
	for _, c := range n.children[1:] {
		first = join(first, c.verdict(i, leaves, references))
	}
	return first
}
