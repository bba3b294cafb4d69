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
	cuts := []rune{0, 0x20, 0x7f, 0x80, 0xd800, 0xe000}
	bytes := [256]bool{0x80: true, 0xff: true}
	cut := func(from, to rune) { cuts = append(cuts, from, to+1) }
	for _, demand := range demands {
		for _, v := range demand.Args {
			if demand.Op == where.OpMatches {
				cutPattern(v.Text, cut)
				continue
			}
			cutText(v, cut, &bytes)
		}
	}
	cutPattern(d.Pattern, cut)
	slices.Sort(cuts)
	return letters(slices.Compact(cuts), &bytes, d.OneLine)
}

func cutText(v value.Value, cut func(from, to rune), bytes *[256]bool) {
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

// letters picks a letter between any two cuts, which stand in order.
func letters(cuts []rune, bytes *[256]bool, oneLine bool) []letter {
	picked := make([]bool, len(cuts))
	var first, then, last []letter
	for _, r := range likely {
		at, begins := slices.BinarySearch(cuts, r)
		if !begins {
			at--
		}
		if !picked[at] {
			picked[at] = true
			first = append(first, character(r))
		}
	}
	for i, from := range cuts {
		to := rune(utf8.MaxRune)
		if i+1 < len(cuts) {
			to = cuts[i+1] - 1
		}
		switch {
		case picked[i], from > utf8.MaxRune, from >= 0xd800 && from < 0xe000, oneLine && from == '\n' && to == '\n':
		case from >= 0x20:
			then = append(then, character(from))
		default:
			last = append(last, character(from))
		}
	}
	for b, differs := range bytes {
		if differs {
			last = append(last, letter{utf8.RuneError, string([]byte{byte(b)})})
		}
	}
	return slices.Concat(first, then, last)
}
