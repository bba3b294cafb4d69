package consent

import (
	"math"

	"github.com/malgrupp/malgrupp/segments/evidence"
)

// User says how a row relates to a customer.
type User uint8

// The three relations of a row.
const (
	Anonymous User = iota // no customer
	LoggedIn              // the row carries the customer's own login
	Attached              // an anonymous row that identity gave to the customer
)

// Judged is what a decision must know of a row; times are microseconds UTC.
type Judged struct {
	At      int64
	User    User
	Partner bool
	Marked  evidence.Mark
}

// Level names whose state decided.
type Level string

// The levels of a decision on one purpose.
const (
	AtDevice      Level = "device"
	AtCustomer    Level = "customer"
	AtRow         Level = "row"
	AtOtherDevice Level = "other_device"
	AtOwnGrant    Level = "own_grant" // the customer's own grant, which the use demands beside that of the device
)

// Stand is where a device and, for rows with a customer, the customer stand on one purpose.
type Stand struct {
	Device, Customer Timeline
	DeviceOff        bool // on the suppression or protected list for the purpose
	CustomerOff      bool
}

// levels returns the levels of a row in their order and how many there are.
func (s *Stand) levels(u User) ([2]levelOf, int) {
	both := [2]levelOf{{AtDevice, &s.Device, true}, {AtCustomer, &s.Customer, u == LoggedIn}}
	if u == Anonymous {
		return both, 1
	}
	return both, 2
}

// levelOf is one level of a row.
type levelOf struct {
	name       Level
	timeline   *Timeline
	admissible bool // its grant counts
}

// Decide is the decision table for one row and one purpose (docs/consent.md, The decision), first line that applies.
func (p *Policy) Decide(purpose int, r Judged, s Stand) (Reason, Level) {
	both, n := s.levels(r.User)
	levels := both[:n]
	for _, l := range levels {
		if l.timeline.Erased {
			return Erased, l.name
		}
	}
	if s.DeviceOff {
		return Suppressed, AtDevice
	}
	if s.CustomerOff && r.User != Anonymous {
		return Suppressed, AtCustomer
	}
	at := min(r.At, p.Now)
	switch {
	case r.At > p.Now+Clamp:
		return RowFuture, AtRow
	case at < p.Now-p.Retention:
		return RowRetention, AtRow
	case r.Marked&evidence.Dropped != 0:
		return SensitiveContent, AtRow
	case r.Marked&evidence.GPC != 0 && purpose < len(p.GPCDenies) && p.GPCDenies[purpose]:
		return GPC, AtRow
	case r.Marked&evidence.BrowserDeny != 0 && purpose < len(p.BrowserDenies) && p.BrowserDenies[purpose]:
		return BrowserSetting, AtRow
	}
	if reason, level, ok := p.denying(levels); ok {
		return reason, level
	}
	granting := levelOf{}
	for _, l := range levels {
		if l.admissible && l.timeline.At(p.Now).State == Granting {
			granting = l
			break
		}
	}
	if granting.timeline == nil {
		return p.nobodyGrants(levels)
	}
	since := p.Epoch(r.User, s)
	switch {
	case at >= since:
		return granting.timeline.At(p.Now).Reason, granting.name
	case combined(levels, at) == Granting:
		return RowOldEpoch, granting.name
	}
	return RowBeforeGrant, granting.name
}

// denying is lines 7 to 23: some level denies now; if several do, the reason that stands first in the table.
func (p *Policy) denying(levels []levelOf) (reason Reason, level Level, ok bool) {
	for _, l := range levels {
		if s := l.timeline.At(p.Now); s.State == Denying && (!ok || s.Reason < reason) {
			reason, level, ok = s.Reason, l.name, true
		}
	}
	return reason, level, ok
}

// nobodyGrants is lines 24 to 31: why there is no grant.
func (p *Policy) nobodyGrants(levels []levelOf) (Reason, Level) {
	for _, l := range levels {
		if !l.admissible && l.timeline.At(p.Now).State == Granting {
			return CustomerGrantOnly, l.name
		}
	}
	for _, l := range levels {
		if l.admissible && l.timeline.Expired {
			return Expired, l.name
		}
	}
	reason, level := NoRecord, AtDevice
	for _, l := range levels {
		if l.admissible && l.timeline.Void != Granted && l.timeline.Void < reason {
			reason, level = l.timeline.Void, l.name
		}
	}
	return reason, level
}

// combined is the state of all levels together: a denial wins, then an admissible grant.
func combined(levels []levelOf, at int64) State {
	out := NoState
	for _, l := range levels {
		switch s := l.timeline.At(at).State; {
		case s == Denying:
			return Denying
		case s == Granting && l.admissible:
			out = Granting
		}
	}
	return out
}

// Epoch returns the beginning of the run of combined grant that contains now. The caller knows that there is one.
func (p *Policy) Epoch(u User, s Stand) int64 {
	both, n := s.levels(u)
	levels := both[:n]
	for at := p.Now; ; {
		begin := int64(math.MinInt64)
		for _, l := range levels {
			begin = max(begin, l.timeline.At(at).From)
		}
		if begin == math.MinInt64 || combined(levels, begin-1) != Granting {
			return begin
		}
		at = begin - 1
	}
}

// Verdict is the decision on a use: the reason, the purpose that decided (the last asked when allowed) and the level.
type Verdict struct {
	Reason  Reason
	Purpose int
	Level   Level
}

// Allowed reports whether the row may be used.
func (v Verdict) Allowed() bool { return v.Reason <= GrantedTC }

// DecideUse asks every purpose of a use, left to right; the first refusal gives the reason. stand gives where the row's
// people stand on a purpose; others is where the customer's other devices stand on the use's activation.
func (p *Policy) DecideUse(u *Use, r Judged, stand func(purpose int) Stand, others []Stand) Verdict {
	var v Verdict
	for _, purpose := range u.asked(r.Partner) {
		v.Purpose = purpose
		v.Reason, v.Level = p.Decide(purpose, r, stand(purpose))
		if !v.Allowed() {
			return v
		}
	}
	if u.OwnGrant {
		for purpose := range u.activations {
			c := stand(purpose).Customer
			if c.At(p.Now).State != Granting {
				reason, _ := p.nobodyGrants([]levelOf{{AtCustomer, &c, true}})
				return Verdict{reason, purpose, AtOwnGrant}
			}
		}
	}
	if u.List && u.Customer {
		var denies Reason
		for _, o := range others {
			s := o.Device.At(p.Now)
			if o.DeviceOff {
				s = Span{State: Denying, Reason: Suppressed}
			}
			if s.State == Denying && (denies == 0 || s.Reason < denies) {
				denies = s.Reason
			}
		}
		if denies != 0 {
			return Verdict{denies, v.Purpose, AtOtherDevice}
		}
	}
	return v
}
