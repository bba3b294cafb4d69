package platform

import (
	"testing"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

const (
	day = int64(24 * 3_600_000_000)
	now = 20_000 * day
)

// covered is a log without gaps.
type covered struct{}

func (covered) From(*rules.Condition) int64                { return 0 }
func (covered) Covers(*rules.Condition, int64, int64) bool { return true }

// audience makes devices members in the only way there is: each grants and is admitted by the gate with one row. Level
// is that of the segment.
func audience(t testing.TB, devices []string, level rules.Level) *segments.Audience {
	t.Helper()
	zone, err := value.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	purposes, err := consent.NewPurposes(nil)
	if err != nil {
		t.Fatal(err)
	}
	uses := []consent.Use{purposes.SegmentUse(false)}
	segment := &rules.Segment{Name: "savers", Zone: zone, Level: level, Match: &rules.Condition{
		Verb: "did", AnyEvent: true, Window: &rules.Window{All: true}, Compare: &rules.Compare{
			Op: rules.AtLeast, Bound: value.Number{Int: 1},
		},
	}}
	plan, err := segments.NewPlan([]segments.Request{{Segment: segment, Uses: []int{0}}}, 1, segments.Times{
		AsOf: now,
	}, builtin.Folds, covered{})
	if err != nil {
		t.Fatal(err)
	}
	subjects := identity.NewSubjects()
	filling := consent.Fill(&consent.Policy{
		Now: now, Retention: 400 * day, MaxConsentAge: 390 * day, Purposes: purposes,
	}, subjects)
	loader := filling.Loader()
	for _, d := range devices {
		loader.Add(loader.Subject(identity.Device, []byte(d)), consent.Event{
			At: now - 2*day, Action: consent.Grant, Pattern: consent.Profile, Trusted: true,
		})
	}
	ledger, err := filling.Seal(1)
	if err != nil {
		t.Fatal(err)
	}
	block := &evidence.Block{Classes: &evidence.Classes{Words: 1, Picks: []uint64{1}, Slot: []uint16{1}}}
	for _, d := range devices {
		n, _ := subjects.Lookup(subjects.Hash(identity.Device, []byte(d)), []byte(d))
		block.Class, block.Device = append(block.Class, 0), append(block.Device, n)
		block.Customer, block.Time = append(block.Customer, evidence.None), append(block.Time, now-day)
	}
	gate := consent.NewGate(ledger, uses, plan.Asked, nil, false, 1)
	tally, door := segments.NewTally(plan), gate.Open()
	tally.Lane().Add(door.Admit(block))
	return &tally.Settle(1, gate.Close(door))[0]
}
