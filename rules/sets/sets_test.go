package sets_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules/sets"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// holds is what a demand means for a value, written down once more in the plainest way.
func holds(d sets.Demand, v value.Value) bool {
	of := func(i int) int { return value.Compare(v, d.Args[i]) }
	is := false
	switch d.Op {
	case where.OpEqual, where.OpIn:
		is = slices.ContainsFunc(d.Args, func(a value.Value) bool { return value.Compare(a, v) == 0 })
	case where.OpLess:
		is = of(0) < 0
	case where.OpLessEqual:
		is = of(0) <= 0
	case where.OpGreater:
		is = of(0) > 0
	case where.OpGreaterEqual:
		is = of(0) >= 0
	case where.OpBetween:
		is = of(0) >= 0 && of(1) <= 0
	case where.OpStartsWith:
		is = strings.HasPrefix(v.Text, d.Args[0].Text)
	case where.OpEndsWith:
		is = strings.HasSuffix(v.Text, d.Args[0].Text)
	case where.OpContains:
		is = strings.Contains(v.Text, d.Args[0].Text)
	case where.OpMatches:
		is = regexp.MustCompile(`\A(?:` + d.Args[0].Text + `)\z`).MatchString(v.Text)
		if !utf8.ValidString(v.Text) {
			return false // unknown, whatever is asked
		}
	}
	return is != d.Not
}

var texts = []string{
	"", "a", "b", "/", "ab", "ba", "aa", "/a", "/b", "/a/", "/ab", "/ba/b", "ä", "aä", "äa", "\n", "a\nb",
	"\x80", "a\xff", "é",
	"\xc3", "aab", "abab", "a b", " ", "A", "z", "~", "\U0010ffff", "a.b",
}

var patterns = []string{
	"a*", "[a-c]+", ".*", "a|ab", "/a/?.*", "(?:ab)*", ".b.", `\w+`, `a\b.*`,
	"[^a]*", "", "a{2,3}", "^a.*$", ".*ä", `[a-z/]+\b`,
	"a.?|.?b", `\s*`,
}

func text(t string) value.Value { return value.Value{Kind: value.Text, Text: t} }

func textDemand(t *rapid.T) sets.Demand {
	d := sets.Demand{Not: rapid.Bool().Draw(t, "not")}
	d.Op = rapid.SampledFrom([]where.Op{
		where.OpEqual, where.OpIn, where.OpLess, where.OpLessEqual, where.OpGreater, where.OpGreaterEqual,
		where.OpBetween, where.OpStartsWith, where.OpEndsWith, where.OpContains, where.OpMatches,
		where.OpStartsWith, where.OpContains,
	}).Draw(t, "op")
	some := rapid.SampledFrom(texts).Filter(utf8.ValidString) // a rule's file is UTF-8
	switch d.Op {
	case where.OpMatches:
		d.Args = []value.Value{text(rapid.SampledFrom(patterns).Draw(t, "pattern"))}
	case where.OpIn:
		for range rapid.IntRange(0, 4).Draw(t, "values") {
			d.Args = append(d.Args, text(some.Draw(t, "value")))
		}
	case where.OpBetween:
		d.Args = []value.Value{text(some.Draw(t, "low")), text(some.Draw(t, "high"))}
	default:
		d.Args = []value.Value{text(some.Draw(t, "value"))}
	}
	return d
}

// What is found passes every demand; where none is said to be, no text of a small world passes them.
func TestATextIsFoundWhereThereIsOne(t *testing.T) {
	kind := value.Type{Kind: value.Text}
	rapid.Check(t, func(t *rapid.T) {
		demands := rapid.SliceOfN(rapid.Custom(textDemand), 1, 4).Draw(t, "demands")
		all := func(v value.Value) bool {
			return !slices.ContainsFunc(demands, func(d sets.Demand) bool { return !holds(d, v) })
		}
		found, answer := sets.Find(sets.Domain{Type: kind}, demands)
		switch answer {
		case sets.Some:
			if !all(found) {
				t.Fatalf("%q does not pass %+v", found.Text, demands)
			}
		case sets.None:
			for _, a := range texts {
				for _, b := range texts {
					if all(text(a + b)) {
						t.Fatalf("%q passes %+v", a+b, demands)
					}
				}
			}
		case sets.Perhaps:
			if slices.ContainsFunc(texts, func(a string) bool { return utf8.ValidString(a) && all(text(a)) }) {
				t.Fatalf("nothing is known of %+v", demands)
			}
		}
	})
}

// A text that is named is the one that is walked to, so it makes no difference to what is shown of it.
func TestTheTextThatIsNamedIsTheOneThatIsWalkedTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := sets.Domain{Type: value.Type{Kind: value.Text}, OneLine: rapid.Bool().Draw(t, "one line")}
		if rapid.Bool().Draw(t, "shaped") {
			d.Pattern = rapid.SampledFrom(patterns).Draw(t, "shape")
		}
		demands := rapid.SliceOfN(rapid.Custom(textDemand), 0, 4).Draw(t, "demands")
		quick, ok := sets.Named(d, demands)
		if slow, answer := sets.Walked(d, demands); ok && (answer != sets.Some || slow.Text != quick.Text) {
			t.Fatalf("%q is named of %+v, and %q (%d) is walked to", quick.Text, demands, slow.Text, answer)
		}
	})
}

// Behind a text of which the answer has no end, anything may follow.
func TestBehindAnEndlessTextAnythingMayFollow(t *testing.T) {
	d := sets.Domain{Type: value.Type{Kind: value.Text}}
	if one := []sets.Demand{{Op: where.OpStartsWith, Args: []value.Value{text("/a")}}}; !sets.Endless(d, one, text("/a")) {
		t.Error("of texts that begin with /a there is an end")
	}
	rapid.Check(t, func(t *rapid.T) {
		demands := rapid.SliceOfN(rapid.Custom(textDemand), 0, 4).Draw(t, "demands")
		found, answer := sets.Find(d, demands)
		if answer != sets.Some || !sets.Endless(d, demands, found) {
			return
		}
		more := text(found.Text + rapid.SampledFrom(texts).Filter(utf8.ValidString).Draw(t, "more"))
		for _, demand := range demands {
			if !holds(demand, more) {
				t.Fatalf("%q passes %+v, whatever follows, and %q does not", found.Text, demands, more.Text)
			}
		}
	})
}

// Of ranges everything is decided: there is one number or there is none.
func TestANumberIsFoundWhereThereIsOne(t *testing.T) {
	kind := rapid.SampledFrom([]value.Kind{value.Integer, value.Boolean, value.Float, value.Date})
	rapid.Check(t, func(t *rapid.T) {
		kind := kind.Draw(t, "kind")
		of := func(n int) value.Value {
			if kind == value.Float {
				return value.Value{Kind: kind, Float: float64(n) / 2}
			}
			return value.Value{Kind: kind, Int: int64(n)}
		}
		least, most := -3, 3
		if kind == value.Boolean {
			least, most = 0, 1
		}
		some := rapid.IntRange(least, most)
		var demands []sets.Demand
		for range rapid.IntRange(1, 4).Draw(t, "demands") {
			d := sets.Demand{Not: rapid.Bool().Draw(t, "not"), Op: rapid.SampledFrom([]where.Op{
				where.OpEqual, where.OpIn, where.OpLess, where.OpLessEqual, where.OpGreater, where.OpGreaterEqual, where.OpBetween,
			}).Draw(t, "op")}
			for range map[where.Op]int{where.OpIn: 3, where.OpBetween: 2}[d.Op] + 1 {
				d.Args = append(d.Args, of(some.Draw(t, "value")))
			}
			demands = append(demands, d)
		}
		all := func(v value.Value) bool {
			return !slices.ContainsFunc(demands, func(d sets.Demand) bool { return !holds(d, v) })
		}
		found, answer := sets.Find(sets.Domain{Type: value.Type{Kind: kind}}, demands)
		if answer == sets.Perhaps || answer == sets.Some && !all(found) {
			t.Fatalf("%+v: %v %+v", demands, answer, found)
		}
		for n := least - 1; answer == sets.None && n <= most+1; n++ {
			if v := of(n); all(v) && (kind != value.Boolean || n == 0 || n == 1) {
				t.Fatalf("%+v passes %+v", v, demands)
			}
		}
	})
}

// A world of one line has no text with a line break, and one with a pattern only texts that match it.
func TestOnlyTextsOfTheDomainAreFound(t *testing.T) {
	kind := value.Type{Kind: value.Text}
	anything := []sets.Demand{{Op: where.OpMatches, Not: true, Args: []value.Value{text(".*")}}}
	if v, answer := sets.Find(sets.Domain{Type: kind}, anything); answer != sets.Some || !strings.Contains(v.Text, "\n") {
		t.Errorf("%q %v", v.Text, answer)
	}
	if v, answer := sets.Find(sets.Domain{Type: kind, OneLine: true}, anything); answer != sets.None {
		t.Errorf("%q %v", v.Text, answer)
	}
	long := []sets.Demand{{Op: where.OpStartsWith, Args: []value.Value{text("ab")}}}
	if v, answer := sets.Find(sets.Domain{Type: kind, Pattern: "a[^b].*"}, long); answer != sets.None {
		t.Errorf("%q %v", v.Text, answer)
	}
}

// However long a question is, the answer comes soon; it may be that nobody knows.
func TestALongQuestionIsGivenUp(t *testing.T) {
	var demands []sets.Demand
	for _, r := range "abcdefghijklmnopqrst" {
		demands = append(demands, sets.Demand{
			Op: where.OpContains, Args: []value.Value{text(strings.Repeat(string(r), 20))},
		})
	}
	if _, answer := sets.Find(sets.Domain{Type: value.Type{Kind: value.Text}}, demands); answer != sets.Perhaps {
		t.Errorf("%v", answer)
	}
}

// Demands that are said not to tell a beginning from others do not, whatever follows them.
func TestADemandThatTellsNothingHoldsAlikeWhateverFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		demands := rapid.SliceOfN(rapid.Custom(textDemand), 1, 2).Draw(t, "demands")
		some := rapid.SampledFrom(texts).Filter(utf8.ValidString)
		beginning, whole := some.Draw(t, "beginning"), rapid.Bool().Draw(t, "whole")
		others := rapid.SliceOfN(some, 0, 2).Draw(t, "others")
		if sets.Tells(demands, beginning, others, whole) {
			return
		}
		all := func(s string) bool {
			return !slices.ContainsFunc(demands, func(d sets.Demand) bool { return !holds(d, text(s)) })
		}
		for _, rest := range texts {
			tells := all(beginning+rest) && !slices.ContainsFunc(others, func(o string) bool { return all(o + rest) })
			if tells && (rest == "" || !whole) {
				t.Fatalf("%q tells %q from %q by %+v", rest, beginning, others, demands)
			}
		}
	})
}
