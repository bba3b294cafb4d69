package decide

import (
	"context"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
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
