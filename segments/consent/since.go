package consent

import (
	"math"

	"github.com/malgrupp/malgrupp/segments/evidence"
)

// Since tells, of people whom the doors admitted to a use, from which instant on consent lets the use see every row of
// theirs: what happened before may be hidden. It is the latest beginning there is, so that in doubt time counts as
// hidden:
//
//   - of a device, since when it grants by itself, for its rows without a login (from partners too, where the project
//     has such); and of each customer with whom the use asked for its rows, since when the two are in force together;
//   - of a customer, the latest of that over all devices with which the use asked for his rows.
//
// Where one of these is closed today, rows are hidden at all times: math.MaxInt64. Refused rows are not looked at, and
// what identity gives to nobody is no matter of consent.
func (g *Gate) Since(use int, doors ...*Door) func(subject uint32) int64 {
	customers := g.uses[use].Customer
	latest := map[uint32]int64{}
	for _, d := range doors {
		if d.silent {
			continue
		}
		for kind := range d.pairs {
			t := &d.pairs[kind]
			user := LoggedIn
			if kind >= 2 {
				user = Attached
			}
			for i, p := range t.pairs {
				if t.stances[i].asked>>use&1 == 0 {
					continue
				}
				who := p.device
				if customers {
					who = p.customer
				}
				since := g.opened(use, p.device, p.customer, user, kind%2 == 1)
				if known, ok := latest[who]; !ok || known < since {
					latest[who] = since
				}
			}
		}
	}
	return func(subject uint32) int64 {
		since, ok := latest[subject]
		if !ok {
			since = math.MinInt64
		}
		if customers {
			return since
		}
		for partner := range g.alone {
			if partner == 0 || g.partners {
				since = max(since, g.opened(use, subject, evidence.None, Anonymous, partner == 1))
			}
		}
		return since
	}
}

// opened is since when a use may see rows of somebody: what stance says of all uses together.
func (g *Gate) opened(use int, device, customer uint32, user User, partner bool) int64 {
	u, since := &g.uses[use], int64(math.MinInt64)
	if user == Anonymous {
		if g.anonymous(device, u, partner, g.policy.Now, &since) > GrantedTC {
			return math.MaxInt64
		}
		return since
	}
	stand := func(purpose int) Stand { return g.stand(device, customer, user, purpose) }
	if !g.policy.DecideUse(u, Judged{
		At: g.policy.Now, User: user, Partner: partner,
	}, stand, g.others(u, device, customer)).Allowed() {
		return math.MaxInt64
	}
	for _, purpose := range u.asked(partner) {
		since = max(since, g.policy.Epoch(user, stand(purpose)))
	}
	return since
}
