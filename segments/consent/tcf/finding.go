package tcf

import "time"

// Finding is why a string that can be read does not count, by its dates and what held then.
type Finding uint8

// The findings, in the order in which they are told.
const (
	Future               Finding = iota // last updated more than 24 hours from now
	TimeOrder                           // last updated before it was created
	GlobalScope                         // for all sites, which has been void since September 2021
	PolicyOld                           // made after September 2023 under a policy before 4
	LegitimateInterest36                // legitimate interest for a purpose 3 to 6, which policy 4 ended
	NoDisclosed                         // made after February 2026 without the segment of disclosed vendors
	findings                            // how many there are
)

// String is the code of the finding.
func (f Finding) String() string {
	return [findings]string{
		"TC_FUTURE", "TC_TIME_ORDER", "TC_GLOBAL_SCOPE", "TC_POLICY_OLD", "TC_LI_3_6", "TC_NO_DISCLOSED",
	}[f]
}

// When the framework changed, in microseconds UTC.
var (
	noGlobalScope = month(2021, time.September)
	policy4       = month(2023, time.October)
	allDisclose   = month(2026, time.March)
)

func month(year int, m time.Month) int64 {
	return time.Date(year, m, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
}

const (
	day          = 24 * 3600 * 1_000_000 // microseconds
	purposes3To6 = 0b111100
)

// has reports whether the finding is true of the string at an instant.
func (s *String) has(f Finding, now int64) bool {
	switch f {
	case Future:
		return s.LastUpdated > now+day
	case TimeOrder:
		return s.LastUpdated < s.Created
	case GlobalScope:
		return s.LastUpdated >= noGlobalScope && !s.ServiceSpecific
	case PolicyOld:
		return s.LastUpdated >= policy4 && s.Policy < 4
	case LegitimateInterest36:
		return s.Policy >= 4 && s.Interests&purposes3To6 != 0
	default:
		return s.LastUpdated >= allDisclose && !s.HasDisclosed
	}
}

// Findings are all that is true of the string at an instant (microseconds UTC), in order.
func (s *String) Findings(now int64) (out []Finding) {
	for f := range findings {
		if s.has(f, now) {
			out = append(out, f)
		}
	}
	return out
}

// Finding is the first of the Findings, if there is one. It allocates nothing.
func (s *String) Finding(now int64) (Finding, bool) {
	for f := range findings {
		if s.has(f, now) {
			return f, true
		}
	}
	return 0, false
}
