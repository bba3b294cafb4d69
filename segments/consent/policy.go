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
}

func (p *Policy) minNotice(purpose int) int32 {
	if purpose < len(p.MinNotice) {
		return p.MinNotice[purpose]
	}
	return 0
}
