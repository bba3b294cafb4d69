package consent

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// A world is a few people with dense histories, and rows of theirs. The gate is asked about the rows through its doors,
// as a run does it; beside it every row is judged on its own, from the facts (stateOf).
type world struct {
	policy   *Policy
	uses     []Use
	events   map[string][]Event   // by subject, such as d1 or c2
	listed   map[string][]Pattern // the suppression list
	rows     []worldRow
	partner  bool
	subjects *identity.Subjects
	ledger   *Ledger
	star     *identity.Star                           // nil: attach is off
	since    func(use int) func(subject uint32) int64 // once the gate was asked
}

type worldRow struct {
	device, customer string // customer "" for an anonymous row
	at               int64
	marked           evidence.Mark
}

// worldMarks are what rows carry; the classes of a world's block have their numbers.
var worldMarks = []evidence.Mark{
	0, 0, 0, 0, evidence.Dropped, evidence.GPC, evidence.BrowserDeny, evidence.GPC | evidence.Dropped,
}

var (
	worldDevices   = []string{"d1", "d2", "d3"}
	worldCustomers = []string{"c1", "c2", "c3"}
	usualCustomer  = map[string]string{"d1": "c1", "d2": "c1", "d3": "c2"}
)

func drawWorld(t *rapid.T, linked bool) *world {
	w := &world{
		policy: densePolicy(testNow), events: map[string][]Event{}, listed: map[string][]Pattern{},
		partner: rapid.Bool().Draw(t, "partner"),
	}
	w.policy.Retention = 30
	for i := range w.policy.Purposes.Len() {
		w.policy.GPCDenies = append(w.policy.GPCDenies, i >= PartnerData)
		w.policy.BrowserDenies = append(w.policy.BrowserDenies, i != Measure)
	}
	purposes := w.policy.Purposes
	w.uses = []Use{purposes.ReportUse(), purposes.SegmentUse(false), purposes.SegmentUse(true)}
	for _, customer := range []bool{false, true} {
		for _, asked := range [][]string{{"files"}, {"files", "more"}} {
			list, err := purposes.ListUse(customer, asked...)
			if err != nil {
				t.Fatal(err)
			}
			w.uses = append(w.uses, list)
			if customer {
				w.uses = append(w.uses, list.Owned())
			}
		}
	}
	for _, who := range slices.Concat(worldDevices, worldCustomers) {
		if rapid.IntRange(0, 3).Draw(t, who+" is known") == 0 {
			continue
		}
		w.events[who] = drawConsents(t, purposes.Len())
		if rapid.IntRange(0, 9).Draw(t, who+" is listed") == 0 {
			w.listed[who] = []Pattern{rapid.SampledFrom([]Pattern{EveryPurpose, EveryActivation, Link}).Draw(t, "listed for")}
		}
	}
	for range rapid.IntRange(1, 12).Draw(t, "rows") {
		r := worldRow{device: rapid.SampledFrom(worldDevices).Draw(t, "device"), at: drawTime(t, "row", testNow)}
		if rapid.Bool().Draw(t, "logged in") {
			r.customer = usualCustomer[r.device]
			if rapid.IntRange(0, 9).Draw(t, "somebody else") == 0 {
				r.customer = rapid.SampledFrom(worldCustomers).Draw(t, "customer")
			}
		}
		r.marked = rapid.SampledFrom(worldMarks).Draw(t, "marks")
		w.rows = append(w.rows, r)
	}
	w.seal(t)
	if linked {
		w.link(t)
	}
	return w
}

// drawConsents draws a history in which most purposes are granted up to now by somebody who may change his mind.
func drawConsents(t *rapid.T, purposes int) []Event {
	var events []Event
	first := drawTime(t, "first", testNow)
	for purpose := range purposes {
		if rapid.IntRange(0, 5).Draw(t, "never") == 0 {
			continue
		}
		for at := first; at <= testNow; at += testAge {
			events = append(events, Event{At: at, Action: Grant, Pattern: Pattern(purpose), Notice: 2, Trusted: true})
		}
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "changes") {
		e := drawEvent(t, append(slices.Clone(denials), Lift)...)
		if rapid.Bool().Draw(t, "one purpose") {
			e.Pattern = Pattern(rapid.IntRange(0, purposes-1).Draw(t, "purpose"))
		}
		events = append(events, e)
	}
	return events
}

func kindOf(who string) identity.Kind {
	if who[0] == 'c' {
		return identity.Customer
	}
	return identity.Device
}

// seal fills the ledger, with the events dealt to two loaders.
func (w *world) seal(t *rapid.T) {
	w.subjects = identity.NewSubjects()
	filling := Fill(w.policy, w.subjects)
	filling.strings = testStrings
	loaders := []*Loader{filling.Loader(), filling.Loader()}
	for _, who := range slices.Concat(worldDevices, worldCustomers) {
		for i, e := range w.events[who] {
			l := loaders[i%2]
			l.Add(l.Subject(kindOf(who), []byte(who)), e)
		}
		for _, pattern := range w.listed[who] {
			loaders[0].Suppress(loaders[0].Subject(kindOf(who), []byte(who)), pattern)
		}
	}
	var err error
	if w.ledger, err = filling.Seal(2); err != nil {
		t.Fatal(err)
	}
}

// link builds the star map from the rows themselves.
func (w *world) link(t *rapid.T) {
	var logins []identity.Login
	for _, r := range w.rows {
		if r.customer != "" {
			logins = append(logins, identity.Login{Device: w.late(r.device), Customer: w.late(r.customer), At: r.at})
		}
	}
	limits := identity.DefaultLimits()
	limits.Kiosk, limits.MaxDevices = 3, rapid.SampledFrom([]int{1, 3, 3, 3}).Draw(t, "most devices")
	w.star = identity.NewStar(logins, w.subjects.Bound(), w.policy.Now, limits)
}

func (w *world) late(who string) identity.Number {
	return w.subjects.Late(w.subjects.Hash(kindOf(who), []byte(who)), []byte(who))
}

// number is what the scan writes: a device that nobody named and nobody is logged in on has no number.
func (w *world) number(who string, logged bool) uint32 {
	if n, ok := w.subjects.Lookup(w.subjects.Hash(kindOf(who), []byte(who)), []byte(who)); ok || !logged && w.star == nil {
		if !ok {
			return evidence.Unknown
		}
		return n
	}
	return w.late(who)
}

// admitted asks the gate and returns, for each row and use, the subject it was given for.
func (w *world) admitted(t *rapid.T) (got map[string]string, roll Roll) {
	asked := func([]uint64, uint16) uint32 { return 1<<len(w.uses) - 1 }
	gate := NewGate(w.ledger, w.uses, asked, w.star, true, 2)
	n := len(worldMarks)
	classes := &evidence.Classes{
		Words: 1, Picks: slices.Repeat([]uint64{1}, n), Slot: slices.Repeat([]uint16{1}, n), Marked: worldMarks,
	}
	block := &evidence.Block{Classes: classes, Partner: w.partner, Values: [][]int64{nil}}
	for i, r := range w.rows {
		customer := uint32(evidence.None)
		if r.customer != "" {
			customer = w.number(r.customer, true)
		}
		block.Class, block.Device = append(block.Class, uint32(slices.Index(worldMarks, r.marked))),
			append(block.Device, w.number(r.device, r.customer != ""))
		block.Customer, block.Time = append(block.Customer, customer), append(block.Time, r.at)
		block.Values[0] = append(block.Values[0], int64(i))
	}
	door := gate.Open()
	batch := door.Admit(block)
	w.since = func(use int) func(uint32) int64 { return gate.Since(use, door) }
	roll = gate.Close(door)
	got = map[string]string{}
	for i := range batch.Len() {
		row := batch.Row(i)
		for u := range w.uses {
			if row.Uses>>u&1 == 0 {
				continue
			}
			for k := range w.uses {
				if (batch.Level(row.Uses)>>k&1 != 0) != (w.uses[k].Customer == w.uses[u].Customer) {
					t.Fatalf("a row of %s is of the level of %s: %b", w.uses[u].Name, w.uses[k].Name, batch.Level(row.Uses))
				}
			}
			name, ok := roll.Name(row.Subject, u)
			if !ok {
				t.Fatalf("row %d was admitted to %s, but the roll does not name its subject", batch.Value(i, 0), w.uses[u].Name)
			}
			if owner := batch.Owner(i); w.uses[u].Person && owner != NoOwner {
				name += " of " + w.subjects.Name(owner)
			}
			got[fmt.Sprintf("row %d, %s", batch.Value(i, 0), w.uses[u].Name)] = name
		}
	}
	return got, roll
}

// open reports from the facts whether one unbroken grant covers an instant and now.
func (w *world) open(device, customer string, u User, purpose int, at int64) bool {
	for _, who := range []string{device, customer} {
		if who != "" && slices.ContainsFunc(w.listed[who], func(p Pattern) bool { return p.covers(purpose) }) {
			return false
		}
	}
	if at < w.policy.Now-w.policy.Retention {
		return false
	}
	for ; at <= w.policy.Now; at++ {
		d, c := stateOf(w.policy, w.events[device], purpose, at).State, NoState
		if customer != "" {
			c = stateOf(w.policy, w.events[customer], purpose, at).State
		}
		if d == Denying || c == Denying || d != Granting && (u != LoggedIn || c != Granting) {
			return false
		}
	}
	return true
}

// owner is what identity says of a row: its user, its customer, and whether it may stand in device lists at all.
func (w *world) owner(r worldRow) (u User, customer string, device, anybody bool) {
	if w.star == nil {
		if r.customer != "" {
			u = LoggedIn
		}
		return u, r.customer, true, true
	}
	asked := uint32(evidence.None)
	if r.customer != "" {
		asked = w.late(r.customer)
	}
	o := w.star.Owner(w.late(r.device), asked, evidence.None, r.at, func(c identity.Number) bool {
		return w.open(r.device, w.subjects.Name(c), Attached, Link, r.at)
	})
	class := w.star.Class(w.late(r.device))
	device = class != identity.Shared && class != identity.Kiosk
	switch o.How {
	case identity.OwnLogin:
		return LoggedIn, w.subjects.Name(o.Customer), class == identity.Exclusive, true
	case identity.ByAttachment:
		return Attached, w.subjects.Name(o.Customer), class == identity.Exclusive, true
	case identity.InKiosk, identity.CustomerSetAside, identity.OnSharedDevice:
		return Anonymous, "", false, false
	}
	return Anonymous, "", device, true
}

// handed reports whether a customer may be handed over as far as his own word and that of his other devices goes.
func (w *world) handed(use *Use, device, customer string) bool {
	for _, purpose := range use.Purposes {
		if purpose < fixed || !use.Customer {
			continue
		}
		if use.OwnGrant && stateOf(w.policy, w.events[customer], purpose, w.policy.Now).State != Granting {
			return false
		}
		if w.star == nil {
			continue
		}
		for _, d := range w.star.Devices(w.late(customer)) {
			name := w.subjects.Name(d)
			listed := slices.ContainsFunc(w.listed[name], func(p Pattern) bool { return p.covers(purpose) })
			if name != device && (listed || stateOf(w.policy, w.events[name], purpose, w.policy.Now).State == Denying) {
				return false
			}
		}
	}
	return true
}

// allowed judges every row and use on its own.
func (w *world) allowed() map[string]string {
	want := map[string]string{}
	for i, r := range w.rows {
		u, customer, device, anybody := w.owner(r)
		for k := range w.uses {
			use := &w.uses[k]
			subject, ok := r.device, anybody && device
			if use.Customer {
				subject, ok = customer, anybody && customer != ""
			}
			if use.Person && customer != "" {
				subject, ok = subject+" of "+customer, anybody
			}
			ok = ok && r.marked&evidence.Dropped == 0
			for _, purpose := range use.asked(w.partner) {
				ok = ok && w.open(r.device, customer, u, purpose, r.at) &&
					!(r.marked&evidence.GPC != 0 && w.policy.GPCDenies[purpose]) &&
					!(r.marked&evidence.BrowserDeny != 0 && w.policy.BrowserDenies[purpose])
			}
			ok = ok && w.handed(use, r.device, customer)
			if ok {
				want[fmt.Sprintf("row %d, %s", i, use.Name)] = subject
			}
		}
	}
	return want
}

func TestTheGateAdmitsExactlyWhatTheFactsAllow(t *testing.T) {
	for _, linked := range []bool{false, true} {
		t.Run(map[bool]string{false: "attach off", true: "attach linked"}[linked], func(t *testing.T) {
			admitted := 0
			rapid.Check(t, func(t *rapid.T) {
				w := drawWorld(t, linked)
				want := w.allowed()
				got, roll := w.admitted(t)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("%+v\n%+v\n%s", w.rows, w.events, diff)
				}
				for u := range w.uses {
					rows := roll.Tallies.Admitted[u]
					for _, n := range roll.Tallies.Refused[u] {
						rows += n
					}
					if rows != int64(len(w.rows)) {
						t.Fatalf("%s: %d rows are counted, of %d", w.uses[u].Name, rows, len(w.rows))
					}
				}
				admitted += len(got)
			})
			if admitted == 0 {
				t.Error("no row was ever admitted: the test asks nothing")
			}
		})
	}
}

func TestTheGateRefusesForTheReasonsOfTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, false)
		_, roll := w.admitted(t)
		want := newTallies(len(w.uses))
		for _, r := range w.rows {
			for k := range w.uses {
				switch v := w.verdict(&w.uses[k], r); {
				case w.uses[k].Customer && r.customer == "":
					want.Refused[k][NoLogin]++
				case v.Allowed():
					want.Admitted[k]++
				default:
					want.Refused[k][v.Reason]++
				}
			}
		}
		if diff := gocmp.Diff(want, roll.Tallies); diff != "" {
			t.Fatal(diff)
		}
	})
}

// verdict is the decision table for one row without a star, from freshly folded timelines.
func (w *world) verdict(use *Use, r worldRow) Verdict {
	judged := Judged{At: r.at, Partner: w.partner, Marked: r.marked}
	if r.customer != "" {
		judged.User = LoggedIn
	}
	off := func(who string, purpose int) bool {
		return slices.ContainsFunc(w.listed[who], func(p Pattern) bool { return p.covers(purpose) })
	}
	return w.policy.DecideUse(use, judged, func(purpose int) Stand {
		return Stand{
			Device: timeline(w.policy, w.events[r.device], purpose), Customer: timeline(w.policy, w.events[r.customer], purpose),
			DeviceOff: off(r.device, purpose), CustomerOff: off(r.customer, purpose),
		}
	}, nil)
}
