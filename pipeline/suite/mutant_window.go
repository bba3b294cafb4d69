package suite

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
)

// windowEdits move the ends of a condition's window, beside conditions that must hold as well.
func windowEdits(c *rules.Condition, beside []*rules.Condition) (out []builtin.Edit) {
	if c.Window == nil {
		return nil
	}
	for _, w := range windows(*c.Window) {
		if slices.ContainsFunc(beside, func(o *rules.Condition) bool { return hides(o, c, w) }) {
			continue
		}
		out = append(out, builtin.Edit{
			Path: c.Path, Change: fmt.Sprintf("within %v -> %v", c.Window, w), Apply: func(c *rules.Condition) { c.Window = w },
		})
	}
	return out
}

// windows are those with one end a unit, or a fixed day, earlier or later. `all` has no ends to move.
func windows(w rules.Window) (out []*rules.Window) {
	add := func(changed rules.Window) { out = append(out, &changed) }
	for _, from := range builtin.Near(w.From, 1) {
		changed := w
		changed.From = from
		add(changed)
	}
	for _, to := range builtin.Near(w.To, 0) {
		changed := w
		changed.To = to
		add(changed)
	}
	if w.Since != 0 {
		for _, by := range []value.CivilDate{1, -1} {
			since, until := w, w
			since.Since += by
			until.Until += by
			add(since)
			add(until)
		}
	}
	return slices.DeleteFunc(out, func(w *rules.Window) bool {
		if w.Since != 0 {
			return w.Since >= w.Until
		}
		return w.From.Unit == w.To.Unit && w.From.N <= w.To.N
	})
}

// forbidden are the conditions that an exclusion is, seen from the match: what it keeps out must not have been done.
func forbidden(exclude *rules.Condition) []*rules.Condition {
	switch {
	case exclude == nil:
	case exclude.Is().Logic == rules.LogicAny:
		var out []*rules.Condition
		for _, c := range exclude.Children {
			out = append(out, forbidden(c)...)
		}
		return out
	case exclude.Is().Counts && exclude.Compare.Op == rules.AtLeast && exclude.Compare.Bound.Int == 1:
		not := *exclude
		not.Kind = &rules.Verb{Absent: true}
		return []*rules.Condition{&not}
	}
	return nil
}

// hides reports whether nobody could notice that c looks at window w instead of its own, because o must hold as well: o
// is a did_not of everything that c looks for, over the stretch by which the windows differ. Whoever did such a thing
// there is out by o, and for everybody else the windows hold the same.
func hides(o, c *rules.Condition, w *rules.Window) bool {
	if !o.Is().Absent || c.Sequence != nil || c.InSessions() {
		return false
	}
	if !o.AnyEvent && (c.AnyEvent || !slices.Equal(o.Events, c.Events)) || o.Where != nil &&
		!rules.Equal(o.Where, c.Where) {
		return false
	}
	far, late := c.Window.From, w.From
	if far == late {
		far, late = c.Window.To, w.To
	}
	if far.N < late.N {
		far, late = late, far
	}
	from, to := o.Window.From, o.Window.To
	sameUnits := from.Unit == far.Unit && (late.N == 0 || late.Unit == far.Unit) && (to.N == 0 || to.Unit == far.Unit)
	return sameUnits && far.N > 0 && from.N >= far.N && to.N <= late.N
}
