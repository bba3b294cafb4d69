package sets

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// likely are the letters that a text which is shown is made of, where there is a choice.
const likely = "abcdefghijklmnopqrstuvwxyz0123456789/-_.ABCDEFGHIJKLMNOPQRSTUVWXYZ "

// alphabet is one letter for every sort of them that the demands tell apart, the likely ones first, and the bytes
// that make a difference to order although they are no letters.
func alphabet(d Domain, demands []Demand) []letter {
	cuts := map[rune]bool{0: true, 0x20: true, 0x7f: true, 0x80: true, 0xd800: true, 0xe000: true}
	bytes := map[byte]bool{0x80: true, 0xff: true}
	cut := func(from, to rune) { cuts[from], cuts[to+1] = true, true }
	for _, demand := range demands {
		for _, v := range demand.Args {
			if demand.Op == where.OpMatches {
				cutPattern(v.Text, cut)
				continue
			}
			cutText(v, cut, bytes)
		}
	}
	cutPattern(d.Pattern, cut)
	return letters(cuts, bytes, d.OneLine)
}

func cutText(v value.Value, cut func(from, to rune), bytes map[byte]bool) {
	for _, r := range v.Text {
		cut(r, r)
	}
	for _, b := range []byte(v.Text) {
		for _, near := range []byte{b - 1, b, b + 1} {
			if near >= utf8.RuneSelf {
				bytes[near] = true
			}
		}
	}
}

// cutPattern cuts the alphabet where a pattern's classes begin and end, and between the letters of words and others.
func cutPattern(pattern string, cut func(from, to rune)) {
	for _, r := range [][2]rune{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {'\n', '\n'}} {
		cut(r[0], r[1])
	}
	p, err := newPattern(pattern)
	if err != nil {
		return
	}
	for _, inst := range p.prog.Inst {
		if inst.Op != syntax.InstRune && inst.Op != syntax.InstRune1 {
			continue
		}
		if len(inst.Rune) == 1 {
			cut(inst.Rune[0], inst.Rune[0])
		}
		for i := 0; i+1 < len(inst.Rune); i += 2 {
			cut(inst.Rune[i], inst.Rune[i+1])
		}
	}
}

// letters picks a letter between any two cuts.
func letters(cuts map[rune]bool, bytes map[byte]bool, oneLine bool) []letter {
	var at []rune
	for r := range cuts {
		if r <= utf8.MaxRune {
			at = append(at, r)
		}
	}
	slices.Sort(at)
	var first, then, last []letter
	for i, from := range at {
		to := rune(utf8.MaxRune)
		if i+1 < len(at) {
			to = at[i+1] - 1
		}
		n := slices.IndexFunc([]rune(likely), func(r rune) bool { return from <= r && r <= to })
		switch {
		case from >= 0xd800 && from < 0xe000, oneLine && from == '\n' && to == '\n':
		case n >= 0:
			first = append(first, character([]rune(likely)[n]))
		case from >= 0x20:
			then = append(then, character(from))
		default:
			last = append(last, character(from))
		}
	}
	for b := range bytes {
		last = append(last, letter{utf8.RuneError, string([]byte{b})})
	}
	slices.SortFunc(last, func(a, b letter) int { return slices.Compare([]byte(a.bytes), []byte(b.bytes)) })
	slices.SortStableFunc(first, func(a, b letter) int { return rank(a) - rank(b) })
	return slices.Concat(first, then, last)
}

func rank(l letter) int {
	return slices.Index([]rune(likely), l.char)
}
