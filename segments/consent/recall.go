package consent

import (
	"iter"
	"math/bits"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Met are the devices with each customer who was logged in on them at some time.
type Met = iter.Seq2[identity.Number, identity.Number]

// Kept is what was kept of somebody: that he qualified at an instant, microseconds UTC.
type Kept struct {
	ID string
	At int64
}

// Recall is Open for records of people who qualified before. A record is asked like a row of that time in everybody's
// company: whom somebody was logged in with may have withdrawn since, and his record names him alone.
func (g *Gate) Recall(met Met) *Door {
	d := g.Open()
	d.recalls = &recollection{met: met}
	return d
}

// Keeps tells which records of a use may be kept, late denials heard; the roll has everybody's company (Roll.Beside).
// The use need not be one of the gate's.
func (g *Gate) Keeps(use *Use, roll Roll, late []Denial, of []Kept) []bool {
	kind, gone, out := use.kind(), roll.gone(use, late), make([]bool, len(of))
	numbers, asked := make([]identity.Number, len(of)), map[identity.Number]bool{}
	for i, k := range of {
		var known bool
		if numbers[i], known = roll.subjects.Find(kind, k.ID); known && !gone[numbers[i]] {
			asked[numbers[i]] = true
		}
	}
	beside := besides(kind, asked, roll.met)
	for i, n := range numbers {
		out[i] = asked[n] && g.stays(use, n, of[i].At, beside[n])
	}
	return out
}

// besides is whom each of some subjects was logged in with.
func besides(kind identity.Kind, of map[identity.Number]bool, met Met) map[identity.Number][]identity.Number {
	out := map[identity.Number][]identity.Number{}
	if len(of) == 0 {
		return out
	}
	for device, customer := range met {
		who, with := device, customer
		if kind == identity.Customer {
			who, with = customer, device
		}
		if of[who] {
			out[who] = append(out[who], with)
		}
	}
	return out
}

// stays reports whether the use would be given a row of somebody that happened at an instant, also where it came from a
// partner if the project has such: of a device by its own word, and with every customer beside it; of a customer with
// one device beside him, or by his own word if there is none.
func (g *Gate) stays(use *Use, n identity.Number, at int64, beside []identity.Number) bool {
	if !g.claimed(use.kind(), n) {
		return false
	}
	given := func(device, customer identity.Number, u User) bool {
		return g.policy.DecideUse(use, Judged{At: at, User: u, Partner: g.partners}, func(purpose int) Stand {
			return g.stand(device, customer, u, purpose)
		}, g.others(use, device, customer)).Allowed()
	}
	if use.Customer {
		for _, device := range beside {
			if given(device, n, LoggedIn) {
				return true
			}
		}
		return len(beside) == 0 && given(evidence.Unknown, n, LoggedIn)
	}
	for _, customer := range beside {
		if !given(n, customer, LoggedIn) {
			return false
		}
	}
	return given(n, evidence.None, Anonymous)
}

// recollection is whom people who qualified before were logged in with.
type recollection struct {
	met    Met
	beside map[identity.Number][]identity.Number
	pairs  []pair // the same, for the roll
}

// meet finds out whom the people of a block of records were logged in with.
func (r *recollection) meet(b *evidence.Block) {
	r.beside = map[identity.Number][]identity.Number{}
	for kind, of := range [][]uint32{identity.Device: b.Device, identity.Customer: b.Customer} {
		asked := map[identity.Number]bool{}
		for _, n := range of {
			if n < evidence.Unknown {
				asked[n] = true
			}
		}
		for n, with := range besides(identity.Kind(kind), asked, r.met) {
			r.beside[n] = with
			for _, o := range with {
				p := pair{n, o}
				if identity.Kind(kind) == identity.Customer {
					p = pair{o, n}
				}
				r.pairs = append(r.pairs, p)
			}
		}
	}
}

// recall decides about a record in everybody's company.
func (d *Door) recall(b *evidence.Block, i int, class wantedClass) (allowed, owner uint32) {
	uses, n := d.gate.deviceUses, b.Device[i]
	if b.Customer[i] != evidence.None {
		uses, n = d.gate.customerUses, b.Customer[i]
	}
	for left := class.asked & uses; left != 0; left &= left - 1 {
		use := bits.TrailingZeros32(left)
		if d.gate.stays(&d.gate.uses[use], n, b.Time[i], d.recalls.beside[n]) {
			allowed |= 1 << use
		}
	}
	return allowed, b.Customer[i]
}
