package pipeline

import (
	"context"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// table is a folder of Parquet objects that is read whole.
type table struct {
	bucket  *store.Bucket
	objects []store.Object
}

// listTable lists a folder that a setting names; one without objects is an input that is missing.
func (j *Job) listTable(ctx context.Context, setting, url string) (t table, err error) {
	bucket, listing, err := j.list(ctx, url)
	if t.bucket = bucket; err != nil {
		return t, err
	}
	parts, err := partitions(url, project.Partition{}, listing)
	if err != nil {
		return t, err
	}
	for _, p := range parts {
		t.objects = append(t.objects, p.objects...)
	}
	if len(t.objects) == 0 {
		return t, fault.BadInput("INPUT_MISSING", fmt.Sprintf("list %s: %s holds no objects", setting, t.bucket.URL()),
			"check the export and the url of "+setting+": in malgrupp.yaml")
	}
	return t, nil
}

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
	if e.attributes, err = j.listTable(ctx, "profiles_of_customers", conf.URL); err != nil {
		return nil, err
	}
	reader, err := scan.NewAttributes(scanPlan, builtin.ProfileRecord, schema, j.KnownBy, subjects)
	if err != nil {
		return nil, fault.New(fault.Invalid, "SCHEMA", err, "see docs/how-to/schemas.md")
	}
	lane, door := tally.Lane(), e.gate.Open()
	read := reading{bucket: e.attributes.bucket, objects: e.attributes.objects, schema: schema, limits: j.limits(), workers: 1}
	err = read.each(ctx, func(_ int, _ scan.Unit, g *parquet.RowGroup) error {
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
	return append(etags("identifiers", e.contacts.objects, nil), etags("profiles_of_customers", e.attributes.objects, nil)...)
}
