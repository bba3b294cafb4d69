package consent

import (
	"slices"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Effect is what one event did to where a subject stands on a purpose.
type Effect string

// The effects. Whatever follows an erasure does nothing, and so does what says again what holds already.
const (
	Opens   Effect = "opened"  // a grant, where none was open
	Renews  Effect = "renewed" // an open grant: its age is counted anew
	Voids   Effect = "void"    // a grant that counts for nothing
	Ends    Effect = "ended"   // an open grant, by a denial
	Refuses Effect = "denied"  // a denial where no grant was open
	Lifts   Effect = "lifted"  // an objection
	RunsOut Effect = "expired" // an open grant, by age
	Idle    Effect = "nothing"
)

// Step is one event with what it did, or the end of a grant by age. At is when it took effect, in microseconds UTC.
type Step struct {
	At     int64
	Event  int // its place among the events; -1: no event, the age ran out
	Effect Effect
	Reason Reason // why a grant is void, or what denies; Granted: neither
	After  Span   // what holds from then on
	Until  int64  // when the grant that is open afterwards runs out of age; 0: none is
}

// History is a timeline told event by event.
type History struct {
	Timeline
	Steps []Step
}

// Explain is Fold, told event by event: the same machine takes the same steps. The history is the caller's.
func (m *Machine) Explain(events []Event, purpose int) History {
	type heard struct {
		Event
		place int
	}
	var all []heard
	for i := range events {
		if m.take(events[i:i+1], purpose); len(m.events) == 1 {
			all = append(all, heard{m.events[0], i})
		}
	}
	slices.SortStableFunc(all, func(a, b heard) int { return m.compare(a.Event, b.Event) })
	m.Fold(nil, purpose)
	var h History
	for _, e := range all {
		m.age(&h, e.At)
		h.Steps = append(h.Steps, m.told(e.Event, e.place, purpose))
	}
	m.age(&h, m.p.Now+1)
	h.Timeline = m.t
	h.Spans = slices.Clone(m.t.Spans)
	return h
}

// age tells the end of a grant whose age has run out by an instant.
func (m *Machine) age(h *History, at int64) {
	open, ends := m.base.State == Granting, m.expiresAt
	m.expire(at)
	if open && m.base.State != Granting {
		h.Steps = append(h.Steps, Step{At: ends, Event: -1, Effect: RunsOut, Reason: Expired, After: m.top()})
	}
}

// told takes one step and says what it did. Void grants are noted and change no state, so the note is what tells them.
func (m *Machine) told(e Event, place, purpose int) Step {
	before, base, objected, expires, void := m.top(), m.base, m.objected, m.expiresAt, m.t.Void
	erased, grants := m.t.Erased, e.Action == Grant || e.Action == TCString && !e.denies()
	m.t.Void = Granted
	m.step(e, purpose)
	s := Step{At: e.At, Event: place, Effect: Idle, After: m.top()}
	if m.base.State == Granting {
		s.Until = m.expiresAt
	}
	noted := m.t.Void
	if noted == Granted {
		m.t.Void = void
	}
	switch {
	case noted != Granted:
		s.Effect, s.Reason = Voids, noted
	case grants && erased:
		s.Effect, s.Reason = Voids, Erased
	case grants && objected:
		s.Effect, s.Reason = Voids, Objected
	case objected && !m.objected && !m.t.Erased:
		s.Effect = Lifts
	case s.After.State == Granting && before.State != Granting:
		s.Effect = Opens
	case s.After.State == Granting && m.expiresAt > expires:
		s.Effect = Renews
	case before.State == Granting && s.After.State == Denying:
		s.Effect, s.Reason = Ends, s.After.Reason
	case m.base != base, m.objected != objected:
		s.Effect, s.Reason = Refuses, m.base.Reason
		if m.objected && !objected {
			s.Reason = Objected
		}
	}
	return s
}

// top is the state that shows.
func (m *Machine) top() Span {
	if n := len(m.t.Spans); n > 0 {
		return m.t.Spans[n-1]
	}
	return Span{}
}

// Grant is the affirmation that stood behind an open grant at an instant: the latest that opened or renewed it; ok is
// false where none was open.
func (h *History) Grant(at int64) (s Step, ok bool) {
	for _, step := range h.Steps {
		switch {
		case step.At > at:
			return s, ok
		case step.Effect == Opens || step.Effect == Renews:
			s, ok = step, true
		case step.After.State != Granting:
			ok = false
		}
	}
	return s, ok
}

// Now is where one subject stands on a purpose, by its own word and by lists of people.
type Now struct {
	State  State
	Reason Reason
	Since  int64 // when it began to stand there, microseconds UTC; 0: not known, or ever
	Epoch  int64 // of a grant: since when it is unbroken, so that rows count; 0: no grant
	Until  int64 // of a grant whose steps are told: when its age runs out; else 0
}

// Stands says where a subject stands; listed says that it stands on a list of people for the purpose.
func (p *Policy) Stands(h *History, purpose int, listed bool) Now {
	s := Stand{Device: h.Timeline, DeviceOff: listed}
	reason, _ := p.Decide(purpose, Judged{At: p.Now}, s)
	n := Now{State: reason.State(), Reason: reason}
	if len(h.Spans) > 0 && reason != Suppressed {
		n.Since = h.Spans[len(h.Spans)-1].From
	}
	if n.State == Granting {
		n.Epoch = p.Epoch(Anonymous, s)
		if len(h.Steps) > 0 {
			n.Until = h.Steps[len(h.Steps)-1].Until
		}
	}
	return n
}

// State is where a subject stands whose row of now would meet the reason.
func (r Reason) State() State {
	switch {
	case r <= GrantedTC:
		return Granting
	case r < CustomerGrantOnly:
		return Denying
	}
	return NoState
}

// Admission says whose grant answered a purpose for a row: the first level's that was open when the row happened.
type Admission struct {
	Purpose int
	Level   Level
}

// Admissions are the grants that let a row through, one for each purpose that its use asks; of a row that is refused,
// those before the refusal.
func (p *Policy) Admissions(u *Use, r Judged, stand func(purpose int) Stand) (out []Admission) {
	for _, purpose := range u.asked(r.Partner) {
		s := stand(purpose)
		if reason, _ := p.Decide(purpose, r, s); reason > GrantedTC {
			break
		}
		both, n := s.levels(r.User)
		for _, l := range both[:n] {
			if l.admissible && l.timeline.At(min(r.At, p.Now)).State == Granting {
				out = append(out, Admission{purpose, l.name})
				break
			}
		}
	}
	return out
}

// Admissions say whose row an admitted one is, and which level's grant let it through to a use, purpose by purpose. The
// customer is evidence.None for a row without a login.
func (g *Gate) Admissions(use int, device, customer uint32, at int64,
	partner bool,
) (u User, owner uint32, by []Admission) {
	u, owner = Anonymous, customer
	if customer != evidence.None {
		u = LoggedIn
	}
	if g.star != nil && u == Anonymous && device != evidence.Unknown {
		o := g.star.Owner(device, customer, evidence.None, min(at, g.policy.Now), func(c identity.Number) bool {
			return g.linked(device, c, at, partner)
		})
		if o.How == identity.ByAttachment {
			u, owner = Attached, o.Customer
		}
	}
	return u, owner, g.policy.Admissions(&g.uses[use], Judged{At: at, User: u, Partner: partner}, func(purpose int) Stand {
		return g.stand(device, owner, u, purpose)
	})
}
