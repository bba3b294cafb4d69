package rules

// window reads `within`: a duration, two of them, two dates, or all. It returns nil if it is wrong.
func (c *checker) window(n Node) *Window {
	w := &Window{Span: n.Span()}
	if n.IsText() && n.raw.Value == "all" {
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
	o.Only("from", "to", "before")
	from, ok := o.Need("from")
	if !ok {
		return nil
	}
	to, band := o.Find("to")
	before, dates := o.Find("before")
	switch {
	case band && dates:
		c.doc.fail("E-WINDOW", before.Span(), "a window ends with to or with before, not with both",
			expected("{from: 90d, to: 30d} or {from: 2026-03-01, before: 2026-04-01}"))
		return nil
	case dates:
		return c.dateWindow(w, from, before)
	case band:
		return c.bandWindow(w, from, to)
	}
	c.doc.fail("E-WINDOW", o.Span(), "this window has no end", expected("{from: 90d, to: 30d} or {from: 2026-03-01, before: 2026-04-01}; up to now: 90d"))
	return nil
}

func (c *checker) dateWindow(w *Window, from, before Node) *Window {
	since, okSince := from.Date()
	until, okUntil := before.Date()
	if !okSince || !okUntil {
		return nil
	}
	if since >= until {
		c.doc.fail("E-CONTRADICTION", before.Span(), "this window ends before it begins", expected("a date after "+since.String()))
		return nil
	}
	w.Since, w.Until = since, until
	return w
}

func (c *checker) bandWindow(w *Window, from, to Node) *Window {
	far, okFar := from.Duration()
	near, okNear := to.Duration()
	if !okFar || !okNear {
		return nil
	}
	if far.micros(unitMicros) <= near.micros(shortestMicros) {
		c.doc.fail("E-CONTRADICTION", to.Span(), "this window ends before it begins", expected("less than "+far.String()))
		return nil
	}
	w.From, w.To = far, near
	return w
}

// shortestMicros is what a unit lasts at least.
var shortestMicros = map[Unit]int64{
	Second: microsPerSecond, Minute: microsPerMinute, Hour: microsPerHour,
	Day: 23 * microsPerHour, Week: 7*microsPerDay - microsPerHour, Month: 28*microsPerDay - microsPerHour,
}

func (d Duration) micros(unit map[Unit]int64) int64 { return int64(d.N) * unit[d.Unit] }

// checkRetention refuses a window, with the stay after it, that reaches further back than rows are kept. Two days are
// left for the time between as_of and the moment at which rows are cut.
func (c *checker) checkRetention() {
	if c.scope.Retention == (Duration{}) || c.scope.AsOf == 0 || c.seg.Zone == nil {
		return
	}
	now := c.seg.Zone.Midnight(c.scope.AsOf)
	kept := now - c.scope.Retention.micros(unitMicros) + 2*microsPerDay
	for cond := range c.seg.Conditions() {
		w := cond.Window
		if w == nil || w.All || w.Since != 0 {
			continue
		}
		from, _ := w.Bounds(now, now, c.seg.Zone)
		if c.seg.Zone.Step(from, c.seg.Stay, -1) < kept {
			c.doc.fail("E-WINDOW-RETENTION", w.Span, "this window, with the stay, reaches further back than rows are kept",
				expected("at most "+c.scope.Retention.String()+" less two days"))
		}
	}
}
