// Package tcf reads TC strings, the form in which a consent platform of the Transparency and Consent Framework says
// what a visitor chose: which purposes, which vendors, what the publisher restricts.
//
// In comes the text, out goes a String, or an Error that says what is wrong with it. A string is read strictly: what
// could be read in two ways, or not to its end, is an error, for it may have been a withdrawal. Checks of the whole
// text come first, then the segments from the left, in a segment its alphabet before its fields; the first error met is
// returned. What the dates make of a string that can be read, its Findings say. The package does not know what a
// purpose or a vendor is for, whose the string is, or what is granted by it.
//
// The form is that of the IAB Tech Lab, "Transparency and Consent String with Global Vendor & CMP List Formats"
// (github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework), all editions from 2.0 to 2.4.
// Those differ in what a platform has to write (2.3: always the disclosed vendors) and in the list of vendors (2.4: a
// field standardTexts; vendors with special purposes alone are no longer disclosed as of legitimate interest). No
// edition moved a bit of the string or raised its version, so no version of the vendor list refuses a string.
package tcf

// Error is why a text is no TC string. It says nothing of the text, which is personal data.
type Error uint8

// The errors, in the order of the checks where one segment could have several.
const (
	Empty Error = iota + 1
	TooLong
	EmptySegment
	Base64
	WrongVersion
	Truncated
	Letter
	RangeBounds
	RangeOrder
	Trailing
	SegmentType
	SegmentDup
)

// meanings are what errors say.
var meanings = [...]string{
	Empty:        "TC_EMPTY: there is no text",
	TooLong:      "TC_TOO_LONG: more than 16,384 characters",
	EmptySegment: "TC_EMPTY_SEGMENT: nothing before, after or between two dots",
	Base64:       "TC_BASE64: a character that is no base64url",
	WrongVersion: "TC_VERSION: the version is not 2",
	Truncated:    "TC_TRUNCATED: a segment ends before its last field",
	Letter:       "TC_LETTER: a letter of the language or country is none of A to Z",
	RangeBounds:  "TC_RANGE_BOUNDS: a vendor's number is 0 or above the largest of its set",
	RangeOrder:   "TC_RANGE_ORDER: a range of vendors ends before it starts",
	Trailing:     "TC_TRAILING: something is set after the last field of a segment",
	SegmentType:  "TC_SEGMENT_TYPE: a segment after the first dot is of no known type",
	SegmentDup:   "TC_SEGMENT_DUP: two segments are of one type",
}

// Error is the code and what it means, such as "TC_BASE64: a character that is no base64url".
func (e Error) Error() string { return meanings[e] }

// longest is how many characters (bytes, as all that are allowed have one) a string may have.
const longest = 16384

// String is what a TC string says. It owns the buffers that its sets of vendors look into: do not copy it, and keep
// nothing of it over the next Decode. One goroutine may decode into it, any number may read it.
type String struct {
	Version                    int   // always 2
	Created, LastUpdated       int64 // microseconds UTC, whole tenths of a second
	CMPID, CMPVersion          int   // the consent platform
	Screen, VendorList, Policy int
	// Language is that of the notice, PublisherCC the publisher's country: two capital letters each.
	Language, PublisherCC [2]byte

	ServiceSpecific, NonStandardTexts, PurposeOneTreatment bool

	SpecialFeatures                 uint16 // feature f is bit f-1
	Consents, Interests             uint32 // purpose p, 1 to 24, is bit p-1
	VendorConsents, VendorInterests Vendors
	Restrictions                    []Restriction // in the string's order

	// What the segments after the first say, if they are there.
	HasDisclosed bool
	Disclosed    Vendors
	HasAllowed   bool
	Allowed      Vendors
	HasPublisher bool
	Own          Publisher

	data  []byte // the bits of all segments, and eight bytes so that a reader may look beyond the end
	spans []span // of all ranges
}

// Publisher is what the visitor chose for the publisher itself.
type Publisher struct {
	Consents, Interests             uint32 // purpose p, 1 to 24, is bit p-1
	Custom                          int    // how many purposes of its own the publisher has, 0 to 63
	CustomConsents, CustomInterests uint64 // custom purpose p is bit p-1
}

// Vendors is a set of vendors, kept as the string has it: bits, or ranges that are never expanded.
type Vendors struct {
	Max    int  // the largest number that the set could have
	Ranged bool // the string lists ranges

	spans []span
	bits  []byte
	at    int // where the bit of vendor 1 is
}

// Has reports whether the vendor is in the set.
func (v *Vendors) Has(id int) bool {
	if v.Ranged {
		return within(v.spans, id)
	}
	at := v.at + id - 1
	return id >= 1 && id <= v.Max && v.bits[at/8]>>(7-at%8)&1 == 1
}

// Restriction is what the publisher forbids or demands of some vendors for one purpose.
type Restriction struct {
	Purpose, Kind uint8 // the kinds are those of Restricts
	spans         []span
}

// Has reports whether the restriction is about the vendor.
func (r *Restriction) Has(vendor int) bool { return within(r.spans, vendor) }

// The kinds of restriction.
const (
	NotAllowed      = 0
	RequireConsent  = 1
	RequireInterest = 2 // only legitimate interest is allowed
	Undefined       = 3 // no version of the framework says what it means
)

// Restricts says how the publisher restricts the vendor for a purpose: not allowed, restricted in a way that nobody has
// defined, legitimate interest required or consent required. If several hold, the one that leaves us least is told, in
// this order.
func (s *String) Restricts(purpose, vendor int) (kind int, ok bool) {
	for _, kind := range [...]int{NotAllowed, Undefined, RequireInterest, RequireConsent} {
		for i := range s.Restrictions {
			r := &s.Restrictions[i]
			if int(r.Purpose) == purpose && int(r.Kind) == kind && r.Has(vendor) {
				return kind, true
			}
		}
	}
	return 0, false
}

// span is vendors from first to last, both included.
type span struct{ first, last uint16 }

func within(spans []span, id int) bool {
	for _, s := range spans {
		if int(s.first) <= id && id <= int(s.last) {
			return true
		}
	}
	return false
}
