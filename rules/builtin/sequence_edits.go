package builtin

import (
	"fmt"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// sequenceEdits change the chain of a sequence: its gaps, its span, its steps.
func sequenceEdits(c *rules.Condition) (out []Edit) {
	add := func(path, change string, apply func(s *rules.Sequence)) {
		out = append(out, Edit{path, change, func(c *rules.Condition) {
			changed := *c.Sequence
			changed.Steps = slices.Clone(changed.Steps)
			apply(&changed)
			c.Sequence = &changed
		}})
	}
	for _, d := range Near(c.Sequence.MaxSpan, 1) {
		if spare(c.Sequence, d) {
			continue
		}
		add(c.Path, fmt.Sprintf("span %v -> %v", c.Sequence.MaxSpan, d), func(s *rules.Sequence) { s.MaxSpan = d })
	}
	for i, step := range c.Sequence.Steps {
		for _, changed := range steps(step, "within_previous") {
			add(step.Path, changed.change, func(s *rules.Sequence) { s.Steps[i] = changed.step })
		}
		if len(c.Sequence.Steps) > 1 {
			add(step.Path, Dropped, func(s *rules.Sequence) {
				s.Steps = slices.Delete(s.Steps, i, i+1)
				s.Steps[0].Limit, s.Steps[0].Without = value.Duration{}, nil // no step stands before the first
			})
		}
		if between := step.Without; between != nil {
			add(between.Path, Dropped, func(s *rules.Sequence) { s.Steps[i].Without = nil })
			for _, changed := range steps(*between, "") {
				add(between.Path, changed.change, func(s *rules.Sequence) { s.Steps[i].Without = &changed.step })
			}
		}
	}
	if then := c.Sequence.Then; then != nil {
		add(then.Path, Dropped, func(s *rules.Sequence) { s.Then = nil })
		for _, changed := range steps(*then, "for") {
			add(then.Path, changed.change, func(s *rules.Sequence) { s.Then = &changed.step })
		}
	}
	return out
}

// spare reports whether nobody could notice another span: the gaps alone keep every chain within both.
func spare(s *rules.Sequence, span value.Duration) bool {
	longest := time.Duration(0)
	for _, step := range s.Steps[1:] {
		if step.Limit == (value.Duration{}) {
			return false
		}
		_, most := length(step.Limit)
		longest += most
	}
	own, _ := length(s.MaxSpan)
	other, _ := length(span)
	return longest <= min(own, other)
}

// length is how long a duration lasts at least and at most: a day has 23 to 25 hours.
func length(d value.Duration) (least, most time.Duration) {
	unit := map[value.Unit]time.Duration{
		value.Second: time.Second, value.Minute: time.Minute, value.Hour: time.Hour, value.Day: 24 * time.Hour,
		value.Week: 7 * 24 * time.Hour,
	}[d.Unit]
	least = time.Duration(d.N) * unit
	if d.Unit == value.Day || d.Unit == value.Week {
		return least - time.Hour, least + time.Hour
	}
	return least, least
}

// changedStep is a step with one small change.
type changedStep struct {
	change string
	step   rules.Step
}

// steps are the step with its period, called limit in rules, a unit longer and shorter, and with its tests changed.
func steps(of rules.Step, limit string) (out []changedStep) {
	for _, d := range Near(of.Limit, 1) {
		step := of
		step.Limit = d
		out = append(out, changedStep{fmt.Sprintf("%s %v -> %v", limit, of.Limit, d), step})
	}
	for _, f := range flips(of.Where) {
		step := of
		step.Where = f.expr
		out = append(out, changedStep{"where " + f.change, step})
	}
	return out
}
