package segments_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

const (
	hour = int64(3_600_000_000)
	day  = 24 * hour
)

// asOf is the day after the clocks went back in Helsinki.
var asOf = time.Date(2025, 10, 27, 22, 0, 0, 0, time.UTC).UnixMicro()

var helsinki = func() *value.Zone {
	z, err := value.LoadZone("Europe/Helsinki")
	if err != nil {
		panic(err)
	}
	return z
}()

// world is a few people with consents and rows, and segments about them.
type world struct {
	policy   *consent.Policy
	uses     []consent.Use
	granted  map[string]map[int]int64 // by subject and purpose: since when; absent is never
	rows     []worldRow
	requests []segments.Request
	covered  int64 // since when the data are complete
	sample   *segments.Sample
	others   int // people whom the log of consent names and who are never seen
}

type worldRow struct {
	device, customer string // customer "" for an anonymous row
	event            string
	at               int64
	amount           int64 // evidence.Null for none
}

var events = []string{"view", "buy", "open"}

// newWorld is a world without people, in which three uses ask for devices and three for customers.
func newWorld(covered int64) *world {
	purposes, err := consent.NewPurposes([]string{"a", "b"})
	if err != nil {
		panic(err)
	}
	w := &world{
		policy:  &consent.Policy{Now: asOf, Retention: 400 * day, MaxConsentAge: 390 * day, Purposes: purposes},
		granted: map[string]map[int]int64{}, covered: covered,
	}
	for _, customer := range []bool{false, true} {
		for _, dest := range []string{"a", "b"} {
			u, err := purposes.ListUse(customer, dest)
			if err != nil {
				panic(err)
			}
			w.uses = append(w.uses, u)
		}
		w.uses = append(w.uses, purposes.SegmentUse(customer))
	}
	return w
}

func drawWorld(t *rapid.T) *world {
	w := newWorld(asOf - rapid.SampledFrom([]int64{3, 3, 30}).Draw(t, "days covered")*day)
	w.others = rapid.SampledFrom([]int{0, 0, 0, 1500}).Draw(t, "others")
	people := rapid.IntRange(1, 9).Draw(t, "people")
	for i := range people {
		w.grant(t, fmt.Sprint("d", i), w.policy.Purposes.Len())
		w.grant(t, fmt.Sprint("c", i), w.policy.Purposes.Len())
	}
	for range rapid.IntRange(0, 50).Draw(t, "rows") {
		r := worldRow{
			device: fmt.Sprint("d", rapid.IntRange(0, people).Draw(t, "device")),
			event:  rapid.SampledFrom(events).Draw(t, "event"),
			at:     asOf - rapid.Int64Range(0, 6*24).Draw(t, "hours ago")*hour - rapid.Int64Range(0, 1).Draw(t, "micro"),
			amount: evidence.Null,
		}
		if rapid.Bool().Draw(t, "logged in") {
			r.customer = fmt.Sprint("c", rapid.IntRange(0, people).Draw(t, "customer"))
		}
		if rapid.IntRange(0, 2).Draw(t, "has an amount") > 0 {
			r.amount = rapid.Int64Range(-2, 5).Draw(t, "amount")
		}
		w.rows = append(w.rows, r)
	}
	w.drawSegments(t)
	return w
}

// grant draws since when a subject grants each purpose; most do so early, so that uses agree about most rows.
func (w *world) grant(t *rapid.T, who string, purposes int) {
	w.granted[who] = map[int]int64{}
	for p := range purposes {
		if rapid.IntRange(0, 6).Draw(t, "grants") > 0 {
			w.granted[who][p] = asOf - rapid.SampledFrom([]int64{20, 20, 20, 20, 4, 2, 1}).Draw(t, "since")*day
		}
	}
}

// open reports whether a row may be used, from the facts: somebody of the row grants each purpose since before the row.
func (w *world) open(u *consent.Use, r worldRow) bool {
	if u.Customer && r.customer == "" {
		return false
	}
	for _, p := range u.Purposes {
		ok := false
		for _, who := range []string{r.device, r.customer} {
			since, granted := w.granted[who][p]
			ok = ok || granted && since <= r.at
		}
		if !ok {
			return false
		}
	}
	return true
}

// subject is whom a use sees in a row.
func (r *worldRow) subject(u *consent.Use) string {
	if u.Customer {
		return r.customer
	}
	return r.device
}

// From and Covers make the world its own coverage.
func (w *world) From(*rules.Condition) int64 { return w.covered }

func (w *world) Covers(_ *rules.Condition, from, _ int64) bool { return from >= w.covered }

// audiences runs the world through ledger, gate and tally. Rows are dealt in any order to blocks and doors.
func (w *world) audiences(t *rapid.T) []segments.Audience {
	plan, err := segments.NewPlan(w.requests, len(w.uses), segments.Times{AsOf: asOf}, builtin.Folds, w)
	if err != nil {
		t.Fatal(err)
	}
	subjects := identity.NewSubjects()
	ledger := w.ledger(t, subjects)
	gate := consent.NewGate(ledger, w.uses, plan.Asked, nil, false, 2)
	tally := segments.NewTally(plan)
	s := &sieve{plan: plan, subjects: subjects}
	rows := rapid.Permutation(w.rows).Draw(t, "order of rows")
	var doors []*consent.Door
	for lanes := rapid.IntRange(1, 3).Draw(t, "lanes"); lanes > 0; lanes-- {
		lane, door := tally.Lane(), gate.Open()
		doors = append(doors, door)
		mine := rows[:len(rows)/lanes]
		rows = rows[len(rows)/lanes:]
		classes := &evidence.Classes{Words: (len(plan.Picks) + 63) / 64}
		for blocks := rapid.IntRange(1, 3).Draw(t, "blocks"); blocks > 0; blocks-- {
			lane.Add(door.Admit(s.block(classes, mine[:len(mine)/blocks])))
			mine = mine[len(mine)/blocks:]
		}
	}
	tally.Breakdown()
	tally.Sample(w.sample)
	tally.Since(func(use int) func(uint32) int64 { return gate.Since(use, doors...) })
	return tally.Settle(rapid.IntRange(1, 4).Draw(t, "workers"), gate.Close(doors...))
}

func (w *world) ledger(t *rapid.T, subjects *identity.Subjects) *consent.Ledger {
	filling := consent.Fill(w.policy, subjects)
	l := filling.Loader()
	for i := range w.others {
		l.Subject(identity.Device, fmt.Append(nil, "other", i))
	}
	for who, since := range w.granted {
		ref := l.Subject(kindOf(who), []byte(who))
		for purpose, at := range since {
			l.Add(ref, consent.Event{At: at, Action: consent.Grant, Pattern: consent.Pattern(purpose), Trusted: true})
		}
	}
	ledger, err := filling.Seal(2)
	if err != nil {
		t.Fatal(err)
	}
	return ledger
}

func kindOf(who string) identity.Kind {
	if who[0] == 'c' {
		return identity.Customer
	}
	return identity.Device
}

// sieve makes evidence as the scan does, one row at a time.
type sieve struct {
	plan     *segments.Plan
	subjects *identity.Subjects
}

func (s *sieve) block(classes *evidence.Classes, rows []worldRow) *evidence.Block {
	b := &evidence.Block{Classes: classes, Values: make([][]int64, len(s.plan.Values))}
	for _, r := range rows {
		picks := make([]uint64, classes.Words)
		for i, p := range s.plan.Picks {
			if p.Any || slices.Contains(p.Events, r.event) {
				picks[i/64] |= 1 << (i % 64)
			}
		}
		slot := uint16(0)
		for _, e := range s.plan.Edges {
			if e <= r.at {
				slot++
			}
		}
		if slot == 0 || int(slot) == len(s.plan.Edges) {
			continue // nobody wants it
		}
		b.Class = append(b.Class, classOf(classes, picks, slot))
		b.Time = append(b.Time, r.at)
		b.Device = append(b.Device, s.number(r.device, r.customer != ""))
		if r.customer == "" {
			b.Customer = append(b.Customer, evidence.None)
		} else {
			b.Customer = append(b.Customer, s.number(r.customer, true))
		}
		for v := range b.Values {
			b.Values[v] = append(b.Values[v], r.amount)
		}
	}
	return b
}

// number is what the scan writes: a device that nobody named and nobody is logged in on has no number.
func (s *sieve) number(who string, logged bool) uint32 {
	hash := s.subjects.Hash(kindOf(who), []byte(who))
	if n, ok := s.subjects.Lookup(hash, []byte(who)); ok {
		return n
	}
	if !logged {
		return evidence.Unknown
	}
	return s.subjects.Late(hash, []byte(who))
}

func classOf(c *evidence.Classes, picks []uint64, slot uint16) uint32 {
	for k := range uint32(c.Len()) {
		if have, at := c.Of(k); slices.Equal(have, picks) && at == slot {
			return k
		}
	}
	c.Picks, c.Slot = append(c.Picks, picks...), append(c.Slot, slot)
	return uint32(c.Len() - 1)
}
