package identity

import (
	"cmp"
	"slices"
)

const day = 24 * 3600 * 1_000_000 // microseconds

// Login says that a customer was logged in on a device at an instant (microseconds UTC).
type Login struct {
	Device, Customer Number
	At               int64
}

// Limits are those of consent/identity.md 6, in microseconds and numbers. They may be made stricter, never laxer.
type Limits struct {
	Attach     int64 // an anonymous row attaches to a login at most this much later
	Shared     int64 // logins within this much of each other share a device
	Kiosk      int   // that many customers make a kiosk
	MaxDevices int   // a customer with more is set aside
}

// DefaultLimits are 30 days, 90 days, 5 customers and 20 devices.
func DefaultLimits() Limits { return Limits{30 * day, 90 * day, 5, 20} }

// Class is how many customers use a device.
type Class uint8

// The classes.
const (
	Unclaimed Class = iota
	Exclusive
	Shared
	Kiosk
)

// Star is who uses which device, as of now. It is read-only once built.
type Star struct {
	now      int64
	limits   Limits
	logins   []Login  // sorted by device, time, customer
	first    []uint32 // by device: its first login; the next device's first ends them
	class    []Class  // by device, over the trailing window
	owner    []Number // by device: its only customer, where exclusive
	setAside []bool   // by customer
	devices  map[Number][]Number
}

// lookback is how long logins are kept at most; the windows of the limits are shorter.
const lookback = 395 * day

// NewStar builds the star map from logins in any order; logins after now or older than 395 days are ignored. bound is one
// more than the largest subject number. The slice is sorted and kept.
func NewStar(logins []Login, bound int, now int64, l Limits) *Star {
	logins = slices.DeleteFunc(logins, func(e Login) bool { return e.At > now || e.At < now-lookback })
	slices.SortFunc(logins, func(a, b Login) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.At, b.At))
	})
	logins = firstAndLast(logins)
	slices.SortFunc(logins, func(a, b Login) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.At, b.At), cmp.Compare(a.Customer, b.Customer))
	})
	s := &Star{now: now, limits: l, logins: logins, devices: map[Number][]Number{}}
	s.first = make([]uint32, bound+1)
	at := 0
	for d := range s.first {
		for at < len(logins) && int(logins[at].Device) < d {
			at++
		}
		s.first[d] = uint32(at)
	}
	s.classify(bound)
	return s
}

// firstAndLast keeps, of one customer's logins on one device on one day, the first and the last: all windows are longer
// than a day, so nothing is lost.
func firstAndLast(sorted []Login) []Login {
	n := 0
	same := func(a, b Login) bool {
		return a.Device == b.Device && a.Customer == b.Customer && floorDay(a.At) == floorDay(b.At)
	}
	for i, e := range sorted {
		if n >= 2 && same(sorted[n-1], e) && same(sorted[n-2], e) {
			sorted[n-1] = e
			continue
		}
		sorted[n] = sorted[i]
		n++
	}
	return sorted[:n]
}

func floorDay(at int64) int64 {
	d := at / day
	if at%day < 0 {
		d--
	}
	return d
}

// classify finds the class of every device as of now, the customers with too many devices, and the stars.
func (s *Star) classify(bound int) {
	s.class, s.owner, s.setAside = make([]Class, bound), make([]Number, bound), make([]bool, bound)
	count := make([]int, bound)
	for d := range bound {
		class, customers := s.near(Number(d), s.now, nil)
		s.class[d] = class
		if class == Exclusive {
			s.owner[d] = customers[0]
		}
		if class != Kiosk {
			for _, c := range customers {
				count[c]++
			}
		}
	}
	for c, n := range count {
		s.setAside[c] = n > s.limits.MaxDevices
	}
	for d, class := range s.class {
		if c := s.owner[d]; class == Exclusive && !s.setAside[c] {
			s.devices[c] = append(s.devices[c], Number(d))
		}
	}
}

// near returns the class of a device around an instant and the customers who make it.
func (s *Star) near(device Number, at int64, buf []Number) (Class, []Number) {
	customers := buf[:0]
	if int(device)+1 >= len(s.first) {
		return Unclaimed, customers
	}
	for _, e := range s.logins[s.first[device]:s.first[device+1]] {
		if e.At < at-s.limits.Shared || e.At > at+s.limits.Shared {
			continue
		}
		if !slices.Contains(customers, e.Customer) {
			customers = append(customers, e.Customer)
		}
	}
	switch n := len(customers); {
	case n == 0:
		return Unclaimed, customers
	case n == 1:
		return Exclusive, customers
	case n < s.limits.Kiosk:
		return Shared, customers
	}
	return Kiosk, customers
}

// Class is the class of a device as of now: who may stand in a device list.
func (s *Star) Class(device Number) Class {
	if int(device) < len(s.class) {
		return s.class[device]
	}
	return Unclaimed
}

// Devices returns the exclusive devices of a customer; nothing may depend on their order.
func (s *Star) Devices(customer Number) []Number { return s.devices[customer] }

// SetAside reports whether a customer has too many devices in this run.
func (s *Star) SetAside(customer Number) bool {
	return int(customer) < len(s.setAside) && s.setAside[customer]
}

// Ownership is why a row belongs to whom it belongs (consent/identity.md 4).
type Ownership uint8

// The last four give the row to its device, OwnLogin and ByAttachment to a customer, the rest to nobody.
const (
	OwnLogin Ownership = iota
	ByAttachment
	InKiosk
	CustomerSetAside // a logged-in row of a customer with too many devices
	OnSharedDevice   // an anonymous row on a shared device
	WithoutLogin
	WithoutLaterLogin
	OwnerSetAside
	WithoutLink
)

// Owned is an owner: for OwnLogin and ByAttachment the customer.
type Owned struct {
	How      Ownership
	Customer Number
}

// Owner says whose a row is. customer is none for an anonymous row; ids that are blocked and rows after now must not be
// asked. link tells whether consent to link is in force for the row as one attached to that customer.
func (s *Star) Owner(device, customer, none Number, at int64, link func(customer Number) bool) Owned {
	var buf [8]Number
	class, customers := s.near(device, at, buf[:0])
	switch {
	case class == Kiosk:
		return Owned{How: InKiosk}
	case customer != none && s.SetAside(customer):
		return Owned{How: CustomerSetAside}
	case customer != none:
		return Owned{OwnLogin, customer}
	case class == Shared:
		return Owned{How: OnSharedDevice}
	case class == Unclaimed:
		return Owned{How: WithoutLogin}
	case !s.logsInLater(device, at):
		return Owned{How: WithoutLaterLogin}
	case s.SetAside(customers[0]):
		return Owned{How: OwnerSetAside}
	case !link(customers[0]):
		return Owned{How: WithoutLink}
	}
	return Owned{ByAttachment, customers[0]}
}

// logsInLater reports whether the device sees a login within the attach window after an instant, both ends included.
func (s *Star) logsInLater(device Number, at int64) bool {
	for _, e := range s.logins[s.first[device]:s.first[device+1]] {
		if e.At >= at && e.At <= at+s.limits.Attach {
			return true
		}
	}
	return false
}
