package pipeline

import (
	"context"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// usesAttributes reports whether some condition of the run looks at customers' attributes.
func (e *Evaluation) usesAttributes(plan *segments.Plan) bool {
	for _, p := range plan.Picks {
		if p.Record == builtin.ProfileRecord {
			return true
		}
	}
	return false
}

// readAttributes brings the customers' attributes before the gate, as records of the moment up to which the run knows, and
// files those of whom it admits. The door is returned with the others.
func (e *Evaluation) readAttributes(ctx context.Context, plan *segments.Plan, scanPlan *scan.Plan, subjects *identity.Subjects, tally *segments.Tally, doors []*consent.Door) ([]*consent.Door, error) {
	if !e.usesAttributes(plan) {
		return doors, nil
	}
	j := e.Job
	conf := j.Project.Attributes
	schema := j.Schemas[conf.Schema]
	var err error
	if e.attributes, err = j.Stores.Table(ctx, "profiles_of_customers", j.Absolute(conf.URL)); err != nil {
		return nil, err
	}
	reader, err := scan.NewAttributes(scanPlan, builtin.ProfileRecord, schema, j.KnownBy, subjects)
	if err != nil {
		return nil, fault.New(fault.Invalid, "SCHEMA", err, "see docs/how-to/schemas.md")
	}
	lane, door := tally.Lane(), e.gate.Open()
	read := folder.Reading{Bucket: e.attributes.Bucket, Objects: e.attributes.Objects, Schema: schema, Limits: j.limits(), Workers: 1}
	err = read.Each(ctx, func(_ int, _ scan.Unit, g *parquet.RowGroup) error {
		block, err := reader.Records(g)
		if err != nil {
			return err
		}
		lane.Add(door.Admit(block))
		return nil
	})
	return append(doors, door), err
}

// tables are the objects of all tables that the run depends on.
func (e *Evaluation) tables() []InputObject {
	return append(etags("identifiers", e.contacts.Objects, nil), etags("profiles_of_customers", e.attributes.Objects, nil)...)
}
