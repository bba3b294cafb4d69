package oracle

import (
	"slices"
	"strings"
	"unicode"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

const (
	attachWithin = 30 * day
	sharedWithin = 90 * day
	kioskFrom    = 5
	maxDevices   = 20
)

var placeholders = strings.Fields(`null nil none n/a na nan undefined unknown unset anonymous anon guest test default
	deleted optout opt-out true false -1`)

// blocked reports an id that stands for nobody.
func blocked(id string) bool {
	lower := strings.ToLower(id)
	if id == "" || slices.Contains(placeholders, lower) || lower == "(not set)" || lower == "[object object]" ||
		len(id) > 128 || strings.ContainsFunc(id, unicode.IsControl) {
		return true
	}
	bare := []rune(strings.ReplaceAll(lower, "-", ""))
	same := len(bare) > 0 && !slices.ContainsFunc(bare, func(r rune) bool { return r != bare[0] })
	return same && (bare[0] == '0' || len(bare) >= 4)
}

// seenAt is a customer seen on a device.
type seenAt struct {
	customer string
	at       int64
}

// star is who is seen where, as of now.
type star struct {
	now     int64
	logins  map[string][]seenAt
	class   map[string]int // distinct customers in the trailing window
	devices map[string][]string
	count   map[string]int
}

func newStar(rows []feed.Row, now int64) *star {
	s := &star{
		now: now, logins: map[string][]seenAt{}, class: map[string]int{}, devices: map[string][]string{},
		count: map[string]int{},
	}
	for i := range rows {
		r := &rows[i]
		if r.Received >= now || r.Time > now || r.Time < now-395*day || r.Customer == nil || r.Time > r.Received+5*minute {
			continue
		}
		device, customer := strings.TrimSpace(r.Device), strings.TrimSpace(*r.Customer)
		if !blocked(device) && !blocked(customer) {
			s.logins[device] = append(s.logins[device], seenAt{customer, r.Time})
		}
	}
	for device := range s.logins {
		near := s.seen(device, now-sharedWithin, now)
		s.class[device] = len(near)
		if len(near) < kioskFrom {
			for _, c := range near {
				s.count[c]++
			}
		}
		if len(near) == 1 {
			s.devices[near[0]] = append(s.devices[near[0]], device)
		}
	}
	return s
}

// seen are the distinct customers with a login on the device in [from, to].
func (s *star) seen(device string, from, to int64) []string {
	var out []string
	for _, l := range s.logins[device] {
		if from <= l.at && l.at <= to && !slices.Contains(out, l.customer) {
			out = append(out, l.customer)
		}
	}
	return out
}

// owner is to whom a row belongs.
type owner struct {
	nobody   bool
	customer string // "" : the device
	attached bool
	reason   string
}

// own is the ownership table; link says whether the row may be attached to a customer.
func (s *star) own(device, customer string, login bool, at int64, link func(customer string) bool) owner {
	near := s.seen(device, at-sharedWithin, min(at+sharedWithin, s.now))
	switch {
	case len(near) >= kioskFrom:
		return owner{nobody: true, reason: "KIOSK"}
	case login && s.count[customer] > maxDevices:
		return owner{nobody: true, reason: "TOO_MANY_DEVICES"}
	case login:
		return owner{customer: customer, reason: "OWN_LOGIN"}
	case len(near) > 1:
		return owner{nobody: true, reason: "SHARED_ANON"}
	case len(near) == 0:
		return owner{reason: "NO_LOGIN"}
	case !slices.ContainsFunc(s.logins[device],
		func(l seenAt) bool { return l.customer == near[0] && at <= l.at && l.at <= at+attachWithin }):
		return owner{reason: "NO_LATER_LOGIN"}
	case s.count[near[0]] > maxDevices:
		return owner{reason: "TOO_MANY_DEVICES"}
	case !link(near[0]):
		return owner{reason: "LINK_MISSING"}
	}
	return owner{customer: near[0], attached: true, reason: "ATTACHED"}
}
