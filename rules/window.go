package rules

import (
	"fmt"
	"slices"
	"strings"

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
		if hint, known := meantSpan(n); known {
			c.doc.Fail("E-DURATION", n.Span(), fmt.Sprintf("%q is not a duration", n.Value()), hint)
		} else if w.From, ok = n.Duration(); ok {
			return w
		}
		return nil
	}
	o, _ := n.Object("within")
	for _, key := range o.Keys() {
		if window.Behind(key.Name()) != nil {
			continue
		}
		if hints := meantWindow(o); hints != nil {
			c.doc.Fail("E-UNKNOWN-KEY", key.Span(), fmt.Sprintf("%q is not a key of within", key.Name()), hints...)
		} else {
			o.Unknown(key, window.All())
		}
		return nil
	}
	from, ok := o.Need("from")
	if !ok {
		return nil
	}
	to, band := o.Find("to")
	before, dates := o.Find("before")
	switch {
	case band && dates:
		c.doc.Fail("E-WINDOW", before.Span(), "a window ends with to or with before, not with both",
			source.Expected(windowForms))
	case dates && edgeOf(before).length != "":
		c.doc.Fail("E-WINDOW", o.KeySpan("before"), "a duration ends with to, a date with before", windowHints(o)...)
	case dates:
		return c.dateWindow(w, from, before)
	case band && edgeOf(to).length == "" && (edgeOf(to).day != 0 || edgeOf(to).now):
		c.doc.Fail("E-WINDOW", o.KeySpan("to"), "a date ends with before, a duration with to", windowHints(o)...)
	case band:
		return c.bandWindow(w, from, to)
	default:
		c.doc.Fail("E-WINDOW", o.Span(), "this window has no end", windowHints(o)...)
	}
	return nil
}

const windowForms = "{from: 90d, to: 30d} or {from: 2026-03-01, before: 2026-04-01}; up to now: 90d"

var wordsForAll = []string{
	"ever", "always", "all time", "all_time", "alltime", "forever", "any", "anytime", "lifetime", "unlimited", "infinite",
	"everything",
}

// meantSpan is what a text that is no duration was meant for, where that is no other duration.
func meantSpan(n yaml.Node) (source.Hint, bool) {
	text := strings.ToLower(source.Untypeset(n.Value()))
	switch edge := edgeOf(n); {
	case slices.Contains(wordsForAll, text):
		return source.Hint{Label: source.LabelDidYouMean, Text: "all"}, true
	case edge.now && !strings.HasPrefix(text, "0"):
		return source.Expected("1d, the last whole day before the run's moment, or 24h; " +
			"a nightly run has seen nothing of its day"), true
	case edge.day != 0:
		return source.Hint{
			Label: source.LabelDidYouMean,
			Text:  fmt.Sprintf("{from: %v, before: %v}", edge.day, edge.day+1),
		}, true
	}
	return source.Hint{}, false
}

// edge is one end of a window as somebody wrote it: a day, a length, or the run's moment.
type edge struct {
	day    value.CivilDate
	length string
	now    bool
}

// edgeOf reads an end of a window as kindly as can be.
func edgeOf(n yaml.Node) edge {
	if n.IsObject() || n.IsList() || n.IsNull() {
		return edge{}
	}
	text := source.Untypeset(n.Value())
	if day, ok := value.ParseDate(text); ok {
		return edge{day: day}
	}
	if day, ok := value.ParseDate(value.MeantDate(text)); ok {
		return edge{day: day}
	}
	if _, err := value.ParseDuration(text); err == nil {
		return edge{length: text}
	}
	switch strings.ToLower(text) {
	case "now", "today", "as_of", "current", "0", "0d", "0h", "tonight":
		return edge{now: true}
	}
	if meant := value.MeantDurations(text); len(meant) == 1 {
		return edge{length: meant[0]}
	}
	return edge{}
}

func windowHints(o *yaml.Object) []source.Hint {
	return append(meantWindow(o), source.Expected(windowForms))
}

// meantWindow is the window that keys of other tools describe: {since: 30d}, {last: 7d}, {days: 30}, {from: 2026-03-01,
// to: 2026-03-31} with its last day, none if that cannot be told.
func meantWindow(o *yaml.Object) []source.Hint {
	var from, to edge
	for key, n := range o.Fields() {
		switch name := key.Name(); {
		case value.MeantDurations(n.Value()+" "+name) != nil && strings.Trim(n.Value(), "0123456789") == "":
			from = edge{length: value.MeantDurations(n.Value() + " " + name)[0]}
		case name == "before":
			to = edgeOf(n)
		case len(source.Suggest(name, []string{"to", "before"})) > 0:
			if to = edgeOf(n); to.day != 0 {
				to.day++ // people name the last day that counts
			}
		default:
			from = edgeOf(n)
		}
	}
	var text string
	switch {
	case from.day != 0 && to.day > from.day:
		text = fmt.Sprintf("{from: %v, before: %v}   (the day of before does not count)", from.day, to.day)
	case from.day != 0 && to == edge{} || from.day != 0 && to.now:
		text = fmt.Sprintf("{from: %v, before: ...}   (the first day that no longer counts)", from.day)
	case from.length != "" && to.length != "":
		text = fmt.Sprintf("{from: %s, to: %s}", from.length, to.length)
	case from.length != "" && to.day == 0:
		text = from.length
	case from == edge{} && to.day != 0:
		text = fmt.Sprintf("{from: ..., before: %v}", to.day)
	default:
		return nil
	}
	return []source.Hint{{Label: source.LabelDidYouMean, Text: text}}
}

func (c *checker) dateWindow(w *Window, from, before yaml.Node) *Window {
	since, okSince := from.Date()
	until, okUntil := before.Date()
	if !okSince || !okUntil {
		return nil
	}
	if since >= until {
		hints := []source.Hint{source.Expected("a date after " + since.String())}
		if since > until {
			hints = append(hints, source.Fix(fmt.Sprintf("{from: %v, before: %v}", until, since)))
		} else {
			hints = append(hints, source.Fix(fmt.Sprintf("{from: %v, before: %v}", since, since+1)))
		}
		c.doc.Fail("E-CONTRADICTION", before.Span(), "this window ends before it begins", hints...)
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
	if near.Reaches(far) {
		hints := []source.Hint{source.Expected("less than " + far.String())}
		if near.Longest() > far.Longest() {
			hints = append(hints, source.Fix(fmt.Sprintf("{from: %v, to: %v}", near, far)))
		}
		c.doc.Fail("E-CONTRADICTION", to.Span(), "this window ends before it begins", hints...)
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
	case w.All:
		return true
	case w.Since != 0 && o.Since != 0:
		return w.Since <= o.Since && w.Until >= o.Until
	case o.All || w.Since != 0 || o.Since != 0:
		return false
	}
	return w.From.Reaches(o.From) && (w.To == (value.Duration{}) || o.To != (value.Duration{}) && o.To.Reaches(w.To))
}
