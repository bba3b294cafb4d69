package consent

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Asked says which uses want the rows of a class.
type Asked func(picks []uint64, slot uint16) (uses uint32)

// Gate decides, per use, which rows may pass. It is read-only; each goroutine takes a Door.
type Gate struct {
	ledger       *Ledger
	policy       *Policy
	uses         []Use
	asked        Asked
	star         *identity.Star // nil with identity.attach: off
	partners     bool           // some source is a partner's
	deviceUses   uint32
	customerUses uint32
	personUses   uint32     // of deviceUses
	alone        [2]stances // anonymous rows by device: own rows, partners' rows
	unknown      [2]stance  // anonymous rows of a device that nobody ever named
}

// stance is the answer for all rows of somebody (a device, or a device with a customer) that are not older than since,
// within retention and not ahead of now: the uses that are open, and for the others the reason.
type stance struct {
	since   int64
	open    uint32
	reasons []Reason // by use
	asked   uint32   // of a pair: the uses that asked for its rows
}

// stances holds the stances of devices; the reasons lie apart, because only refusals ask for them.
type stances struct {
	of      []opening
	reasons []Reason // device x uses
}

// opening is since when which uses are open.
type opening struct {
	since int64
	open  uint32
}

// NewGate returns a gate over a sealed ledger. star is nil with identity.attach: off; partners says that some source is
// a partner's; workers prepare what is known of every device beforehand.
func NewGate(l *Ledger, uses []Use, asked Asked, star *identity.Star, partners bool, workers int) *Gate {
	g := &Gate{ledger: l, policy: l.policy, uses: uses, asked: asked, star: star, partners: partners}
	for i := range uses {
		if uses[i].Customer {
			g.customerUses |= 1 << i
		} else {
			g.deviceUses |= 1 << i
		}
		if uses[i].Person {
			g.personUses |= 1 << i
		}
	}
	g.prepare(0, workers)
	if partners {
		g.prepare(1, workers)
	}
	return g
}

// prepare fills the stances of anonymous rows for every subject of the ledger; those of customers are never asked.
func (g *Gate) prepare(partner, workers int) {
	bound := g.ledger.subjects.Bound()
	s := stances{make([]opening, bound), make([]Reason, bound*len(g.uses))}
	const step = 1 << 14
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(1, workers) {
		wg.Go(func() {
			for from := int(next.Add(step)) - step; from < bound; from = int(next.Add(step)) - step {
				for d := from; d < min(from+step, bound); d++ {
					st := g.stance(uint32(d), evidence.None, Anonymous, partner == 1, s.reasons[d*len(g.uses):(d+1)*len(g.uses)])
					s.of[d] = opening{st.since, st.open}
				}
			}
		})
	}
	wg.Wait()
	g.alone[partner] = s
	g.unknown[partner] = g.stance(evidence.Unknown, evidence.None, Anonymous, partner == 1, make([]Reason, len(g.uses)))
}

// stance works out the answer for a device, with a customer unless the user is Anonymous. reasons is filled and kept.
//
// A use's purposes are asked from left to right, and a purpose that grants now grants every row from the beginning of
// its epoch on. So the answer is the same for all rows not older than the latest of those beginnings.
func (g *Gate) stance(device, customer uint32, u User, partner bool, reasons []Reason) stance {
	st := stance{since: math.MinInt64, reasons: reasons}
	for i := range g.uses {
		use := &g.uses[i]
		if use.Customer && u == Anonymous {
			reasons[i] = NoLogin
			continue
		}
		if u == Anonymous {
			if reasons[i] = g.anonymous(device, use, partner, g.policy.Now, &st.since); reasons[i] <= GrantedTC {
				st.open |= 1 << i
			}
			continue
		}
		r := Judged{At: g.policy.Now, User: u, Partner: partner}
		v := g.policy.DecideUse(use, r, func(purpose int) Stand {
			return g.stand(device, customer, u, purpose)
		}, g.others(use, device, customer))
		reasons[i] = v.Reason
		for _, purpose := range use.asked(partner) {
			if purpose == v.Purpose && !v.Allowed() && v.Level != AtOtherDevice && v.Level != AtOwnGrant {
				break
			}
			st.since = max(st.since, g.policy.Epoch(u, g.stand(device, customer, u, purpose)))
		}
		if v.Allowed() {
			st.open |= 1 << i
		}
	}
	return st
}

// anonymous is the decision on a use for an anonymous row of a device, not older than retention and not ahead of now;
// since gets the latest beginning of the epochs met on the way. It says what Policy.DecideUse and Epoch say (a test
// compares them); millions of devices ask it.
func (g *Gate) anonymous(device uint32, use *Use, partner bool, at int64, since *int64) (last Reason) {
	for _, purpose := range use.asked(partner) {
		t := g.ledger.timeline(device, purpose)
		n := len(t.Spans)
		switch {
		case t.Erased:
			return Erased
		case g.ledger.Suppressed(device, purpose):
			return Suppressed
		case n > 0 && t.Spans[n-1].State == Denying:
			return t.Spans[n-1].Reason
		case n == 0 || t.Spans[n-1].State == NoState:
			reason, _ := g.policy.nobodyGrants([]levelOf{{AtDevice, &t, true}})
			return reason
		}
		for n > 1 && t.Spans[n-2].State == Granting {
			n--
		}
		switch {
		case at >= t.Spans[n-1].From:
		case t.At(at).State == Granting:
			return RowOldEpoch
		default:
			return RowBeforeGrant
		}
		*since = max(*since, t.Spans[n-1].From)
		last = t.Spans[len(t.Spans)-1].Reason
	}
	return last
}

// stand returns where people stand on a purpose.
func (g *Gate) stand(device, customer uint32, u User, purpose int) Stand {
	s := Stand{Device: g.ledger.timeline(device, purpose), DeviceOff: g.ledger.Suppressed(device, purpose)}
	if u != Anonymous {
		s.Customer, s.CustomerOff = g.ledger.timeline(customer, purpose), g.ledger.Suppressed(customer, purpose)
	}
	return s
}

// others returns where the other devices in a customer's star stand on a list's activations.
func (g *Gate) others(use *Use, device, customer uint32) []Stand {
	if g.star == nil || !use.List || !use.Customer {
		return nil
	}
	var out []Stand
	for _, d := range g.star.Devices(customer) {
		if d == device {
			continue
		}
		for purpose := range use.activations {
			out = append(out, g.stand(d, evidence.None, Anonymous, purpose))
		}
	}
	return out
}

// linked reports whether consent to link is in force for an anonymous row as one attached to a customer.
func (g *Gate) linked(device, customer uint32, at int64, partner bool) bool {
	r, _ := g.policy.Decide(Link, Judged{
		At: at, User: Attached, Partner: partner,
	}, g.stand(device, customer, Attached, Link))
	return r <= GrantedTC
}

// For is the same gate for another plan's rows: what was decided about people is shared.
func (g *Gate) For(asked Asked) *Gate {
	other := *g
	other.asked = asked
	return &other
}

// Open returns a door for one goroutine.
func (g *Gate) Open() *Door {
	return &Door{
		gate: g, tally: newTallies(len(g.uses)), refused: make(crowds, len(g.uses)), people: make([]bitset, len(g.uses)),
	}
}

// Close ends the judging and returns the receipt of all doors.
func (g *Gate) Close(doors ...*Door) Roll {
	r := Roll{
		Tallies: newTallies(len(g.uses)), refused: make(crowds, len(g.uses)), admitted: make([]bitset, len(g.uses)),
		subjects: g.ledger.subjects,
	}
	for _, d := range doors {
		if !d.silent {
			r.Tallies.add(&d.tally)
			r.refused.add(d.refused)
			for i := range d.pairs {
				r.pairs = append(r.pairs, d.pairs[i].pairs...)
			}
		}
		if d.recalls != nil {
			r.pairs = append(r.pairs, d.recalls.pairs...)
		}
		for u := range d.people {
			r.admitted[u].union(d.people[u])
		}
	}
	return r
}
