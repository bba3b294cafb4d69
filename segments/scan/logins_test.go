package scan_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// day is the UTC day in which logins are thinned.
const day = 24 * hour

func loginSchema(arrivals bool) *rules.Schema {
	s := &rules.Schema{Name: "log", Columns: []rules.Column{
		{Name: "event_time", Type: moment, Role: rules.RoleEventTime},
		{Name: "event", Type: textType, Role: rules.RoleEventName},
		{Name: "device_id", Type: textType, Role: rules.RoleDevice},
		{Name: "customer_id", Type: textType, Role: rules.RoleCustomer},
	}}
	if arrivals {
		s.Columns = append(s.Columns, rules.Column{Name: "received_at", Type: moment, Role: rules.RoleReceivedAt})
	}
	return s
}

// loginKey names a device and a customer on a day.
type loginKey struct {
	device, customer string
	day              int64
}

func TestLoginsAreTheRowsThatHaveACustomer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		arrivals := rapid.Bool().Draw(t, "arrivals")
		schema, subjects := loginSchema(arrivals), identity.NewSubjects()
		s, err := scan.New(&scan.Plan{
			Customers: true, KnownBy: knownBy, MaxSkew: skew, Blocked: []string{"house"},
		}, schema, false, subjects, scan.NewNames())
		if err != nil {
			t.Fatal(err)
		}
		l, want := s.Logins(), map[loginKey][]int64{}
		for range rapid.IntRange(1, 3).Draw(t, "row groups") {
			rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) logRow { return drawRow(t, schema) }), 0, 20).Draw(t, "rows")
			var copies []uint32
			for i := range rows {
				if rapid.IntRange(0, 4).Draw(t, "is a copy") == 0 {
					copies = append(copies, uint32(i))
				}
			}
			if err := l.Read(newGroup(t, schema, rows), copies); err != nil {
				t.Fatal(err)
			}
			for i, r := range rows {
				if key, at, ok := login(r, arrivals); ok && !slices.Contains(copies, uint32(i)) {
					want[key] = append(want[key], at)
				}
			}
		}
		got := map[loginKey][]int64{}
		for _, f := range l.Found {
			key := loginKey{subjects.Name(f.Device), subjects.Name(f.Customer), dayOf(f.At)}
			got[key] = append(got[key], f.At)
		}
		if len(got) != len(want) {
			t.Fatalf("found %v, want %v", got, want)
		}
		for key, at := range want {
			if slices.Max(got[key]) != slices.Max(at) || slices.Min(got[key]) != slices.Min(at) {
				t.Fatalf("%v: found %v, want the ends of %v", key, got[key], at)
			}
		}
	})
}

// login reads a row as a login.
func login(r logRow, arrivals bool) (key loginKey, at int64, ok bool) {
	at, timed := r["event_time"].(int64)
	device, hasDevice := r["device_id"].(string)
	customer, hasCustomer := r["customer_id"].(string)
	received, arrived := r["received_at"].(int64)
	if !timed || !hasDevice || !hasCustomer || at > knownBy+skew || arrivals &&
		(!arrived || received >= knownBy || at-received > skew) {
		return key, 0, false
	}
	at = min(at, knownBy) // a clock that runs ahead a little
	key = loginKey{strings.TrimSpace(device), strings.TrimSpace(customer), dayOf(at)}
	for _, id := range []string{key.device, key.customer} {
		if id == "N/A" || id == "House" || id == "0000" {
			return key, 0, false
		}
	}
	return key, at, true
}

func dayOf(at int64) int64 { return (at - (at%day+day)%day) / day }

func TestLoginsDoNotGrowWithRows(t *testing.T) {
	schema := loginSchema(false)
	s, err := scan.New(&scan.Plan{
		Customers: true, KnownBy: knownBy, MaxSkew: skew,
	}, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	var rows []logRow
	for i := range int64(1000) {
		rows = append(rows, logRow{
			"event_time": knownBy - 8*hour - i, "event": "view", "device_id": "d1", "customer_id": "c1",
		})
	}
	g := rapid.Custom(func(t *rapid.T) *logGroup { return newGroup(t, schema, rows) }).Example(0)
	l, most := s.Logins(), 0
	for range 200 {
		if err := l.Read(g, nil); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(l.Found))
	}
	if most > 9*len(rows)+1<<16 {
		t.Errorf("%d logins are kept of %d different rows", most, len(rows))
	}
}

func TestALogWithoutCustomersHasNoLogins(t *testing.T) {
	schema := copiesSchema(textType, false)
	s, err := scan.New(&scan.Plan{
		Customers: true, KnownBy: knownBy,
	}, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	l := s.Logins()
	if err := l.Read(&logGroup{rows: make([]logRow, 3)}, nil); err != nil || len(l.Found) > 0 {
		t.Errorf("%d logins, error %v", len(l.Found), err)
	}
}
