package segments_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// everything is a coverage without gaps that begins at an instant.
type everything int64

func (e everything) From(*rules.Condition) int64              { return int64(e) }
func (everything) Covers(*rules.Condition, int64, int64) bool { return true }

func days(n int) *rules.Window { return &rules.Window{From: value.Duration{N: n, Unit: value.Day}} }

func did(event string, w *rules.Window, least int64) *rules.Condition {
	return &rules.Condition{
		Verb: "did", Events: []string{event}, Window: w, Compare: &rules.Compare{
			Op: rules.AtLeast, Bound: value.Number{Int: least},
		},
	}
}

// whereOf reads a column; with a local function it reads the clock.
func whereOf(function string) rules.Expr {
	whole, of := value.Type{Kind: value.Integer}, value.Type{Kind: value.Integer}
	column := "amount"
	if function != "" {
		column, of = "event_time", value.Type{Kind: value.Timestamp}
	}
	return &rules.Test{
		Term: rules.Term{Column: column, Function: function, Type: whole, Of: of}, Op: where.OpEqual, Args: []value.Value{
			{Kind: value.Integer, Int: 3},
		},
	}
}

func plan(t *testing.T, segs ...*rules.Segment) *segments.Plan {
	t.Helper()
	var requests []segments.Request
	for _, s := range segs {
		requests = append(requests, segments.Request{Segment: s, Uses: []int{0}})
	}
	p, err := segments.NewPlan(requests, 1, segments.Times{AsOf: asOf}, builtin.Folds, everything(asOf-60*day))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func zoned(t *testing.T, name string) *value.Zone {
	t.Helper()
	z, err := value.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestEqualConditionsAreComputedOnce(t *testing.T) {
	newYork := zoned(t, "America/New_York")
	local, plainly := did("view", days(3), 1), did("view", days(3), 1)
	local.Where, plainly.Where = whereOf("local.hour"), whereOf("")
	all := &rules.Condition{Verb: "all", Children: []*rules.Condition{did("view", days(3), 1), local, plainly}}
	sum := func() *rules.Condition {
		return &rules.Condition{
			Verb: "metric", Events: []string{"buy"}, Window: days(3), Compare: &rules.Compare{Op: rules.AtLeast},
			Metric: &rules.Metric{Function: "sum", Column: "amount", Type: value.Type{Kind: value.Integer}},
		}
	}
	ranking := sum()
	ranking.Compare = nil
	for _, c := range []struct {
		what                string
		segments            []*rules.Segment
		wants, picks, edges int
	}{
		{"one condition", []*rules.Segment{{Match: did("view", days(3), 1)}}, 1, 1, 2},
		{
			"the same one in two segments",
			[]*rules.Segment{{Match: did("view", days(3), 1)}, {Match: did("view", days(3), 1)}},
			1, 1, 2,
		},
		{
			"another bound reads the same rows",
			[]*rules.Segment{{Match: did("view", days(3), 1)}, {Match: did("view", days(3), 2)}},
			2, 1, 2,
		},
		{"another window", []*rules.Segment{{Match: did("view", days(3), 1)}, {Match: did("view", days(2), 1)}}, 2, 1, 3},
		{"another event", []*rules.Segment{{Match: did("view", days(3), 1)}, {Match: did("buy", days(3), 1)}}, 2, 2, 2},
		{"match and exclude", []*rules.Segment{{Match: did("view", days(3), 1), Exclude: did("view", days(3), 1)}}, 1, 1, 2},
		// 3 local days are another stretch of time on another clock, and 3 o'clock another hour.
		{"two zones", []*rules.Segment{{Match: all}, {Match: all, Zone: newYork}}, 6, 4, 3},
		{
			"a metric that is compared and one that ranks",
			[]*rules.Segment{{Match: sum()}, {Match: sum(), Top: &rules.Top{Count: 1, By: ranking}}},
			2, 1, 2,
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			for i, s := range c.segments {
				s.Name = string(rune('a' + i))
				if s.Zone == nil {
					s.Zone = helsinki
				}
			}
			p := plan(t, c.segments...)
			got := []int{len(p.Wants()), len(p.Picks), len(p.Edges)}
			if diff := cmp.Diff([]int{c.wants, c.picks, c.edges}, got); diff != "" {
				t.Errorf("conditions, picks and edges:\n%s", diff)
			}
			for _, w := range p.Wants() {
				if !slices.Contains(p.Edges, w.From) || !slices.Contains(p.Edges, w.Before) || w.Before > asOf {
					t.Errorf("the window [%d, %d) does not lie between edges %v up to %d", w.From, w.Before, p.Edges, asOf)
				}
			}
			for _, pick := range p.Picks {
				if reads := pick.Where != nil && strings.Contains(rules.Key(pick.Where), "local."); reads != (pick.Zone != nil) {
					t.Errorf("pick %v has a zone: %t", pick.Where, pick.Zone != nil)
				}
			}
		})
	}
}

func TestAMetricNamesItsColumnAndStep(t *testing.T) {
	metric := func(function string, step *value.Number) *rules.Segment {
		return &rules.Segment{Name: function, Zone: helsinki, Match: &rules.Condition{
			Verb: "metric", Events: []string{"buy"}, Window: days(3), Compare: &rules.Compare{Op: rules.AtLeast},
			Metric: &rules.Metric{Function: function, Column: "score", Type: value.Type{Kind: value.Float}, Quantise: step},
		}}
	}
	p := plan(t, metric("sum", &value.Number{Int: 1, Scale: 2}), metric("avg", &value.Number{Int: 1, Scale: 2}),
		metric("max", nil))
	if len(p.Values) != 2 {
		t.Fatalf("%d values, want one in steps and one as it is", len(p.Values))
	}
	for i, w := range p.Wants() {
		if want := []int{0, 0, 1}[i]; w.Value != want {
			t.Errorf("condition %d reads value %d, want %d", i, w.Value, want)
		}
	}
}

func TestTooManyUsesAreRefused(t *testing.T) {
	if _, err := segments.NewPlan(nil, 33, segments.Times{AsOf: asOf}, builtin.Folds, everything(0)); err == nil {
		t.Error("33 uses fit into 32 bits")
	}
	broken := &rules.Segment{Name: "broken", Zone: helsinki, Match: &rules.Condition{Verb: "pigeon", Window: days(1)}}
	_, err := segments.NewPlan([]segments.Request{{Segment: broken, Uses: []int{0}}}, 1, segments.Times{
		AsOf: asOf,
	}, builtin.Folds, everything(0))
	if err == nil || !strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("a verb without a fold: %v, want the segment and the verb named", err)
	}
}

func TestAPersonMayHaveMoreRowsThanAChunkHolds(t *testing.T) {
	w := newWorld(asOf - 60*day)
	w.granted["d1"] = map[int]int64{}
	for p := range w.policy.Purposes.Len() {
		w.granted["d1"][p] = asOf - 50*day
	}
	const rows = 5000
	for i := range int64(rows) {
		r := worldRow{device: "d1", event: "view", at: asOf - 1 - i, amount: evidence.Null}
		if i%2 == 0 {
			r.event, r.amount = "buy", 1
		}
		w.rows = append(w.rows, r)
	}
	exactly := func(n int64) *rules.Compare {
		return &rules.Compare{Op: rules.Exactly, Bound: value.Number{Int: n}}
	}
	seen := did("view", days(3), 0)
	seen.Compare = exactly(rows / 2)
	sum := &rules.Condition{
		Verb: "metric", AnyEvent: true, Window: days(3), Compare: exactly(rows / 2),
		Metric: &rules.Metric{
			Function: "sum", Column: "amount", Type: value.Type{Kind: value.Integer},
		},
	}
	w.requests = []segments.Request{{Uses: []int{0}, Segment: &rules.Segment{
		Name: "busy", Zone: helsinki, Level: rules.DeviceLevel, Match: &rules.Condition{
			Verb: "all", Children: []*rules.Condition{seen, sum},
		},
	}}}
	a := rapid.Custom(w.audiences).Example(1)
	if diff := cmp.Diff([]string{"d1"}, slices.Collect(a[0].Members())); diff != "" {
		t.Error(diff)
	}
}
