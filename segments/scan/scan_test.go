package scan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

const hour = int64(3_600_000_000)

// knownBy lies just after the clocks went back in Helsinki.
var knownBy = time.Date(2025, 10, 26, 3, 0, 0, 0, time.UTC).UnixMicro()

const (
	skew  = 5 * 60 * 1_000_000
	limit = 5 * 60 * 1_000_000 // a time further ahead of known_by is an error
)

var (
	textType = value.Type{Kind: value.Text}
	whole    = value.Type{Kind: value.Integer}
	moment   = value.Type{Kind: value.Timestamp}
)

func TestBlocksAreWhatALoopOverTheRowsFinds(t *testing.T) {
	kept, shown := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		schema, plan := drawSchema(t), drawPlan(t)
		if rapid.Bool().Draw(t, "labels") {
			plan.Labels = drawLabels(t, schema)
		}
		subjects := identity.NewSubjects()
		for _, id := range []string{"d1", "d2", "both", "1", "2"} { // the ledger names these
			hash := subjects.Hash(identity.Device, []byte(id))
			subjects.Shard(identity.ShardOf(hash)).File(hash, []byte(id))
		}
		s, err := scan.New(plan, schema, rapid.Bool().Draw(t, "partner"), subjects, scan.NewNames())
		if err != nil {
			t.Fatal(err)
		}
		o := &scanOracle{plan: plan, schema: schema, subjects: subjects, texts: map[string]int64{}}
		for range rapid.IntRange(1, 2).Draw(t, "workers") {
			w := s.Worker()
			o.counts, o.shown = scan.Counts{}, 0
			for range rapid.IntRange(1, 3).Draw(t, "row groups") {
				rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) logRow { return drawRow(t, schema) }), 0, 80).Draw(t, "rows")
				o.check(t, w, rows)
			}
			crowds := cmp.Comparer(func(a, b identity.Crowd) bool {
				n, _ := a.Drawn()
				m, _ := b.Drawn()
				return n == m
			})
			if diff := cmp.Diff(o.counts, w.Counts(), crowds); diff != "" {
				t.Fatal(diff)
			}
			kept, shown = kept+int(o.counts.Wanted), shown+o.shown
		}
	})
	if kept == 0 {
		t.Error("no row ever was evidence: the test asks nothing")
	}
	if shown == 0 || shown == kept {
		t.Errorf("%d rows of %d show what is labelled: the test asks nothing", shown, kept)
	}
}

func TestThePlanNamesTheColumnsItReads(t *testing.T) {
	schema := copiesSchema(textType, true)
	plan := &scan.Plan{Customers: true, Picks: []rules.Pick{{Events: []string{"view"}, Where: rules.And{
		&rules.Test{Term: rules.Term{Column: "visits", Type: whole, Of: whole}, Op: where.OpIsNull},
		&rules.Test{Term: rules.Term{Column: "absent", Type: textType, Of: textType}, Op: where.OpIsNull},
	}}}, Values: []rules.Reading{{Column: "score"}, {Column: "score", Quantise: &value.Number{Int: 1}}}, Compile: compile}
	s, err := scan.New(plan, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"device_id", "event", "event_time", "received_at", "score", "visits"}
	if diff := cmp.Diff(want, s.Columns()); diff != "" {
		t.Error(diff)
	}
}

// compile is the plain meaning of a test.
func compile(test *rules.Test, z *value.Zone) (kernel.Row, error) {
	row, err := builtin.CompileTest(test, z)
	return kernel.Row(row), err
}

func TestFloatsAreOrderedOrCountedInSteps(t *testing.T) {
	schema := &rules.Schema{Name: "log", Columns: []rules.Column{
		{Name: "event_time", Type: moment, Role: rules.RoleEventTime},
		{Name: "event", Type: textType, Role: rules.RoleEventName},
		{Name: "device_id", Type: textType, Role: rules.RoleDevice},
		{Name: "score", Type: value.Type{Kind: value.Float}},
	}}
	plan := &scan.Plan{
		Customers: true, KnownBy: knownBy, Picks: []rules.Pick{{Any: true}}, Edges: []int64{knownBy - hour, knownBy},
	}
	for i, step := range []*value.Number{nil, {Int: 1, Scale: 2}, {Int: 25, Scale: 2}, {Int: 5, Scale: 0}} {
		plan.Values = append(plan.Values, rules.Reading{Column: "score", Type: value.Type{Kind: value.Float}, Quantise: step})
		plan.Wants = append(plan.Wants, rules.Want{Value: i, From: knownBy - hour, Before: knownBy})
	}
	s, err := scan.New(plan, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	var rows []logRow
	for _, f := range append(slices.Clone(samples["score"]), 2.5, -2.5, 7.49, 1e18, -1e18, 9.3e18, nil) {
		rows = append(rows, logRow{"event_time": knownBy - 1, "event": "view", "device_id": "d1", "score": f})
	}
	g := rapid.Custom(func(t *rapid.T) *logGroup { return newGroup(t, schema, rows) }).Example(0)
	b, err := s.Worker().Scan(g, nil)
	if err != nil || b.Len() != len(rows) {
		t.Fatalf("%d rows of %d, error %v", b.Len(), len(rows), err)
	}
	for v, value := range plan.Values {
		for i, r := range rows {
			want := int64(evidence.Null)
			if f, ok := r["score"].(float64); ok {
				want = floatWord(value, f)
			}
			if got := b.Values[v][i]; got != want {
				t.Errorf("%v in steps of %v is %d, want %d", r["score"], value.Quantise, got, want)
			}
		}
	}
}
