package sets

import (
	"regexp/syntax"
	"slices"
)

// pattern passes texts that match a regular expression as a whole. Its place is all instructions that may come next,
// and what the last letter was, of which the borders of words ask.
type pattern struct {
	prog *syntax.Prog
}

// newPattern reads a pattern that rules allow.
func newPattern(text string) (pattern, error) {
	re, err := syntax.Parse(`\A(?:`+text+`)\z`, syntax.Perl)
	if err != nil {
		return pattern{}, err
	}
	prog, err := syntax.Compile(re.Simplify())
	return pattern{prog}, err
}

// before is the letter in front of a place: none, a letter of a word, or another one.
const (
	atStart = iota
	inWord
	outside
)

var beforeRunes = [...]rune{atStart: -1, inWord: 'a', outside: ' '}

func (p pattern) start() string { return packed(atStart, 1, p.prog.Start) }

func (p pattern) threads(at string) (before int, threads []uint32) {
	var head [2]int
	unpack(at, head[:])
	all := make([]int, 2+head[1])
	unpack(at, all)
	for _, n := range all[2:] {
		threads = append(threads, uint32(n))
	}
	return head[0], threads
}

func (p pattern) read(at string, l letter) string {
	before, threads := p.threads(at)
	var next []int
	for _, pc := range p.reached(threads, syntax.EmptyOpContext(beforeRunes[before], l.char)) {
		if inst := &p.prog.Inst[pc]; inst.Op != syntax.InstMatch && inst.MatchRune(l.char) {
			next = append(next, int(inst.Out))
		}
	}
	slices.Sort(next)
	next = slices.Compact(next)
	before = outside
	if syntax.IsWordChar(l.char) {
		before = inWord
	}
	return packed(append([]int{before, len(next)}, next...)...)
}

func (p pattern) passes(at string) bool {
	before, threads := p.threads(at)
	return slices.ContainsFunc(p.reached(threads, syntax.EmptyOpContext(beforeRunes[before], -1)), func(pc uint32) bool {
		return p.prog.Inst[pc].Op == syntax.InstMatch
	})
}

func (p pattern) settled(at string) bool {
	_, threads := p.threads(at)
	return len(threads) == 0
}

// reached are the instructions that read a letter or end the match, reached without reading one.
func (p pattern) reached(from []uint32, empty syntax.EmptyOp) (out []uint32) {
	seen := make([]bool, len(p.prog.Inst))
	var follow func(pc uint32)
	follow = func(pc uint32) {
		if seen[pc] {
			return
		}
		seen[pc] = true
		switch inst := &p.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			follow(inst.Out)
			follow(inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			follow(inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^empty == 0 {
				follow(inst.Out)
			}
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	for _, pc := range from {
		follow(pc)
	}
	return out
}
