package fold_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules/fold"
)

// verdict is one person's verdict; the words of the engine hold 64 of them.
type verdict string

// In each join the later beats the earlier (docs/language.md, Verdicts).
var (
	byAnd = []verdict{"true", "no value", "wait", "unknown", "false"}
	byOr  = []verdict{"false", "no value", "wait", "unknown", "true"}
)

func joined(order []verdict, of []verdict) verdict {
	return slices.MaxFunc(of, func(a, b verdict) int { return slices.Index(order, a) - slices.Index(order, b) })
}

// reached says whether count of the verdicts can be true, over every way in which what is open may be settled: "no
// value" never becomes true, except that it keeps a result from being plainly false.
func reached(count int, of []verdict) verdict {
	var may, must bool
	may, must = false, true
	ways := [][]bool{nil}
	for _, v := range of {
		var next [][]bool
		for _, w := range ways {
			if v != "true" {
				next = append(next, append(slices.Clone(w), false))
			}
			if v == "true" || v == "unknown" || v == "wait" {
				next = append(next, append(slices.Clone(w), true))
			}
		}
		ways = next
	}
	for _, w := range ways {
		yes := 0
		for _, b := range w {
			if b {
				yes++
			}
		}
		may, must = may || yes >= count, must && yes >= count
	}
	possible := 0
	for _, v := range of {
		if v != "false" {
			possible++
		}
	}
	switch {
	case must:
		return "true"
	case may && slices.Contains(of, "unknown"):
		return "unknown"
	case may:
		return "wait"
	case possible >= count:
		return "no value"
	}
	return "false"
}

func drawWord(t *rapid.T) (w fold.Word, of [64]verdict) {
	for i := range of {
		of[i] = rapid.SampledFrom(byAnd).Draw(t, "verdict")
		switch bit := uint64(1) << i; of[i] {
		case "true":
			w.True |= bit
		case "wait":
			w.Wait |= bit
		case "unknown":
			w.Unknown |= bit
		case "no value":
			w.NoValue |= bit
		}
	}
	return w, of
}

// at is the verdict of one of the 64.
func at(w fold.Word, i int) verdict {
	var out []verdict
	for _, plane := range []struct {
		bits uint64
		name verdict
	}{{w.True, "true"}, {w.Wait, "wait"}, {w.Unknown, "unknown"}, {w.NoValue, "no value"}, {w.False(), "false"}} {
		if plane.bits>>i&1 != 0 {
			out = append(out, plane.name)
		}
	}
	if len(out) != 1 {
		return "several at once"
	}
	return out[0]
}

func TestWordsAreJoinedAsThePeopleInThemAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 5).Draw(t, "conditions")
		words, of := make([]fold.Word, n), make([][64]verdict, n)
		for i := range words {
			words[i], of[i] = drawWord(t)
		}
		count := rapid.IntRange(1, n).Draw(t, "count")
		all, some := words[0], words[0]
		for _, w := range words[1:] {
			all, some = fold.And(all, w), fold.Or(some, w)
		}
		several, opposite := fold.AtLeast(count, words), fold.Not(words[0])
		for i := range 64 {
			var person []verdict
			for k := range of {
				person = append(person, of[k][i])
			}
			want := map[verdict]verdict{"true": "false", "false": "true"}[person[0]]
			if want == "" {
				want = person[0]
			}
			for _, c := range []struct {
				what      string
				got, want verdict
			}{
				{"all", at(all, i), joined(byAnd, person)},
				{"any", at(some, i), joined(byOr, person)},
				{"not", at(opposite, i), want},
				{"at_least_of", at(several, i), reached(count, person)},
			} {
				if c.got != c.want {
					t.Fatalf("%s (%d) of %q is %s, want %s", c.what, count, person, c.got, c.want)
				}
			}
		}
	})
}
