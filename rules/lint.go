package rules

// linter looks for rules that are right and yet hardly meant: what a colleague would ask about in a review. It needs no data.
type linter struct {
	scope *Scope
	words *vocabulary
	segs  []*Segment // as Order returns them
	found Errors
}

// Lint looks through the segments of a project, which Order has put in order and this scope has checked. Most findings are
// warnings; a part that nobody can fulfil (E-CONTRADICTION) and a reference to an expired segment are errors.
func (s *Scope) Lint(segs []*Segment) Errors {
	l := &linter{scope: s, words: s.vocabulary(), segs: segs}
	for _, seg := range segs {
		r := &report{source: seg.Source}
		l.lintSegment(r, seg)
		l.found = append(l.found, r.found...)
	}
	l.lintTogether()
	return l.found.Sorted()
}

func (l *linter) lintSegment(r *report, seg *Segment) {
	l.lintTimes(r, seg)
	l.lintNames(r, seg)
	for cond := range seg.conditions() {
		l.lintOpposites(r, cond)
		lintImplied(r, cond)
		for _, w := range cond.wheres() {
			l.lintWhere(r, cond, w)
		}
	}
}

// wheres are the expressions of a condition: its own and those of its steps.
func (c *Condition) wheres() []Expr {
	out := []Expr{c.Where, c.Has}
	if c.Sequence != nil {
		steps := c.Sequence.Steps
		if c.Sequence.Then != nil {
			steps = append(steps[:len(steps):len(steps)], *c.Sequence.Then)
		}
		for i := range steps {
			out = append(out, steps[i].Where)
			if steps[i].Without != nil {
				out = append(out, steps[i].Without.Where)
			}
		}
	}
	return out
}

// keyAt returns where the value behind keys stands in a file, the whole file's beginning if it is not there.
func keyAt(src *Source, keys ...string) Span {
	n := Read(src).Root()
	for _, key := range keys {
		if !n.IsObject() {
			return Span{}
		}
		o, _ := n.Object(key)
		n, _ = o.Find(key)
	}
	return n.Span()
}
