package suite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
)

// judgedTree is a condition with the verdicts of all that it is made of.
type judgedTree struct {
	root *rules.Condition
	v    verdicts
}

// draw makes a random tree of logic; what its leaves are is drawn as well.
func (j *judgedTree) draw(t *rapid.T, path string, depth int) *rules.Condition {
	c := &rules.Condition{Path: path, Verb: "did"}
	if depth > 0 {
		c.Verb = rapid.SampledFrom([]string{"all", "any", "not", "at_least_of", "did"}).Draw(t, "verb")
	}
	switch c.Verb {
	case "did":
		j.v[path] = rapid.SampledFrom(severity).Draw(t, "verdict")
		return c
	case "not":
		c.Children = []*rules.Condition{j.draw(t, path+".not", depth-1)}
	default:
		for i := range rapid.IntRange(1, 3).Draw(t, "children") {
			c.Children = append(c.Children, j.draw(t, fmt.Sprintf("%s.%s[%d]", path, c.Verb, i), depth-1))
		}
		c.Count = rapid.IntRange(1, len(c.Children)).Draw(t, "count")
	}
	j.v[path] = joined(c, j.v)
	return c
}

// joined is the verdict of a logical condition, from those of its children, by the table of docs/language.md, Verdicts.
func joined(c *rules.Condition, v verdicts) verdict {
	count := map[verdict]int{}
	for _, child := range c.Children {
		count[v[child.Path]]++
	}
	first := func(order ...verdict) verdict {
		return order[slices.IndexFunc(order, func(v verdict) bool { return count[v] > 0 })]
	}
	switch c.Verb {
	case "all":
		return first(isFalse, isUnknown, isWait, hasNone, isTrue)
	case "any":
		return first(isTrue, isUnknown, isWait, hasNone, isFalse)
	case "not":
		return opposite(first(severity...))
	}
	switch may := count[isTrue] + count[isUnknown] + count[isWait]; {
	case count[isTrue] >= c.Count:
		return isTrue
	case may >= c.Count && count[isUnknown] > 0:
		return isUnknown
	case may >= c.Count:
		return isWait
	case may+count[hasNone] >= c.Count:
		return hasNone
	}
	return isFalse
}

func opposite(v verdict) verdict {
	switch v {
	case isTrue:
		return isFalse
	case isFalse:
		return isTrue
	}
	return v
}

// walked finds the deciding path by another way than deciding: from the outside in, a child decides alone if the condition
// would have the same verdict whatever better verdict its other children had, and no child before it does.
func walked(c *rules.Condition, v verdicts) string {
	neutral := map[string]verdict{"all": isTrue, "any": isFalse}[c.Verb]
	for _, child := range c.Children {
		others := verdicts{}
		for _, o := range c.Children {
			others[o.Path] = neutral
		}
		others[child.Path] = v[child.Path]
		alone := neutral != "" && v[c.Path] != neutral && joined(c, others) == v[c.Path]
		if c.Verb == "not" || alone {
			return walked(child, v)
		}
	}
	return c.Path
}

func TestWhatDecidedIsWhatAnIndependentWalkFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := judgedTree{v: verdicts{}}
		j.root = j.draw(t, "match", 3)
		want := walked(j.root, j.v)
		d := j.v.deciding(j.root)
		if d.Path != want {
			t.Fatalf("%s decided, want %s; verdicts %v", d.Path, want, j.v)
		}
		for c := range conditions(j.root) {
			if strings.HasPrefix(d.Path, c.Path) && !j.v.named(j.root, c.Path) {
				t.Errorf("%s is the way to %s and is not accepted; verdicts %v", c.Path, d.Path, j.v)
			}
			below := strings.HasPrefix(c.Path, d.Path)
			if j.v.named(j.root, c.Path) && !below && !strings.HasPrefix(d.Path, c.Path) {
				t.Errorf("%s is accepted, and %s decided; verdicts %v", c.Path, d.Path, j.v)
			}
		}
	})
}

func TestTheHalfThatKeepsAPersonOutDecides(t *testing.T) {
	s := &rules.Segment{Match: &rules.Condition{Verb: "did", Path: "match"}, Exclude: &rules.Condition{Verb: "did", Path: "exclude"}}
	both := &rules.Condition{Verb: "all", Path: "both", Children: []*rules.Condition{s.Match, s.Exclude}}
	for _, match := range severity {
		for _, exclude := range severity {
			v := verdicts{"match": match, "exclude": opposite(exclude)}
			v["both"] = joined(both, v)
			want := "match"
			if v["both"] != match {
				want = "exclude"
			}
			v["exclude"] = exclude
			if got := v.root(s).Path; got != want {
				t.Errorf("match %s, exclude %s: %s decided, want %s", match, exclude, got, want)
			}
		}
	}
}
