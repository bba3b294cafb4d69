package scan_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

const within = 3 * hour

// copiesSchema is a log with event ids, of one type or another.
func copiesSchema(ids value.Type, arrivals bool) *rules.Schema {
	s := &rules.Schema{Name: "log", Columns: []rules.Column{
		{Name: "event_id", Type: ids, Role: rules.RoleEventID},
		{Name: "event_time", Type: moment, Role: rules.RoleEventTime},
		{Name: "event", Type: textType, Role: rules.RoleEventName},
		{Name: "device_id", Type: textType, Role: rules.RoleDevice},
		{Name: "visits", Type: whole},
		{Name: "score", Type: value.Type{Kind: value.Float}},
		{Name: "opened", Type: value.Type{Kind: value.Boolean}},
		{Name: "due", Type: value.Type{Kind: value.Date}},
	}}
	if arrivals {
		s.Columns = append(s.Columns, rules.Column{Name: "received_at", Type: moment, Role: rules.RoleReceivedAt})
	}
	return s
}

// drawVersion draws one version of one of a few events; its content is often that of other versions.
func drawVersion(t *rapid.T, schema *rules.Schema) logRow {
	r := logRow{"event": "view", "device_id": "d1", "event_time": knownBy - 9*hour}
	for _, other := range []struct {
		column string
		value  any
	}{
		{"visits", int64(1)},
		{"visits", int64(2)},
		{"score", 0.5},
		{"opened", int64(0)},
		{"opened", int64(1)},
		{"due", int64(5)},
		{"device_id", "d2"},
	} {
		if rapid.IntRange(0, 11).Draw(t, other.column) == 0 {
			r[other.column] = other.value
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "no id") > 0 {
		r["event_id"] = any(rapid.Int64Range(1, 4).Draw(t, "id"))
		if schema.Columns[0].Type == textType {
			r["event_id"] = fmt.Sprint("e", r["event_id"])
		}
	}
	if _, arrivals := schema.WithRole(rules.RoleReceivedAt); arrivals && rapid.IntRange(0, 9).Draw(t, "no arrival") > 0 {
		r["received_at"] = knownBy - rapid.Int64Range(0, 8).Draw(t, "arrival")*hour +
			rapid.SampledFrom([]int64{0, 0, 1, -1}).Draw(t, "micro")
	}
	if rapid.IntRange(0, 9).Draw(t, "odd time") == 0 {
		r["event_time"] = rapid.SampledFrom([]any{nil, knownBy - hour, knownBy - hour - 1, knownBy - 3*hour}).Draw(t, "time")
	}
	return r
}

// seen reports whether a version counts at all: it is visible, not quarantined, and has an id.
func seen(r logRow, arrivals bool) bool {
	at, ok := r["event_time"].(int64)
	if !ok || r["event_id"] == nil || at >= knownBy-hour { // as_of is an hour before known_by
		return false
	}
	received, arrived := r["received_at"].(int64)
	return !arrivals || arrived && received < knownBy && at-received <= skew
}

// arrival is when a version came in; without arrivals all came in at one instant.
func arrival(r logRow, arrivals bool) int64 {
	if !arrivals {
		return 0
	}
	return r["received_at"].(int64)
}

// find deals rows to row groups, reads them twice in any order and returns which rows are copies.
func find(t *rapid.T, schema *rules.Schema, rows []logRow) (copied []bool, conflicts int64) {
	s, err := scan.New(&scan.Plan{
		Customers: true, KnownBy: knownBy, MaxSkew: skew,
	}, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	v := s.NewVersions(within)
	if !s.TellsCopies() {
		t.Fatal("a log with event ids cannot tell copies apart")
	}
	groups, at := map[scan.Unit]*logGroup{}, map[scan.Unit][]int{}
	for i := range rows {
		u := scan.Unit{Object: rapid.IntRange(0, 1).Draw(t, "object"), RowGroup: rapid.IntRange(0, 1).Draw(t, "row group")}
		at[u] = append(at[u], i)
	}
	units := slices.SortedFunc(maps.Keys(at), func(a, b scan.Unit) int {
		return 2*(a.Object-b.Object) + a.RowGroup - b.RowGroup
	})
	for _, u := range units {
		var mine []logRow
		for _, i := range at[u] {
			mine = append(mine, rows[i])
		}
		groups[u] = newGroup(t, schema, mine)
	}
	for _, u := range rapid.Permutation(units).Draw(t, "first order") {
		if err := v.Note(groups[u], u); err != nil {
			t.Fatal(err)
		}
	}
	v.Suspect(rapid.IntRange(1, 3).Draw(t, "workers"))
	for _, u := range rapid.Permutation(units).Draw(t, "second order") {
		if err := v.Look(groups[u], u); err != nil {
			t.Fatal(err)
		}
	}
	for u := range v.Ties() {
		if err := v.Settle(groups[u], u); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range groups {
		g.scribble()
	}
	c := v.AsOf(knownBy - hour)
	copied = make([]bool, len(rows))
	for u, of := range at {
		list := c.Of(u)
		if !slices.IsSorted(list) {
			t.Fatalf("the copies of %v are not in order: %v", u, list)
		}
		for _, r := range list {
			copied[of[r]] = true
		}
	}
	return copied, c.Conflicts
}

// content is a version without its arrival.
func content(r logRow) string {
	out := ""
	for _, k := range slices.Sorted(maps.Keys(r)) {
		if k != "received_at" && r[k] != nil {
			out += fmt.Sprint(k, "=", r[k], " ")
		}
	}
	return out
}

func TestCopiesAreTheVersionsThatCameSoonAfterAnother(t *testing.T) {
	for _, ids := range []value.Type{textType, whole} {
		for _, arrivals := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s ids, arrivals %t", ids, arrivals), func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) {
					schema := copiesSchema(ids, arrivals)
					rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) logRow { return drawVersion(t, schema) }), 0, 20).Draw(t,
						"versions")
					copied, conflicts := find(t, schema, rows)
					checkCopies(t, rows, arrivals, copied)

					again, sameConflicts := find(t, schema, rows)
					if diff := cmp.Diff(kept(rows, copied), kept(rows, again)); diff != "" || conflicts != sameConflicts {
						t.Fatalf("another split keeps other versions, or %d conflicts are %d:\n%s", conflicts, sameConflicts, diff)
					}
				})
			})
		}
	}
}

// kept are the contents of the versions that count, in order.
func kept(rows []logRow, copied []bool) (out []string) {
	for i, r := range rows {
		if !copied[i] {
			out = append(out, fmt.Sprint(content(r), r["received_at"]))
		}
	}
	slices.Sort(out)
	return out
}

// checkCopies looks at every version on its own. Of versions that arrived together any one may be the first, as long as
// it is one.
func checkCopies(t *rapid.T, rows []logRow, arrivals bool, copied []bool) {
	for i, r := range rows {
		if !seen(r, arrivals) {
			if copied[i] {
				t.Fatalf("%v does not count, and is a copy", r)
			}
			continue
		}
		at, soon, first := arrival(r, arrivals), false, 0
		for j, o := range rows {
			if !seen(o, arrivals) || o["event_id"] != r["event_id"] {
				continue
			}
			switch other := arrival(o, arrivals); {
			case other == at:
				first += btoi(!copied[j])
			case other < at && at-other <= within:
				soon = true
			}
		}
		if want := btoi(!soon); first != want {
			t.Fatalf("%v: of those that arrived at that instant %d count, want %d", r, first, want)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestConflictsAreCountedAgainstTheVersionBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schema, at, want := copiesSchema(textType, true), knownBy-8*hour, int64(0)
		var rows []logRow
		for i := range rapid.IntRange(1, 8).Draw(t, "versions") {
			step := rapid.SampledFrom([]int64{1, within, within + 1}).Draw(t, "step")
			if at+step >= knownBy {
				break
			}
			at += step
			r := logRow{
				"event_id": "e", "event": "view", "event_time": knownBy - 9*hour, "received_at": at,
				"visits": rapid.Int64Range(0, 1).Draw(t, "content"),
			}
			if i > 0 && step <= within && r["visits"] != rows[i-1]["visits"] {
				want++
			}
			rows = append(rows, r)
		}
		if _, got := find(t, schema, rapid.Permutation(rows).Draw(t, "order in the log")); got != want {
			t.Fatalf("%v: %d conflicts, want %d", rows, got, want)
		}
	})
}

func TestALogWithoutEventIDsHasNoCopies(t *testing.T) {
	schema := copiesSchema(textType, true)
	schema.Columns[0].Role = rules.RoleNone
	s, err := scan.New(&scan.Plan{Customers: true}, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	if s.TellsCopies() {
		t.Error("copies are looked for without event ids")
	}
	var none *scan.Copies
	if none.Of(scan.Unit{}) != nil {
		t.Error("there are copies where nobody looked")
	}
}

func TestASchemaMustNameWhatTheScanReads(t *testing.T) {
	for _, role := range []rules.Role{rules.RoleEventTime, rules.RoleEventName, rules.RoleDevice} {
		schema := copiesSchema(textType, true)
		for i := range schema.Columns {
			if schema.Columns[i].Role == role {
				schema.Columns[i].Role = rules.RoleNone
			}
		}
		if _, err := scan.New(&scan.Plan{
			Customers: true,
		}, schema, false, identity.NewSubjects(), scan.NewNames()); err == nil {
			t.Errorf("a schema without %s is accepted", role)
		}
	}
}
