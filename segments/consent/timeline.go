package consent

import (
	"cmp"
	"math"
	"slices"
)

// State is where one subject stands on one purpose.
type State uint8

// The three states; None never grants.
const (
	NoState State = iota
	Granting
	Denying
)

// Span is a state that holds from an instant until the next span begins. Reason says why: what opened a grant, or what
// denies.
type Span struct {
	From   int64
	State  State
	Reason Reason
}

// Timeline is what one subject decided about one purpose, oldest first; before the first span there is no state. Times
// after now do not occur.
type Timeline struct {
	Spans   []Span
	Expired bool   // the last grant ended by age
	Void    Reason // why the latest void grant was void; Granted: there is none
	Erased  bool
}

// At returns the span that holds at an instant.
func (t *Timeline) At(at int64) Span {
	for i := len(t.Spans) - 1; i >= 0; i-- {
		if t.Spans[i].From <= at {
			return t.Spans[i]
		}
	}
	return Span{From: math.MinInt64}
}

// Machine folds events into timelines (docs/consent.md, Grants, and what ends them). It keeps its buffers; one
// goroutine uses it at a time.
type Machine struct {
	p       *Policy
	strings *Strings
	events  []Event
	t       Timeline
	// The state below an objection.
	base      Span
	objected  bool
	expiresAt int64
	deniedAt  int64 // when the latest denial was, of whatever sort
}

// NewMachine returns a machine for a policy and the TC strings that events name.
func NewMachine(p *Policy, strings *Strings) *Machine { return &Machine{p: p, strings: strings} }

// Fold returns the timeline of a subject for a purpose from all of its events, in any order. It is valid until the next
// call.
func (m *Machine) Fold(events []Event, purpose int) Timeline {
	m.take(events, purpose)
	m.t = Timeline{Spans: m.t.Spans[:0]}
	m.base, m.objected, m.deniedAt = Span{}, false, math.MinInt64
	for _, e := range m.events {
		m.expire(e.At)
		m.step(e, purpose)
	}
	m.expire(m.p.Now + 1)
	return m.t
}

// until is the instant at which what was folded last comes to something else without another event.
func (m *Machine) until() int64 {
	if m.base.State == Granting {
		return m.expiresAt
	}
	return math.MaxInt64
}

// take keeps the events that speak about the purpose, in their order: at equal instants a lift comes first, then
// grants, then denials, so that a tie is a denial. A denial dated ahead acts at once. An erasure is of the person, so
// it speaks about every purpose whatever it names.
func (m *Machine) take(events []Event, purpose int) {
	m.events = m.events[:0]
	for _, e := range events {
		switch {
		case e.Action == TCString:
			if e.reason = m.strings.says(e.String, purpose); e.reason == silent {
				continue
			}
		case !e.Pattern.covers(purpose) && e.Action != Erase:
			continue
		case e.Action == TCDenial: // it knows its reason
		default:
			e.reason, _ = e.Action.denial()
		}
		if e.denies() {
			e.At = min(e.At, m.p.Now)
		}
		m.events = append(m.events, e)
	}
	if len(m.events) > 1 {
		slices.SortFunc(m.events, m.compare)
	}
}

// compare orders events by all that the machine asks of them, so that the order of the file never matters. Of several
// denials at one instant the one that stands first in the decision table comes last, and so is the one that stays.
func (m *Machine) compare(a, b Event) int {
	rank := func(e *Event) int {
		switch {
		case e.Action == Lift:
			return 0
		case e.denies():
			return 2
		}
		return 1
	}
	if by := cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(rank(&a), rank(&b)), cmp.Compare(b.reason, a.reason),
		cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Notice, b.Notice), compareBool(a.Trusted, b.Trusted)); by != 0 {
		return by
	}
	return cmp.Compare(m.agedFrom(a), m.agedFrom(b))
}

// agedFrom is the instant from which the age of a grant counts: the event's, or when its TC string was last updated, if
// that is earlier.
func (m *Machine) agedFrom(e Event) int64 {
	if e.Action == TCString {
		return min(e.At, m.strings.updated[e.String])
	}
	return e.At
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (m *Machine) step(e Event, purpose int) {
	if m.t.Erased {
		return
	}
	if e.denies() {
		m.deniedAt = e.At
	}
	switch {
	case e.Action == Lift:
		if e.Trusted && e.At <= m.p.Now && m.objected {
			m.objected = false
			m.show(e.At)
		}
	case e.Action == Grant, e.Action == TCString && !e.denies():
		m.grant(e, purpose)
	case !e.denies():
	case e.Action == Object:
		// An objection closes an open grant; a denial below it stays there for a lift to uncover.
		if m.base.State == Granting {
			m.base, m.t.Expired = Span{}, false
		}
		m.objected = true
		m.show(e.At)
	default:
		m.base = Span{State: Denying, Reason: e.reason}
		m.t.Erased, m.t.Expired = e.Action == Erase, false
		m.show(e.At)
	}
}

// grant opens or renews a grant, unless it is void; void grants are noted and change no state.
func (m *Machine) grant(e Event, purpose int) {
	from := m.agedFrom(e)
	switch {
	case e.Action == Grant && e.Pattern < 0:
		m.t.Void = GrantWildcard
	case !e.Trusted:
		m.t.Void = UntrustedGrant
	case e.At > m.p.Now:
		m.t.Void = FutureGrant
	case e.Action == Grant && e.Notice < m.p.minNotice(purpose):
		m.t.Void = NoticeOld
	case m.objected:
		// The objection itself is the reason that is shown.
	case e.Action == TCString && m.strings.updated[e.String] <= m.deniedAt:
		// Pages that are seen after a withdrawal still carry the old string.
		m.t.Void = TCReplay
	case from+m.p.MaxConsentAge <= e.At:
		m.t.Void = Expired
	case m.base.State == Granting:
		m.expiresAt = max(m.expiresAt, from+m.p.MaxConsentAge)
	default:
		m.base = Span{State: Granting, Reason: e.reason}
		m.expiresAt, m.t.Expired = from+m.p.MaxConsentAge, false
		m.show(e.At)
	}
}

// expire ends a grant whose age has run out by an instant; an end at the very instant of a renewal leaves two intervals
// that touch.
func (m *Machine) expire(at int64) {
	if m.base.State == Granting && m.expiresAt <= at && m.expiresAt <= m.p.Now {
		m.base, m.t.Expired = Span{}, true
		m.show(m.expiresAt)
	}
}

// show writes what now holds as a span. A span that goes on is not written again: signals repeat on every page view.
func (m *Machine) show(from int64) {
	s := m.base
	if m.objected && !m.t.Erased {
		s = Span{State: Denying, Reason: Objected}
	}
	spans := m.t.Spans
	if n := len(spans); n > 0 && spans[n-1].From == from {
		spans = spans[:n-1]
	}
	if n := len(spans); n == 0 || spans[n-1].State != s.State || spans[n-1].Reason != s.Reason {
		s.From = from
		spans = append(spans, s)
	}
	m.t.Spans = spans
}
