package lint

import (
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
	if by, excluded := l.excludes(factsOf(seg.Match, false), seg.Exclude); excluded {
		r.Fail("E-CONTRADICTION", seg.Exclude.Span, "this excludes everybody who fulfils "+placeOf(r, by),
			source.Expected("an exclusion that leaves somebody of match"))
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
	for _, f := range factsOf(c, true) {
		if by, ok := l.contradicted(facts, f); ok {
			return by.cond, true
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
	facts := factsOf(cond, true)
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
	case l.exceeds(f, g) || l.exceeds(g, f):
		return true
	}
	return l.sameMeasure(f.cond, g.cond) && !f.not && !g.not && apart(f.cond.Compare, g.cond.Compare)
}

// sameMeasure reports whether two conditions compare one number of one set of rows.
func (l *linter) sameMeasure(a, b *rules.Condition) bool {
	if a.Compare == nil || b.Compare == nil || a.Verb != b.Verb {
		return false
	}
	bare := func(c *rules.Condition) string {
		without := *c
		without.Compare = nil
		return without.Normal()
	}
	return bare(a) == bare(b)
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
	if !okX || !okY {
		return 0
	}
	return value.Compare(value.Value{Kind: value.Integer, Int: x}, value.Value{Kind: value.Integer, Int: y})
}

// amount is how much there must be, or may be at most, of the rows that a condition looks at.
type amount struct {
	of     string // count, days, distinct(column)
	n      int64
	events []string
	any    bool
	where  rules.Expr
	window *rules.Window
}

// exceeds reports whether f asks for more than g allows, of rows that are all among those of g.
func (l *linter) exceeds(f, g fact) bool {
	most, ok := mostOf(g)
	if !ok {
		return false
	}
	return slices.ContainsFunc(leastOf(f), func(least amount) bool {
		return least.n > most.n && (least.of == most.of || most.of == "count") && l.among(least, most)
	})
}

// among reports whether there are rows of one sort, and all of them are of another one.
func (l *linter) among(a, b amount) bool {
	named := b.any || !a.any &&
		!slices.ContainsFunc(a.events, func(e string) bool { return !slices.Contains(b.events, e) })
	rows := l.words.About(a.events, a.any, a.where)
	return named && b.window.Covers(a.window) && !l.words.Never(rows) && l.words.Within(rows, b.where)
}

// measured is what a condition counts: events, days, values.
func measured(c *rules.Condition) string {
	switch {
	case c.Metric == nil:
		return "count"
	case c.Metric.Function == "distinct":
		return "distinct(" + c.Metric.Column + ")"
	case c.Metric.Function == "count", c.Metric.Function == "days":
		return c.Metric.Function
	}
	return ""
}

func amountOf(c *rules.Condition, n int64) amount {
	return amount{measured(c), n, c.Events, c.AnyEvent, c.Where, c.Window}
}

// mostOf is how much a fact allows.
func mostOf(f fact) (amount, bool) {
	c := f.cond
	switch {
	case measured(c) == "" || !c.Is().Counts && !c.Is().Absent && c.Metric == nil:
		return amount{}, false
	case c.Is().Absent:
		return amountOf(c, 0), !f.not
	case c.Compare == nil:
		return amount{}, false
	}
	n := c.Compare.Bound.Int
	switch op := c.Compare.Op; {
	case !f.not && (op == rules.AtMost || op == rules.Exactly), f.not && op == rules.MoreThan:
		return amountOf(c, n), true
	case !f.not && op == rules.LessThan, f.not && op == rules.AtLeast:
		return amountOf(c, n-1), true
	}
	return amount{}, false
}

// leastOf is how much a fact asks for: of sequences of each step one, of what picks or measures rows at least one.
func leastOf(f fact) (out []amount) {
	c := f.cond
	switch {
	case c.Is().Absent && f.not:
		return []amount{amountOf(c, 1)}
	case c.Is().Sessions:
		return leastInSessions(f)
	case c.Sequence != nil && !f.not:
		for _, s := range c.Sequence.Steps {
			out = append(out, amount{"count", 1, s.Events, s.AnyEvent, s.Where, c.Window})
		}
		return out
	case c.Has != nil && !f.not:
		return []amount{{"count", 1, c.Events, c.AnyEvent, rules.Both(c.Where, c.Has), c.Window}}
	case c.Compare == nil, !c.Is().Counts && c.Metric == nil:
		return nil
	}
	n := c.Compare.Bound.Int
	switch op := c.Compare.Op; {
	case measured(c) == "":
		if function := c.Metric.Function; !f.not && (function == "max" || function == "min" || function == "avg") {
			return []amount{{"count", 1, c.Events, c.AnyEvent, c.Where, c.Window}}
		}
	case !f.not && (op == rules.AtLeast || op == rules.Exactly), f.not && op == rules.LessThan:
		out = []amount{amountOf(c, n)}
	case !f.not && op == rules.MoreThan, f.not && op == rules.AtMost:
		out = []amount{amountOf(c, n+1)}
	}
	return out
}

// leastInSessions is what a fact about sessions asks for: of one session all that it holds, up to the end of its
// window.
func leastInSessions(f fact) (out []amount) {
	c := f.cond
	some := c.Compare.Op == rules.AtLeast && c.Compare.Bound.Int > 0 || c.Compare.Op == rules.MoreThan
	if f.not || !some || c.Window == nil || c.Window.Since != 0 || c.Window.To != (value.Duration{}) {
		return nil
	}
	for _, child := range c.Children {
		for _, inner := range factsOf(child, false) {
			for _, least := range leastOf(inner) {
				least.window = c.Window
				out = append(out, least)
			}
		}
	}
	return out
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
		out = append(out, factsOf(s.Exclude, true)...)
	}
	return out
}
