package rules

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// window reads `within`: a duration, two of them, two dates, or all. It returns nil if it is wrong.
func (c *checker) window(n yaml.Node) *Window {
	w := &Window{Span: n.Span()}
	if n.IsText() && n.Value() == "all" {
		w.All = true
		return w
	}
	if !n.IsObject() {
		var ok bool
		if w.From, ok = n.Duration(); !ok {
			return nil
		}
		return w
	}
	o, _ := n.Object("within")
	o.Only(window)
	from, ok := o.Need("from")
	if !ok {
		return nil
	}
	to, band := o.Find("to")
	before, dates := o.Find("before")
	switch {
	case band && dates:
		c.doc.Fail("E-WINDOW", before.Span(), "a window ends with to or with before, not with both",
			source.Expected("{from: 90d, to: 30d} or {from: 2026-03-01, before: 2026-04-01}"))
		return nil
	case dates:
		return c.dateWindow(w, from, before)
	case band:
		return c.bandWindow(w, from, to)
	}
	c.doc.Fail("E-WINDOW", o.Span(), "this window has no end",
		source.Expected("{from: 90d, to: 30d} or {from: 2026-03-01, before: 2026-04-01}; up to now: 90d"))
	return nil
}

func (c *checker) dateWindow(w *Window, from, before yaml.Node) *Window {
	since, okSince := from.Date()
	until, okUntil := before.Date()
	if !okSince || !okUntil {
		return nil
	}
	if since >= until {
		c.doc.Fail("E-CONTRADICTION", before.Span(), "this window ends before it begins",
			source.Expected("a date after "+since.String()))
		return nil
	}
	w.Since, w.Until = since, until
	return w
}

func (c *checker) bandWindow(w *Window, from, to yaml.Node) *Window {
	far, okFar := from.Duration()
	near, okNear := to.Duration()
	if !okFar || !okNear {
		return nil
	}
	if far.Longest() <= near.Shortest() {
		c.doc.Fail("E-CONTRADICTION", to.Span(), "this window ends before it begins",
			source.Expected("less than "+far.String()))
		return nil
	}
	w.From, w.To = far, near
	return w
}

// checkRetention refuses a window, with the stay after it, that reaches further back than rows are kept. Two days are
// left for the time between as_of and the moment at which rows are cut.
func (c *checker) checkRetention() {
	if c.scope.Retention == (value.Duration{}) || c.scope.AsOf == 0 || c.seg.Zone == nil {
		return
	}
	now := c.seg.Zone.Midnight(c.scope.AsOf)
	kept := now - c.scope.Retention.Longest() + 2*value.MicrosPerDay
	for cond := range c.seg.Conditions() {
		w := cond.Window
		if w == nil || w.All || w.Since != 0 {
			continue
		}
		from, _ := w.Bounds(now, now, c.seg.Zone)
		if c.seg.Zone.Step(from, c.seg.Stay, -1) < kept {
			c.doc.Fail("E-WINDOW-RETENTION", w.Span, "this window, with the stay, reaches further back than rows are kept",
				source.Expected("at most "+c.scope.Retention.String()+" less two days"))
		}
	}
}

// Window is how far back a condition looks; exactly one of the three forms is set, half open [start, end).
type Window struct {
	All          bool            // `all`: from where coverage begins
	From, To     value.Duration  // relative to as_of; To zero: up to as_of
	Since, Until value.CivilDate // fixed local days; Until not included
	Span         source.Span
}

// Bounds returns the window's instants [from, before) in microseconds: it never reaches beyond asOf, and a window that
// lies after asOf is empty (from equals before). coverageFrom is where `within: all` begins.
func (w *Window) Bounds(asOf, coverageFrom int64, z *value.Zone) (from, before int64) {
	before = asOf
	switch {
	case w.All:
		from = coverageFrom
	case w.Since != 0:
		from, before = z.Midnight(w.Since), min(z.Midnight(w.Until), asOf)
	default:
		from = z.Step(asOf, w.From, -1)
		if w.To != (value.Duration{}) {
			before = z.Step(asOf, w.To, -1)
		}
	}
	return min(from, before), before
}

// String returns the window as rules write it: 14d, {from: 90d, to: 30d}, all.
func (w *Window) String() string {
	switch {
	case w.All:
		return "all"
	case w.Since != 0:
		return fmt.Sprintf("{from: %v, before: %v}", w.Since, w.Until)
	case w.To != (value.Duration{}):
		return fmt.Sprintf("{from: %v, to: %v}", w.From, w.To)
	}
	return w.From.String()
}

// Covers reports whether a window plainly holds all of another one.
func (w *Window) Covers(o *Window) bool {
	switch {
	case w == nil || o == nil:
		return w == o // inside a session both are the session
	case w.All || w.String() == o.String():
		return true
	case o.All || w.Since != 0 || o.Since != 0:
		return false
	}
	return w.To == (value.Duration{}) && w.From.Shortest() >= o.From.Longest() || w.From == o.From &&
		w.To == (value.Duration{})
}
