package consent

// Clamp is how far ahead of now a row may lie: such rows count as now (docs/consent.md, The decision).
const Clamp = 5 * 60 * 1_000_000

// Policy is under which settings consent is judged. Times and durations are microseconds; Now is the run's known_by.
type Policy struct {
	Now           int64
	Retention     int64
	MaxConsentAge int64
	Purposes      *Purposes
	MinNotice     []int32 // by purpose; nil: none
	GPCDenies     []bool  // by purpose, for signals on rows; nil: none
	BrowserDenies []bool
	TCF           []Carrier // by purpose: what a TC string must say to grant it; nil: strings are asked about nothing
}

// Carrier says where a TC string carries a purpose: of ours in the publisher's own segment, of a destination in what it
// says about a vendor. The zero Carrier is a purpose that no string speaks about. Purpose p is bit p-1.
type Carrier struct {
	Own       uint32 // purposes of the publisher segment
	Custom    uint64 // custom purposes of the publisher segment
	Vendor    int    // the destination's number in the global vendor list
	Purposes  uint32 // of the core, that the vendor needs
	Interests uint32 // those of them for which legitimate interest was accepted
}

func (p *Policy) minNotice(purpose int) int32 {
	if purpose < len(p.MinNotice) {
		return p.MinNotice[purpose]
	}
	return 0
}
