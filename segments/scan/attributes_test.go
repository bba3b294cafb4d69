package scan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// A plan may read values of events beside attributes of customers: records bring a null for each of them.
func TestARecordOfACustomerHasNoValueOfAnEvent(t *testing.T) { rapid.Check(t, recordsWithoutValues) }

func recordsWithoutValues(t *rapid.T) {
	schema := &rules.Schema{Name: "customers", Customers: true, Columns: []rules.Column{
		{Name: "customer_id", Type: textType, Role: rules.RoleCustomer}, {Name: "page", Type: textType},
	}}
	subjects := identity.NewSubjects()
	for _, id := range []string{"c1", "c3"} {
		hash := subjects.Hash(identity.Customer, []byte(id))
		subjects.Shard(identity.ShardOf(hash)).File(hash, []byte(id))
	}
	of := rules.Pick{
		Record: "attributes", Where: &rules.Test{
			Term: rules.Term{Column: "page", Type: textType, Of: textType}, Op: where.OpEqual, Args: []value.Value{
				{Kind: value.Text, Text: "/a"},
			},
		},
	}
	plan := &scan.Plan{
		Picks: []rules.Pick{{Any: true}, of}, Values: []rules.Reading{
			{Column: "amount", Type: whole}, {Role: rules.RoleSession},
		}, Compile: compile,
	}
	a, err := scan.NewAttributes(plan, "attributes", schema, knownBy, subjects)
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Records(newGroup(t, schema, []logRow{
		{"customer_id": "c1", "page": "/a"},
		{"customer_id": "c2", "page": "/a"},
		{"customer_id": "c3", "page": "/b"},
		{"customer_id": " c3 ", "page": "/a"},
		{"page": "/a"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i, n := range b.Customer {
		ids = append(ids, subjects.Name(n))
		for v := range b.Values {
			if b.Values[v][i] != evidence.Null {
				t.Errorf("record %d has value %d in column %d", i, b.Values[v][i], v)
			}
		}
	}
	if diff := cmp.Diff([]string{"c1", "c3"}, ids); diff != "" || len(b.Values) != 2 {
		t.Errorf("%d value columns, records (-want +got):\n%s", len(b.Values), diff)
	}
}
