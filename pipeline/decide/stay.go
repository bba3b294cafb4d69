package decide

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
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

// Kept are the records of the inputs that may be kept, late denials heard: of segments of the project, also of those
// that are not decided, and of people of whom the use that they qualified under would be given a row of that time.
func (d *Decision) Kept(ctx context.Context, late []consent.Denial) (out state.StayRecord, err error) {
	if len(d.Stay) == 0 {
		return nil, nil
	}
	roll, err := d.Company(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range d.Segments {
		uses, _, err := d.usesOf(s)
		if err != nil {
			return nil, err
		}
		for i := range uses {
			var records state.StayRecord
			var of []consent.Kept
			for _, k := range d.Stay {
				if k.Segment == s.Name && k.Use == uses[i].Name {
					records, of = append(records, k), append(of, consent.Kept{ID: k.ID, At: min(k.Last, d.KnownBy)})
				}
			}
			for at, keep := range d.gate.Keeps(&uses[i], roll, late, of) {
				if keep {
					out = append(out, records[at])
				}
			}
		}
	}
	slices.SortFunc(out, state.Compare)
	return slices.Compact(out), nil // destinations that share a consent share its use
}

// Stays reports whether somebody's time in a segment lasts: as_of < last_qualified + stay, under the same definition.
func Stays(s *rules.Segment, k state.Stay, asOf int64) bool {
	return k.Definition == Definition(s) && asOf < s.Zone.Step(k.Last, s.Stay, 1)
}

// Definition is the definition hash of a segment, as documents and records have it.
func Definition(s *rules.Segment) string { return hex.EncodeToString(s.Hash[:]) }
