package engine_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/e2e/reference"
	"github.com/malgrupp/malgrupp/e2e/reference/draw"
	"github.com/malgrupp/malgrupp/e2e/reference/engine"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

func TestTheEngineAndTheReferenceAgreeOnTheEdges(t *testing.T) {
	var cases []struct {
		Title   string
		Rule    yaml.Node
		Missing []string
		Users   map[string]struct {
			Events []map[string]string
			Expect string
		}
	}
	data, err := os.ReadFile("testdata/edges.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Title, func(t *testing.T) {
			l := newLog(t, "Europe/Helsinki", "2026-04-15T00:00:00+03:00", "2026-03-01T00:00:00Z")
			for _, day := range c.Missing {
				l.Missing = append(l.Missing, reference.UTCDay(instant(t, day+"T00:00:00Z")))
			}
			want := map[string]string{}
			for person, u := range c.Users {
				want[person] = u.Expect
				for _, e := range u.Events {
					add(t, l, person, e)
				}
			}
			rule, err := yaml.Marshal(&c.Rule)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, decided(t, l, string(rule))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// newLog is a partitioned log without rows.
func newLog(t *testing.T, zone, asOf, from string) *draw.Log {
	t.Helper()
	clock, err := reference.NewClock(zone)
	if err != nil {
		t.Fatal(err)
	}
	return &draw.Log{Zone: zone, Partitioned: true, World: reference.World{
		AsOf: instant(t, asOf), KnownBy: instant(t, asOf), DataFrom: instant(t, from), Clock: clock,
		SessionGap: 30 * reference.Minute, MaxSkew: 5 * reference.Minute, Dedupe: 7 * reference.Day,
	}}
}

// add puts an event of a person into a log.
func add(t *testing.T, l *draw.Log, person string, event map[string]string) {
	t.Helper()
	r := reference.Row{
		At: instant(t, event["t"]), ID: fmt.Sprint("row-", len(l.Rows)), Device: person,
		Values: map[string]any{},
	}
	r.Received = r.At
	for key, value := range event {
		switch key {
		case "t":
		case "r":
			r.Received = instant(t, value)
		case "e":
			r.Event = value
		case "id":
			r.ID = value
		case "sid":
			r.Session = value
		case "amount":
			r.Values[key], _ = new(big.Rat).SetString(value)
		default:
			r.Values[key] = value
		}
	}
	l.Rows = append(l.Rows, r)
}

// decided is what both say about everybody; where they differ the test fails.
func decided(t *testing.T, l *draw.Log, rule string) map[string]string {
	t.Helper()
	schema, err := engine.Schema()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := value.LoadZone(l.Zone)
	if err != nil {
		t.Fatal(err)
	}
	seg, errs := engine.Check(schema, zone, "case", rule)
	if errs.Failed() {
		t.Fatal(errs)
	}
	parsed, err := reference.ParseRule(rule)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Identity = string(seg.Level)
	want := l.Outcomes(map[string]*reference.Rule{"case": parsed})["case"]
	said, err := engine.Run(t.Context(), l, schema, []*rules.Segment{seg}, zone, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for person := range want {
		got[person] = "out"
		if outcome, ok := said["case"][person]; ok {
			got[person] = outcome
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the reference (-) and the engine (+) differ on %s:\n%s", rule, diff)
	}
	return got
}

func instant(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}
