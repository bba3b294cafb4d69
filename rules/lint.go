package rules

// linter looks for rules that are right and yet hardly meant: what a colleague would ask about in a review.
type linter struct {
	scope *Scope
	words *vocabulary
	segs  []*Segment // as Order returns them
	facts *Facts     // what the logs say; nil: nobody asked them
	found Errors
}

// Lint looks through the segments of a project, which Order has put in order and this scope has checked. Most findings are
// warnings; a part that nobody can fulfil (E-CONTRADICTION) and a reference to an expired segment are errors.
func (s *Scope) Lint(segs []*Segment) Errors {
	l := &linter{scope: s, words: s.vocabulary(), segs: segs}
	l.lint()
	return l.found.Sorted()
}

func (l *linter) lint() {
	for _, seg := range l.segs {
		r := &report{source: seg.Source}
		l.lintSegment(r, seg)
		l.found = append(l.found, r.found...)
	}
	l.lintTogether()
}

func (l *linter) lintSegment(r *report, seg *Segment) {
	l.lintTimes(r, seg)
	l.lintNames(r, seg)
	for cond := range seg.Conditions() {
		l.lintOpposites(r, cond)
		lintImplied(r, cond)
		for _, w := range cond.demands() {
			l.lintWhere(r, cond, w)
		}
	}
}

// demand is what is asked of the rows of some events.
type demand struct {
	events   []string
	anyEvent bool
	eventAt  map[string]Span
	where    Expr // nil: every row
}

// demands are what a condition asks of rows: itself, and in its steps.
func (c *Condition) demands() []demand {
	out := []demand{{c.Events, c.AnyEvent, c.EventAt, c.Where}}
	if c.Has != nil {
		out = append(out, demand{c.Events, c.AnyEvent, c.EventAt, c.Has})
	}
	for step := range c.Sequence.steps() {
		out = append(out, demand{step.Events, step.AnyEvent, step.EventAt, step.Where})
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
