package lint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// fact is a condition that must be true, or with not false, of the people who are looked at.
type fact struct {
	cond *rules.Condition
	not  bool
}

// factsOf are the conditions that all must hold for a condition to be true, or with not false.
func factsOf(c *rules.Condition, not bool) (out []fact) {
	logic := c.Is().Logic
	switch {
	case logic == rules.LogicNot && len(c.Children) == 1:
		return factsOf(c.Children[0], !not)
	case logic == rules.LogicAll && !not, logic == rules.LogicAny && not:
		for _, child := range c.Children {
			out = append(out, factsOf(child, not)...)
		}
		return out
	}
	return []fact{{c, not}}
}

// failing are the facts of people of whom a condition is not true. Of what may also have no value, a `not` is then not
// true either: nothing is known of it.
func failing(c *rules.Condition) []fact {
	return slices.DeleteFunc(factsOf(c, true), func(f fact) bool {
		return !f.not && (f.cond.Has != nil || f.cond.Is().Takes == rules.TakesWhere || mayLackValue(f.cond))
	})
}

// lintPeople reports conditions that nobody fulfils together, and alternatives that leave nobody out.
func (l *linter) lintPeople(r *source.Report, seg *rules.Segment) {
	l.together(r, nil, factsOf(seg.Match, false))
	for cond := range seg.Conditions() {
		if cond.Is().Logic == 0 {
			for _, child := range cond.Children { // a session is a world of its own
				l.together(r, nil, factsOf(child, false))
			}
		}
		if cond.Is().Logic == rules.LogicAny {
			l.leftOut(r, cond)
		}
	}
	if seg.Exclude == nil {
		return
	}
	l.together(r, nil, factsOf(seg.Exclude, false))
	l.lintExclusion(r, seg)
}

// lintExclusion reports an exclusion of everybody, and one of nobody: of those who fulfil match.
func (l *linter) lintExclusion(r *source.Report, seg *rules.Segment) {
	facts := factsOf(seg.Match, false)
	if by, excluded := l.excludes(facts, seg.Exclude); excluded {
		r.Fail("E-CONTRADICTION", seg.Exclude.Span, "this excludes everybody who fulfils "+placeOf(r, by),
			source.Expected("an exclusion that leaves somebody of match"))
		return
	}
	for _, f := range factsOf(seg.Exclude, false) {
		if by, ok := l.contradicted(facts, f); ok {
			r.Warn("W-TAUTOLOGY", f.cond.Span, "this excludes nobody: whoever fulfils it does not fulfil "+placeOf(r, by.cond),
				source.Expected("an exclusion of somebody whom match lets in, or none"))
			return
		}
	}
}

// together reports facts that contradict one given before; of alternatives each is looked at.
func (l *linter) together(r *source.Report, given, facts []fact) {
	var open []fact
	given = slices.Clip(given)
	for _, f := range facts {
		if by, ok := l.contradicted(given, f); ok {
			later, earlier := f.cond, by.cond
			if later.Span.Start < earlier.Span.Start {
				later, earlier = earlier, later
			}
			r.Fail("E-CONTRADICTION", later.Span, "nobody fulfils both this and "+placeOf(r, earlier),
				source.Expected("any instead of all, one of the two, or another event, where, window or number"))
			continue
		}
		given = append(given, f)
		if f.cond.Is().Logic == rules.LogicCount && !f.not && l.tooMany(f.cond) {
			r.Fail("E-CONTRADICTION", f.cond.Span, "nobody fulfils so many of these: some exclude each other",
				source.Expected("a smaller count, or other conditions"))
		}
		if logic := f.cond.Is().Logic; !f.not && (logic == rules.LogicAny || logic == rules.LogicCount) {
			open = append(open, f)
		}
	}
	for _, f := range open {
		others := slices.DeleteFunc(slices.Clone(given), func(o fact) bool { return o.cond == f.cond })
		for _, child := range f.cond.Children {
			l.together(r, others, factsOf(child, false))
		}
	}
}

// tooMany reports whether of some conditions pairs exclude each other, so that fewer are left than must be true.
func (l *linter) tooMany(c *rules.Condition) bool {
	left := slices.Clone(c.Children)
	possible := len(left)
	for len(left) > 0 {
		first := left[0]
		left = left[1:]
		i := slices.IndexFunc(left, func(other *rules.Condition) bool {
			facts := factsOf(first, false)
			return slices.ContainsFunc(factsOf(other, false), func(f fact) bool {
				_, excluded := l.contradicted(facts, f)
				return excluded
			})
		})
		if i >= 0 {
			left, possible = slices.Delete(left, i, i+1), possible-1
		}
	}
	return possible < c.Count
}

// placeOf names a condition and its line.
func placeOf(r *source.Report, c *rules.Condition) string {
	return fmt.Sprintf("%s (line %d)", c.Path, r.Source.Position(c.Span.Start).Line)
}

func (l *linter) contradicted(given []fact, f fact) (by fact, ok bool) {
	i := slices.IndexFunc(given, func(g fact) bool { return l.nobody(g, f) })
	if i < 0 {
		return fact{}, false
	}
	return given[i], true
}

// excludes reports whether everybody who fulfils some facts fulfils an exclusion, and which fact says so.
func (l *linter) excludes(facts []fact, c *rules.Condition) (by *rules.Condition, ok bool) {
	spared := failing(c)
	for i, f := range spared {
		if by, ok := l.contradicted(facts, f); ok {
			return by.cond, true
		}
		if _, ok := l.contradicted(spared[:i], f); ok {
			return facts[0].cond, true // it is true of everybody
		}
	}
	if c.Is().Logic == rules.LogicAll {
		for _, child := range c.Children {
			if by, ok = l.excludes(facts, child); !ok {
				return nil, false
			}
		}
		return by, ok
	}
	for _, f := range facts {
		if f.not || f.cond.Is().Logic != rules.LogicAny {
			continue
		}
		if !slices.ContainsFunc(f.cond.Children, func(child *rules.Condition) bool {
			_, ok := l.excludes(factsOf(child, false), c)
			return !ok
		}) {
			return f.cond, true
		}
	}
	return nil, false
}

// leftOut reports two alternatives of which everybody fulfils one.
func (l *linter) leftOut(r *source.Report, cond *rules.Condition) {
	facts := failing(cond)
	for i, f := range facts {
		if by, ok := l.contradicted(facts[:i], f); ok {
			r.Warn("W-TAUTOLOGY", f.cond.Span, "everybody fulfils this or "+placeOf(r, by.cond),
				source.Expected("one of the two"))
		}
	}
}

// nobody reports whether nobody fulfils two facts.
func (l *linter) nobody(f, g fact) bool {
	switch {
	case f.not != g.not && f.cond.Normal() == g.cond.Normal():
		return true
	case f.cond.Is().Takes == rules.TakesWhere && g.cond.Is().Takes == rules.TakesWhere && !f.not && !g.not:
		return l.wordsOf(f.cond).Never(f.cond.Where, g.cond.Where)
	case f.cond.Is().Takes == rules.TakesWhere && g.cond.Is().Takes == rules.TakesWhere && f.not && g.not:
		return l.wordsOf(f.cond).Within(nil, rules.Or{f.cond.Where, g.cond.Where})
	case l.exceeds(f, g) || l.exceeds(g, f):
		return true
	case f.cond.Has != nil && g.cond.Has != nil && !f.not && !g.not && bare(f.cond) == bare(g.cond):
		return l.words.Never(l.words.About(f.cond.Events, f.cond.AnyEvent, f.cond.Where), f.cond.Has, g.cond.Has)
	}
	return l.sameMeasure(f.cond, g.cond) && !f.not && !g.not && apart(f.cond.Compare, g.cond.Compare)
}

// sameMeasure reports whether two conditions compare one number of one set of rows.
func (l *linter) sameMeasure(a, b *rules.Condition) bool {
	if a.Compare == nil || b.Compare == nil || a.Verb != b.Verb {
		return false
	}
	return bare(a) == bare(b)
}

// bare is the same for conditions that look at the same rows, whatever they ask of what they find.
func bare(c *rules.Condition) string {
	without := *c
	without.Compare, without.Has = nil, nil
	return without.Normal()
}

// apart reports whether no number passes both comparisons.
func apart(a, b *rules.Compare) bool { return over(a, b) || over(b, a) }

// over reports whether all that passes a is greater than all that passes b.
func over(a, b *rules.Compare) bool {
	strict := a.Op == rules.MoreThan || b.Op == rules.LessThan
	low := a.Op == rules.AtLeast || a.Op == rules.MoreThan || a.Op == rules.Exactly
	high := b.Op == rules.AtMost || b.Op == rules.LessThan || b.Op == rules.Exactly
	c := compareNumbers(a.Bound, b.Bound)
	return low && high && (c > 0 || c == 0 && strict)
}

func compareNumbers(a, b value.Number) int {
	scale := max(a.Scale, b.Scale)
	x, _, okX := a.AtScale(scale)
	y, _, okY := b.AtScale(scale)
	switch { // what has too many digits for the other's scale is further from nought than that one
	case !okX:
		return cmp.Compare(a.Int, 0)
	case !okY:
		return cmp.Compare(0, b.Int)
	}
	return value.Compare(value.Value{Kind: value.Integer, Int: x}, value.Value{Kind: value.Integer, Int: y})
}

// Apart reports whether two segments' rules exclude each other: nobody is in both, whatever the logs hold. The scope is
// the one that checked them.
func Apart(s *rules.Scope, a, b *rules.Segment) bool {
	if a.Level != b.Level || a.Zone.Name() != b.Zone.Name() {
		return false
	}
	if a.Exclusive != nil && b.Exclusive != nil && a.Exclusive.Group == b.Exclusive.Group {
		return true
	}
	l := &linter{scope: s, words: s.Vocabulary()}
	ours, theirs := membersAre(a), membersAre(b)
	excludes := func(facts []fact, name string) bool {
		return slices.ContainsFunc(facts, func(f fact) bool { return f.not && f.cond.Segment == name })
	}
	return excludes(ours, b.Name) || excludes(theirs, a.Name) || slices.ContainsFunc(theirs, func(f fact) bool {
		_, apart := l.contradicted(ours, f)
		return apart
	})
}

// membersAre are the facts of all members of a segment; those who stay once fulfilled match.
func membersAre(s *rules.Segment) (out []fact) {
	if s.Stay == (value.Duration{}) {
		out = factsOf(s.Match, false)
	}
	if s.Exclude != nil {
		out = append(out, failing(s.Exclude)...)
	}
	return out
}
