package reference

import "slices"

// chain is a choice of rows for the steps of a sequence, tried one row at a time.
type chain struct {
	*scene
	*Condition
	steps  []*Step
	after  *Step // then_not
	window Span
	of     map[*Row]*visit
}

// sequence tries every choice of distinct rows.
func (s *scene) sequence(c *Condition) Truth {
	t := &chain{scene: s, Condition: c, steps: c.Sequence, window: s.span(c), of: map[*Row]*visit{}}
	if last := t.steps[len(t.steps)-1]; last.ThenNot != nil {
		t.steps, t.after = t.steps[:len(t.steps)-1], last
	}
	for _, v := range s.visits(s.rows) {
		for _, r := range v.rows {
			t.of[r] = v
		}
	}
	found := t.best(nil)
	if found != True && !s.covered(t.window) {
		return Unknown
	}
	return found
}

// best is the best that becomes of the rows chosen so far.
func (t *chain) best(chosen []*Row) Truth {
	n := len(chosen)
	if n == len(t.steps) {
		return t.complete(chosen)
	}
	out := False
	for _, r := range t.within(t.window, t.steps[n].Did, t.steps[n].Where) {
		if !slices.Contains(chosen, r) && (n == 0 || t.follows(t.steps[n], chosen[n-1], r)) {
			out = max(out, t.best(append(slices.Clone(chosen), r)))
		}
	}
	return out
}

// follows reports whether a row may be the next after another.
func (t *chain) follows(s *Step, before, r *Row) bool {
	switch {
	case r.At < before.At || t.Ties == "strict" && r.At == before.At:
		return false
	case s.Previous != nil && r.At > t.Clock.Step(before.At, *s.Previous, 1):
		return false
	case t.SameSession && t.of[r] != t.of[before]:
		return false
	}
	return s.Without == nil || len(t.within(Span{before.At, r.At + 1}, s.Without.Did, s.Without.Where)) == 0
}

// complete judges rows that fill every step: the whole span, what must not follow, and whether all was seen.
func (t *chain) complete(chosen []*Row) Truth {
	first, last := chosen[0].At, chosen[len(chosen)-1].At
	if t.Condition.Span != nil && last > t.Clock.Step(first, *t.Condition.Span, 1) {
		return False
	}
	out := True
	for i, s := range t.steps {
		if s.Without != nil && !t.covered(Span{chosen[i-1].At, chosen[i].At + 1}) {
			out = Unknown
		}
	}
	if t.after == nil {
		return out
	}
	end := t.Clock.Step(last, *t.after.For, 1)
	period := Span{last, end + 1}
	switch {
	case len(t.within(period, t.after.ThenNot, t.after.Where)) > 0:
		return False
	case out != True || !t.covered(Span{last, min(end+1, t.AsOf)}):
		return Unknown
	case end >= t.AsOf:
		return Wait
	}
	return True
}
