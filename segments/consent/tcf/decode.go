package tcf

import (
	"slices"
	"strings"
)

// The types of the segments after the first.
const (
	disclosed = 1
	allowed   = 2
	publisher = 3
)

// Decode reads a TC string into s, whose buffers are used again. The error is an Error, and s then says nothing: nobody
// consents, no vendor is in a set.
func (s *String) Decode(text string) error {
	err := s.decode(text)
	if err == 0 {
		return nil
	}
	s.clear()
	return err
}

// clear leaves nothing but the buffers.
func (s *String) clear() {
	*s = String{data: s.data[:0], spans: s.spans[:0], Restrictions: s.Restrictions[:0]}
}

func (s *String) decode(text string) Error {
	s.clear()
	switch {
	case text == "":
		return Empty
	case len(text) > longest:
		return TooLong
	case text[0] == '.', text[len(text)-1] == '.', strings.Contains(text, ".."):
		return EmptySegment
	}
	s.data = slices.Grow(s.data, len(text)+ahead)[:len(text)+ahead] // four characters are three bytes
	free := s.data
	for core := true; text != ""; core = false {
		var segment string
		segment, text, _ = strings.Cut(text, ".")
		r, ok := unpack(free, segment)
		if !ok {
			return Base64
		}
		if core {
			s.core(&r)
		} else {
			s.segment(&r)
		}
		if r.rest(); r.err != 0 {
			return r.err
		}
		free = free[(r.end+7)/8:]
	}
	return 0
}

// core reads the first segment.
func (s *String) core(r *reader) {
	if s.Version = r.number(6); s.Version != 2 {
		r.fail(WrongVersion)
	}
	s.Created, s.LastUpdated = r.instant(), r.instant()
	s.CMPID, s.CMPVersion, s.Screen = r.number(12), r.number(12), r.number(6)
	s.Language = r.letters()
	s.VendorList, s.Policy = r.number(12), r.number(6)
	s.ServiceSpecific, s.NonStandardTexts = r.flag(), r.flag()
	s.SpecialFeatures = uint16(r.set(12))
	s.Consents, s.Interests = uint32(r.set(24)), uint32(r.set(24))
	s.PurposeOneTreatment = r.flag()
	s.PublisherCC = r.letters()
	s.VendorConsents, s.VendorInterests = s.vendors(r), s.vendors(r)
	s.restrictions(r)
}

// segment reads one of the others.
func (s *String) segment(r *reader) {
	switch r.number(3) {
	case disclosed:
		r.once(&s.HasDisclosed)
		s.Disclosed = s.vendors(r)
	case allowed:
		r.once(&s.HasAllowed)
		s.Allowed = s.vendors(r)
	case publisher:
		r.once(&s.HasPublisher)
		s.Own.Consents, s.Own.Interests = uint32(r.set(24)), uint32(r.set(24))
		s.Own.Custom = r.number(6)
		s.Own.CustomConsents, s.Own.CustomInterests = r.set(s.Own.Custom), r.set(s.Own.Custom)
	default:
		r.fail(SegmentType)
	}
}

// vendors reads a set of vendors.
func (s *String) vendors(r *reader) Vendors {
	v := Vendors{Max: r.number(16), Ranged: r.flag()}
	if v.Ranged {
		v.spans = s.ranges(r, v.Max)
	} else {
		v.bits, v.at = r.data, r.at
		r.skip(v.Max)
	}
	return v
}

// restrictions reads what the publisher restricts.
func (s *String) restrictions(r *reader) {
	for range r.number(12) {
		restriction := Restriction{Purpose: uint8(r.number(6)), Kind: uint8(r.number(2))}
		restriction.spans = s.ranges(r, 1<<16-1)
		if r.err != 0 {
			return
		}
		s.Restrictions = append(s.Restrictions, restriction)
	}
}

// ranges reads ranges of vendors up to the largest number. One is read whole before it is judged.
func (s *String) ranges(r *reader, largest int) []span {
	from := len(s.spans)
	for range r.number(12) {
		ranged := r.flag()
		first := r.number(16)
		last := first
		if ranged {
			last = r.number(16)
		}
		switch {
		case min(first, last) < 1 || max(first, last) > largest:
			r.fail(RangeBounds)
		case first > last:
			r.fail(RangeOrder)
		}
		if r.err != 0 {
			return nil
		}
		s.spans = append(s.spans, span{uint16(first), uint16(last)})
	}
	return s.spans[from:]
}
