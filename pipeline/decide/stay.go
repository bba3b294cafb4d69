package decide

import (
	"encoding/hex"

	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// stayRecords are the records of those whose time in a segment of the plan lasts as of then. A record of a night to
// come, of which `why` thinks, asks for the consent that holds now.
func stayRecords(d *Decision, plan *segments.Plan, of state.StayRecord, asOf int64) (records []scan.Record) {
	for _, s := range plan.Stays() {
		for _, k := range of {
			if k.Segment == s.Segment.Name && k.Use == d.Uses[s.Use].Name && Stays(s.Segment, k, asOf) {
				records = append(records, scan.Record{
					Customer: s.Segment.Level == rules.CustomerLevel, ID: k.ID, At: min(k.Last, d.KnownBy), Pick: s.Pick,
				})
			}
		}
	}
	return records
}

// Stays reports whether somebody's time in a segment lasts: as_of < last_qualified + stay, under the same definition.
func Stays(s *rules.Segment, k state.Stay, asOf int64) bool {
	return k.Definition == Definition(s) && asOf < s.Zone.Step(k.Last, s.Stay, 1)
}

// Definition is the definition hash of a segment, as documents and records have it.
func Definition(s *rules.Segment) string { return hex.EncodeToString(s.Hash[:]) }
