package segments

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
)

// logic is a condition of a random tree; what its leaves are is drawn as well.
type logic struct {
	path, verb string
	count      int // of an at_least_of
	terms      []*logic
	is         Verdict
}

func draw(t *rapid.T, path string, depth int) *logic {
	c := &logic{path: path, verb: "did"}
	if depth > 0 {
		c.verb = rapid.SampledFrom([]string{"all", "any", "not", "at_least_of", "did"}).Draw(t, "verb")
	}
	switch c.verb {
	case "did":
		c.is = rapid.SampledFrom(severity).Draw(t, "verdict")
		return c
	case "not":
		c.terms = []*logic{draw(t, path+".not", depth-1)}
	default:
		for i := range rapid.IntRange(1, 3).Draw(t, "terms") {
			c.terms = append(c.terms, draw(t, fmt.Sprintf("%s.%s[%d]", path, c.verb, i), depth-1))
		}
		c.count = rapid.IntRange(1, len(c.terms)).Draw(t, "count")
	}
	c.is = c.joined(verdictOf)
	return c
}

var logics = map[string]rules.Logic{
	"all": rules.LogicAll, "any": rules.LogicAny, "not": rules.LogicNot, "at_least_of": rules.LogicCount,
}

func verdictOf(c *logic) Verdict { return c.is }

// joined is the verdict of a logical condition, from those of its terms, by the table of docs/language.md, Verdicts.
func (c *logic) joined(is func(*logic) Verdict) Verdict {
	count := map[Verdict]int{}
	for _, term := range c.terms {
		count[is(term)]++
	}
	first := func(order ...Verdict) Verdict {
		return order[slices.IndexFunc(order, func(v Verdict) bool { return count[v] > 0 })]
	}
	switch c.verb {
	case "all":
		return first(IsFalse, IsUnknown, IsWait, HasNone, IsTrue)
	case "any":
		return first(IsTrue, IsUnknown, IsWait, HasNone, IsFalse)
	case "not":
		return opposite(first(severity...))
	}
	switch may := count[IsTrue] + count[IsUnknown] + count[IsWait]; {
	case count[IsTrue] >= c.count:
		return IsTrue
	case may >= c.count && count[IsUnknown] > 0:
		return IsUnknown
	case may >= c.count:
		return IsWait
	case may+count[HasNone] >= c.count:
		return HasNone
	}
	return IsFalse
}

func opposite(v Verdict) Verdict {
	switch v {
	case IsTrue:
		return IsFalse
	case IsFalse:
		return IsTrue
	}
	return v
}

// decided finds what decided by another way than Because: from the outside in, a term decides alone if the condition
// would have the same verdict whatever better verdict its other terms had, and no term before it does.
func (c *logic) decided() string {
	neutral := map[string]Verdict{"all": IsTrue, "any": IsFalse}[c.verb]
	for _, term := range c.terms {
		alone := neutral != "" && c.is != neutral && c.is == c.joined(func(o *logic) Verdict {
			if o == term {
				return o.is
			}
			return neutral
		})
		if c.verb == "not" || alone {
			return term.decided()
		}
	}
	return c.path
}

// into adds the condition and its terms to the breakdown of one person.
func (c *logic) into(s *Breakdown, depth int) {
	n := Node{Path: c.path, Verb: c.verb, Logic: logics[c.verb], Depth: depth}
	switch c.is {
	case IsTrue:
		n.True = 1
	case IsFalse:
		n.False = 1
	case IsUnknown:
		n.Unknown = 1
	case IsWait:
		n.Wait = 1
	case HasNone:
		n.NoValue = 1
	}
	s.Nodes = append(s.Nodes, n)
	for _, term := range c.terms {
		term.into(s, depth+1)
	}
}

func TestWhatDecidedIsWhatAnIndependentWalkFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root, s := draw(t, "match", 3), &Breakdown{Seen: 1}
		root.into(s, 0)
		want, got := root.decided(), s.Because().Path
		if got != want {
			t.Fatalf("%s decided, want %s; conditions %+v", got, want, s.Nodes)
		}
		for _, n := range s.Nodes {
			above, below := strings.HasPrefix(got, n.Path), strings.HasPrefix(n.Path, got)
			switch named := s.Names(n.Path); {
			case above && !named:
				t.Errorf("%s is the way to %s and is not accepted; conditions %+v", n.Path, got, s.Nodes)
			case named && !above && !below:
				t.Errorf("%s is accepted, and %s decided; conditions %+v", n.Path, got, s.Nodes)
			}
		}
	})
}

func TestTheHalfThatKeepsAPersonOutDecides(t *testing.T) {
	for _, match := range severity {
		for _, exclude := range severity {
			both := logic{verb: "all", terms: []*logic{{is: match}, {is: opposite(exclude)}}}
			want := "match"
			if both.joined(verdictOf) != match {
				want = "exclude"
			}
			s := &Breakdown{Seen: 1}
			(&logic{path: "match", verb: "did", is: match}).into(s, 0)
			(&logic{path: "exclude", verb: "did", is: exclude}).into(s, 0)
			if got := s.Because().Path; got != want {
				t.Errorf("match %s, exclude %s: %s decided, want %s", match, exclude, got, want)
			}
		}
	}
}
