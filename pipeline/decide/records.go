package decide

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// attributesSetting is what the settings call the attributes of customers.
const attributesSetting = "profiles_of_customers"

// usesAttributes reports whether some condition looks at customers' attributes.
func usesAttributes(plan *segments.Plan) bool {
	for _, p := range plan.Picks {
		if p.Record == builtin.ProfileRecord {
			return true
		}
	}
	return false
}

// readAttributes brings the customers' attributes before the gate, as records of the moment up to which the run knows,
// and files those of whom it admits.
func (h *hearing) readAttributes(ctx context.Context) error {
	if !usesAttributes(h.plan) {
		return nil
	}
	listed := h.Listing.attributes
	if listed == nil {
		listed = func() (folder.Table, error) {
			return h.Stores.Table(ctx, attributesSetting, h.Absolute(h.Project.Attributes.URL))
		}
	}
	var err error
	if h.attributes, err = listed(); err != nil {
		return err
	}
	reader, err := h.records()
	if err != nil {
		return err
	}
	door, lane := h.open()
	read := h.Reading("attributes", h.attributes.Bucket, h.attributes.Objects, h.Attributes())
	read.Workers = 1
	return read.Each(ctx, func(_ int, _ scan.Unit, g *parquet.RowGroup) error {
		block, err := reader.Records(g)
		if err != nil {
			return err
		}
		lane.Add(door.Admit(block))
		return nil
	})
}

// AttributeInputs are the objects of the customers' attributes that were read.
func (d *Decision) AttributeInputs() []folder.Input {
	return folder.Pin(attributesSetting, d.attributes.Objects, nil)
}

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
