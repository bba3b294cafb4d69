package consent

import (
	"math/bits"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Door admits the blocks of one worker. It keeps its own counts and remembers what it was told about classes and
// people, so that a row costs a few look-ups and no lock.
type Door struct {
	gate    *Gate
	classes []wantedClass
	pairs   [4]pairTable // by user (logged in, attached) and origin
	batch   Batch
	tally   Tallies
	refused crowds
	person  uint64        // whose row is judged, as a hash
	people  []bitset      // by use: who was admitted
	silent  bool          // it admits records, which are no rows of a log and are not counted as such
	recalls *recollection // of a door for people who qualified before; nil: it is none
	warmed  int64         // keeps the compiler from dropping the loads of warm
}

// Admit judges a block and returns the rows that may be used. It is the only place that writes a Batch. The batch is
// valid until the next call; all blocks of a door come from one worker, and are all of events or all of records.
func (d *Door) Admit(b *evidence.Block) Batch {
	g := d.gate
	rows, origin, owners := d.batch.rows[:0], d.batch.origin[:0], d.batch.owner[:0]
	d.learn(b.Classes)
	judge := d.judge
	if b.Records {
		judge, d.silent = d.record, true
		if d.recalls != nil {
			d.recalls.meet(b)
			judge = d.recall
		}
	}
	for i, class := range b.Class {
		if i%stretch == 0 {
			d.warm(b, i)
		}
		if b.Who != nil {
			d.person = b.Who[i]
		}
		allowed, owner := judge(b, i, d.classes[class])
		for u := allowed; u != 0; u &= u - 1 {
			d.tally.Admitted[bits.TrailingZeros32(u)]++
		}
		if uses := allowed & g.deviceUses; uses != 0 {
			if g.personUses != 0 {
				owners = append(owners, owner)
			}
			rows = append(rows, Row{Time: b.Time[i], Subject: b.Device[i], Class: class, Uses: uses})
			origin = append(origin, uint32(i))
			d.enrol(b.Device[i], uses)
		}
		if uses := allowed & g.customerUses; uses != 0 {
			if g.personUses != 0 {
				owners = append(owners, owner)
			}
			rows = append(rows, Row{Time: b.Time[i], Subject: owner, Class: class, Uses: uses})
			origin = append(origin, uint32(i))
			d.enrol(owner, uses)
		}
	}
	d.batch = Batch{rows: rows, origin: origin, owner: owners, block: b, levels: [2]uint32{g.deviceUses, g.customerUses}}
	return d.batch
}

// stretch is how many rows are looked up together.
const stretch = 64

// warm touches the stances of the next rows' devices, so that the processor waits for memory once and not row by row.
func (d *Door) warm(b *evidence.Block, from int) {
	s := d.gate.alone[btoi(b.Partner)].of
	for _, device := range b.Device[from:min(from+stretch, len(b.Device))] {
		if int(device) < len(s) {
			d.warmed ^= s[device].since
		}
	}
}

// wantedClass is a class of rows: the uses that want them, and what they carry.
type wantedClass struct {
	asked  uint32
	marked evidence.Mark
}

// learn asks the plan about classes that are new.
func (d *Door) learn(c *evidence.Classes) {
	for k := len(d.classes); k < c.Len(); k++ {
		picks, slot := c.Of(uint32(k))
		d.classes = append(d.classes, wantedClass{d.gate.asked(picks, slot), c.Marks(uint32(k))})
	}
}

func (d *Door) enrol(subject, uses uint32) {
	for ; uses != 0; uses &= uses - 1 {
		d.people[bits.TrailingZeros32(uses)].set(subject)
	}
}

// judge decides one row: who owns it (identity), then what may be done with it (consent). Refusals are counted under
// their first reason.
func (d *Door) judge(b *evidence.Block, i int, class wantedClass) (allowed, owner uint32) {
	device, customer, at, asked := b.Device[i], b.Customer[i], b.Time[i], class.asked
	switch {
	case device == evidence.Blocked:
		d.refuse(asked, BlockedDevice)
		return 0, 0
	case customer == evidence.Blocked:
		d.refuse(asked, BlockedCustomer)
		return 0, 0
	}
	user := Anonymous
	if customer != evidence.None {
		user = LoggedIn
	}
	if d.gate.star != nil {
		if asked, user, customer = d.own(device, customer, at, b.Partner, asked); asked == 0 {
			return 0, 0
		}
	}
	return d.consent(device, customer, Judged{At: at, User: user, Partner: b.Partner, Marked: class.marked}, asked),
		customer
}

// record decides about what was kept of somebody at an instant: whether that is covered by a consent that holds now, by
// the same table as for an event of that time. A customer's record names no device.
func (d *Door) record(b *evidence.Block, i int, class wantedClass) (allowed, owner uint32) {
	device, customer, at, asked := b.Device[i], b.Customer[i], b.Time[i], class.asked
	r, star := Judged{At: at, User: LoggedIn, Marked: class.marked}, d.gate.star
	switch {
	case customer == evidence.None && star != nil:
		asked = d.listable(device, asked, false)
	case customer != evidence.None && star != nil && star.SetAside(customer):
		return 0, 0
	}
	if customer == evidence.None {
		r.User = Anonymous
		return d.consent(device, customer, r, asked&d.gate.deviceUses), customer
	}
	return d.consent(device, customer, r, asked&d.gate.customerUses), customer
}

// own asks the star map whose row it is. It refuses what identity refuses and returns the uses that are left.
func (d *Door) own(device, customer uint32, at int64, partner bool, asked uint32) (left uint32, u User, owner uint32) {
	g := d.gate
	o := identity.Owned{How: identity.WithoutLogin}
	if device != evidence.Unknown {
		o = g.star.Owner(device, customer, evidence.None, min(at, g.policy.Now), func(c identity.Number) bool {
			return g.linked(device, c, at, partner)
		})
	}
	onlyDevice := func(r Reason) (uint32, User, uint32) {
		d.refuse(asked&g.customerUses, r)
		return d.listable(device, asked&g.deviceUses, false), Anonymous, evidence.None
	}
	switch o.How {
	case identity.InKiosk:
		d.refuse(asked, Kiosk)
	case identity.CustomerSetAside:
		d.refuse(asked, TooManyDevices)
	case identity.OnSharedDevice:
		d.refuse(asked, SharedAnon)
	case identity.WithoutLogin:
		return onlyDevice(NoLogin)
	case identity.WithoutLaterLogin:
		return onlyDevice(NoLaterLogin)
	case identity.OwnerSetAside:
		return onlyDevice(TooManyDevices)
	case identity.WithoutLink:
		return onlyDevice(LinkMissing)
	case identity.ByAttachment:
		return d.owned(device, asked), Attached, o.Customer
	case identity.OwnLogin:
		return d.owned(device, asked), LoggedIn, o.Customer
	}
	return 0, Anonymous, evidence.None
}

// owned is listable of a customer's row, which is the customer's wherever people are counted.
func (d *Door) owned(device, asked uint32) uint32 {
	return d.listable(device, asked&^d.gate.personUses, true) | asked&d.gate.personUses
}

// listable refuses device uses of a device that several customers use now, and of a customer's rows (his own logins and
// what is attached to him) on a device that nobody uses now (docs/identity.md, Who may stand in which list).
func (d *Door) listable(device, asked uint32, customers bool) uint32 {
	var reason Reason
	switch class := d.gate.star.Class(device); {
	case class == identity.Shared:
		reason = SharedDevice
	case class == identity.Kiosk:
		reason = Kiosk
	case class == identity.Unclaimed && customers:
		reason = NotExclusive
	default:
		return asked
	}
	d.refuse(asked&d.gate.deviceUses, reason)
	return asked &^ d.gate.deviceUses
}

// consent asks where the row's people stand. Nearly every row is answered by their stance; a row older than that, or
// one that carries something, takes the decision table itself.
func (d *Door) consent(device, customer uint32, r Judged, asked uint32) uint32 {
	g := d.gate
	since, open, reasons := d.stance(device, customer, r.User, r.Partner, asked)
	if r.At < since || r.At < g.policy.Now-g.policy.Retention || r.At > g.policy.Now || r.Marked != 0 {
		return d.exactly(device, customer, r, asked)
	}
	allowed := asked & open
	for left := asked &^ open; left != 0; left &= left - 1 {
		use := bits.TrailingZeros32(left)
		d.count(use, reasons[use])
	}
	return allowed
}

func (d *Door) stance(device, customer uint32, u User, partner bool,
	asked uint32,
) (since int64, open uint32, reasons []Reason) {
	g := d.gate
	if u == Anonymous {
		s := &g.alone[btoi(partner)]
		if int(device) >= len(s.of) {
			return g.unknown[btoi(partner)].since, g.unknown[btoi(partner)].open, g.unknown[btoi(partner)].reasons
		}
		n := len(g.uses)
		return s.of[device].since, s.of[device].open, s.reasons[int(device)*n : (int(device)+1)*n]
	}
	pairs := &d.pairs[2*btoi(u == Attached)+btoi(partner)]
	st := pairs.find(device, customer)
	if st == nil {
		st = pairs.add(device, customer, g.stance(device, customer, u, partner, make([]Reason, len(g.uses))))
	}
	st.asked |= asked
	return st.since, st.open, st.reasons
}

// exactly is the slow, exact way: the decision table for every use.
func (d *Door) exactly(device, customer uint32, r Judged, asked uint32) (allowed uint32) {
	g := d.gate
	for left := asked; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		use := &g.uses[i]
		if use.Customer && r.User == Anonymous {
			d.count(i, NoLogin)
			continue
		}
		if r.User == Anonymous && r.Marked == 0 && r.At >= g.policy.Now-g.policy.Retention && r.At <= g.policy.Now {
			var since int64
			if reason := g.anonymous(device, use, r.Partner, r.At, &since); reason <= GrantedTC {
				allowed |= 1 << i
			} else {
				d.count(i, reason)
			}
			continue
		}
		v := g.policy.DecideUse(use, r, func(purpose int) Stand {
			return g.stand(device, customer, r.User, purpose)
		}, g.others(use, device, customer))
		if v.Allowed() {
			allowed |= 1 << i
		} else {
			d.count(i, v.Reason)
		}
	}
	return allowed
}

func (d *Door) refuse(uses uint32, r Reason) {
	for ; uses != 0; uses &= uses - 1 {
		d.count(bits.TrailingZeros32(uses), r)
	}
}

// count counts a refused row, and whose it is: rows say how busy one person is, people may be told (docs/consent.md,
// What is counted).
func (d *Door) count(use int, r Reason) {
	d.tally.Refused[use][r]++
	d.refused[use][r].Add(d.person)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
