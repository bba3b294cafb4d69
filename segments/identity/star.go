package identity

import (
	"fmt"
	"iter"
	"slices"
)

// Limits are those of docs/identity.md, Limits, in microseconds and numbers.
type Limits struct {
	Attach     int64 // an anonymous row attaches to a login at most this much later
	Shared     int64 // logins within this much of each other share a device
	Kiosk      int   // that many customers make a kiosk
	MaxDevices int   // a customer with more is set aside
}

// maxKiosk is the laxest kiosk limit.
const maxKiosk = 5

// DefaultLimits are 30 days, 90 days, 5 customers and 20 devices.
func DefaultLimits() Limits { return Limits{30 * day, 90 * day, maxKiosk, 20} }

// Check refuses limits that are laxer than the default, and windows in which a day's first and last login would not be
// enough. A longer sharing window is the stricter one, because it finds more devices shared.
func (l Limits) Check() error {
	d := DefaultLimits()
	switch {
	case l.Attach < day || l.Attach > d.Attach:
		return fmt.Errorf("identity limit attach_window: want 1 to %d days", d.Attach/day)
	case l.Shared < d.Shared || l.Shared > lookback:
		return fmt.Errorf("identity limit shared_window: want %d to %d days", d.Shared/day, lookback/day)
	case l.Kiosk < 2 || l.Kiosk > d.Kiosk:
		return fmt.Errorf("identity limit kiosk_customers: want 2 to %d", d.Kiosk)
	case l.MaxDevices < 1 || l.MaxDevices > d.MaxDevices:
		return fmt.Errorf("identity limit max_devices: want 1 to %d", d.MaxDevices)
	}
	return nil
}

// Class is how many customers use a device.
type Class uint8

// The classes.
const (
	Unclaimed Class = iota
	Exclusive
	Shared
	Kiosk
)

// Star is who uses which device, as of now. It is read-only once built; any number of goroutines may read it.
type Star struct {
	now    int64
	limits Limits
	first  []uint32 // by device: its first login; the next device's first ends them
	at     []int64  // by login, in order of time within a device
	who    []Number // by login
	run    []uint32 // by login: the device's next login of another customer, or where its logins end
	class  []Class  // by device, over the trailing window
	load   []uint8  // by customer: devices that are no kiosk, over the trailing window, counted up to the limit and one
	// By customer: where his exclusive devices begin in devices; empty for a customer who is set aside.
	star    []uint32
	devices []Number
}

// lookback is how long logins are kept at most.
const lookback = 395 * day

// NewStar builds the star map from logins in any order; logins after now or older than 395 days are ignored. bound is
// one more than the largest subject number. The limits must have passed Check. The slice is reordered.
func NewStar(logins []Login, bound int, now int64, l Limits) *Star {
	logins = slices.DeleteFunc(logins, func(e Login) bool { return e.At > now || e.At < now-lookback })
	s := &Star{now: now, limits: l, class: make([]Class, bound), load: make([]uint8, bound)}
	logins, s.first = byDevice(logins, bound)
	s.at, s.who, s.run = make([]int64, len(logins)), make([]Number, len(logins)), make([]uint32, len(logins))
	for i := len(logins) - 1; i >= 0; i-- {
		e := logins[i]
		s.at[i], s.who[i], s.run[i] = e.At, e.Customer, uint32(i+1)
		if next := i + 1; next < len(logins) && logins[next].Device == e.Device && logins[next].Customer == e.Customer {
			s.run[i] = s.run[next]
		}
	}
	s.arrange(s.classify(bound), bound)
	return s
}

// noOwner marks a device that is not exclusive.
const noOwner = ^Number(0)

// classify finds the class of every device as of now and how many devices a customer has; it returns the customers of
// the exclusive devices.
func (s *Star) classify(bound int) (owner []Number) {
	owner = make([]Number, bound)
	var customers [maxKiosk]Number
	for d := range owner {
		owner[d] = noOwner
		n := s.near(Number(d), s.now, &customers)
		s.class[d] = s.limits.class(n)
		if s.class[d] == Kiosk {
			continue
		}
		if s.class[d] == Exclusive {
			owner[d] = customers[0]
		}
		for _, c := range customers[:n] {
			if int(s.load[c]) <= s.limits.MaxDevices {
				s.load[c]++
			}
		}
	}
	return owner
}

// arrange lists the exclusive devices by customer.
func (s *Star) arrange(owner []Number, bound int) {
	s.star = make([]uint32, bound+1)
	total := uint32(0)
	for d, c := range owner {
		if c == noOwner || s.SetAside(c) {
			owner[d] = noOwner
			continue
		}
		s.star[c]++
		total++
	}
	// star[c] becomes the end of c's devices, then, as they are placed from the last one down, their beginning.
	sum := uint32(0)
	for c := range s.star {
		sum += s.star[c]
		s.star[c] = sum
	}
	s.devices = make([]Number, total)
	for d := bound - 1; d >= 0; d-- {
		if c := owner[d]; c != noOwner {
			s.star[c]--
			s.devices[s.star[c]] = Number(d)
		}
	}
}

func (l Limits) class(customers int) Class {
	switch {
	case customers >= l.Kiosk:
		return Kiosk
	case customers >= 2:
		return Shared
	case customers == 1:
		return Exclusive
	}
	return Unclaimed
}

// logins returns where the logins of a device lie that are not earlier than an instant.
func (s *Star) logins(device Number, from int64) (first, end uint32) {
	if int(device)+1 >= len(s.first) {
		return 0, 0
	}
	first, end = s.first[device], s.first[device+1]
	at, _ := slices.BinarySearch(s.at[first:end], from)
	return first + uint32(at), end
}

// near finds the distinct customers with a login on the device within the sharing window around an instant, both ends
// included, and returns how many there are: at most as many as make a kiosk.
func (s *Star) near(device Number, at int64, customers *[maxKiosk]Number) int {
	n := 0
	first, end := s.logins(device, at-s.limits.Shared)
	for i := first; i < end && s.at[i] <= at+s.limits.Shared && n < s.limits.Kiosk; i = s.run[i] {
		if c := s.who[i]; !slices.Contains(customers[:n], c) {
			customers[n] = c
			n++
		}
	}
	return n
}

// Met are the devices with each customer who ever logged in on them.
func (s *Star) Met() iter.Seq2[Number, Number] {
	return func(yield func(device, customer Number) bool) {
		for device := range max(1, len(s.first)) - 1 {
			for i := s.first[device]; i < s.first[device+1]; i = s.run[i] {
				if !yield(Number(device), s.who[i]) {
					return
				}
			}
		}
	}
}

// Class is the class of a device as of now: who may stand in a device list.
func (s *Star) Class(device Number) Class {
	if int(device) < len(s.class) {
		return s.class[device]
	}
	return Unclaimed
}

// Devices returns the exclusive devices of a customer, none for one who is set aside; the slice is not to be changed
// and nothing may depend on its order.
func (s *Star) Devices(customer Number) []Number {
	if int(customer)+1 >= len(s.star) {
		return nil
	}
	return s.devices[s.star[customer]:s.star[customer+1]]
}

// SetAside reports whether a customer has too many devices in this run.
func (s *Star) SetAside(customer Number) bool {
	return int(customer) < len(s.load) && int(s.load[customer]) > s.limits.MaxDevices
}

// Ownership is why a row belongs to whom it belongs (docs/identity.md, The owner of a row).
type Ownership uint8

// OwnLogin and ByAttachment give the row to a customer, the last four to its device, the rest to nobody.
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
// asked, and rows a little ahead of now are asked as now. link tells whether consent to link is in force for the row as
// one attached to that customer.
func (s *Star) Owner(device, customer, none Number, at int64, link func(customer Number) bool) Owned {
	var customers [maxKiosk]Number
	class := s.limits.class(s.near(device, at, &customers))
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

// logsInLater reports whether the device sees a login within the attach window after an instant, both ends included. It
// is asked of exclusive devices only, and the sharing window is the longer one: the login is the owner's.
func (s *Star) logsInLater(device Number, at int64) bool {
	first, end := s.logins(device, at)
	return first < end && s.at[first] <= at+s.limits.Attach
}
