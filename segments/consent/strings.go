package consent

import (
	"hash/maphash"
	"math/bits"
	"sync"

	"github.com/malgrupp/malgrupp/segments/consent/tcf"
)

// silent is what a string says about a purpose it does not speak of.
const silent = reasons

// Strings are the TC strings of a ledger, each decoded once. Loaders of several goroutines may number strings; nobody
// does any more once the ledger is sealed. No text is kept: a string is personal data.
type Strings struct {
	p       *Policy
	mu      sync.Mutex
	seeds   [2]maphash.Seed
	numbers map[[2]uint64]uint32 // by two hashes: a text passes for another once in 2^128
	updated []int64              // by string: when it was last updated
	said    []Reason             // by string, then purpose: it grants, denies for a reason or is silent
	broken  int                  // strings that cannot be decoded
	decoder tcf.String
}

// NewStrings returns an empty collection under a policy.
func NewStrings(p *Policy) *Strings {
	return &Strings{p: p, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, numbers: map[[2]uint64]uint32{}}
}

// Number returns the number of a string.
func (s *Strings) Number(text string) uint32 {
	key := [2]uint64{maphash.String(s.seeds[0], text), maphash.String(s.seeds[1], text)}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := s.numbers[key]
	if !known {
		n = uint32(len(s.updated))
		s.numbers[key] = n
		s.decode(text)
	}
	return n
}

// check refuses strings of which more than 5 % cannot be decoded: some part of the export breaks them.
func (s *Strings) check() error { return CheckStrings(len(s.updated), s.broken) }

// says is what a string says about a purpose: GrantedTC, a reason for refusing, or silent.
func (s *Strings) says(number uint32, purpose int) Reason {
	return s.said[int(number)*s.p.Purposes.Len()+purpose]
}

// decode files what a new string says. One that cannot be read may have been a withdrawal, so it denies whatever
// strings are asked about.
func (s *Strings) decode(text string) {
	err := s.decoder.Decode(text)
	all := silent
	if err != nil {
		s.broken++
		all = TCInvalid
		s.updated = append(s.updated, s.p.Now)
	} else {
		if finding, found := s.decoder.Finding(s.p.Now); found {
			all = findings[finding]
		}
		s.updated = append(s.updated, s.decoder.LastUpdated)
	}
	for purpose := range s.p.Purposes.Len() {
		var c Carrier
		if purpose < len(s.p.TCF) {
			c = s.p.TCF[purpose]
		}
		says := all
		switch {
		case c == Carrier{}:
			says = silent
		case all != silent:
		case c.Vendor != 0:
			says = c.vendor(&s.decoder)
		default:
			says = c.own(&s.decoder)
		}
		s.said = append(s.said, says)
	}
}

// findings are the reasons that the findings of a decoded string come to.
var findings = map[tcf.Finding]Reason{
	tcf.Future: TCFuture, tcf.TimeOrder: TCTimeOrder, tcf.GlobalScope: TCGlobalScope, tcf.PolicyOld: TCPolicyOld,
	tcf.LegitimateInterest36: TCLI36, tcf.NoDisclosed: TCNoDisclosed,
}

// own is what a string says about a purpose of ours, in the publisher's segment; without one it says nothing.
func (c *Carrier) own(s *tcf.String) Reason {
	missing, custom := c.Own&^s.Own.Consents, c.Custom&^s.Own.CustomConsents
	switch {
	case !s.HasPublisher:
		return silent
	case missing == 0 && custom == 0:
		return GrantedTC
	case missing&^s.Own.Interests == 0 && custom&^s.Own.CustomInterests == 0:
		return TCLIOnly
	}
	return TCNoPurpose
}

// vendor is what a string says about a destination.
func (c *Carrier) vendor(s *tcf.String) Reason {
	missing := uint32(0)
	for left := c.Purposes; left != 0; left &= left - 1 {
		bit := left & -left
		kind, restricted := s.Restricts(bits.TrailingZeros32(bit)+1, c.Vendor)
		interest := c.Interests&bit != 0
		if restricted && (kind == tcf.NotAllowed || kind == tcf.Undefined || kind == tcf.RequireInterest && !interest) {
			return TCRestricted
		}
		byConsent := s.Consents&bit != 0 && !(restricted && kind == tcf.RequireInterest)
		byInterest := interest && s.Interests&bit != 0 && !(restricted && kind == tcf.RequireConsent) &&
			s.VendorInterests.Has(c.Vendor)
		if !byConsent && !byInterest {
			missing |= bit
		}
	}
	switch {
	case missing != 0 && missing&^s.Interests == 0:
		return TCLIOnly
	case missing != 0:
		return TCNoPurpose
	case !s.VendorConsents.Has(c.Vendor):
		return TCNoVendor
	case s.HasDisclosed && !s.Disclosed.Has(c.Vendor):
		return TCNotDisclosed
	}
	return GrantedTC
}
