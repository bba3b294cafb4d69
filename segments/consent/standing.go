package consent

import (
	"math"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Standing tells, of people of whom a destination was told, who may stay there though today's rows do not make them
// members: a guard holds a list, and what is owed to consent goes out all the same. Asked are the subjects of the use's
// kind whose ids the caller knows; the answer names only those who stand, and says whether the use was given a row of
// theirs today.
//
// Somebody stands if the use would be given a row of his that happened now: a device by its own word, and with every
// customer in whose company the roll has it; a customer with one device in whose company it has him, or by his own word
// if it has none. What somebody is held for may be missing today, so the roll should have company of other times, too
// (Roll.Beside). Who is concerned by a denial that came in late does not stand, nor does a device that several
// customers share. When in doubt, nobody stands.
func (g *Gate) Standing(use int, roll Roll, late []Denial, told func(id string) bool) map[string]bool {
	kind, gone := identity.Device, roll.gone(&g.uses[use], late)
	if g.uses[use].Customer {
		kind = identity.Customer
	}
	asked := map[identity.Number]string{}
	for n, id := range roll.subjects.Filed(kind) {
		if !gone[n] && told(id) && g.claimed(kind, n) {
			asked[n] = id
		}
	}
	with, without := g.company(use, kind, asked, roll.pairs)
	out := map[string]bool{}
	for n, id := range asked {
		stands := with[n] || !without[n] && g.grants(use, evidence.Unknown, n, LoggedIn)
		if kind == identity.Device {
			stands = !without[n] && g.grants(use, n, evidence.None, Anonymous)
		}
		if stands {
			_, out[id] = roll.Name(n, use)
		}
	}
	return out
}

// claimed reports whether identity lets somebody stand in a list.
func (g *Gate) claimed(kind identity.Kind, n identity.Number) bool {
	if g.star == nil {
		return true
	}
	if kind == identity.Customer {
		return !g.star.SetAside(n)
	}
	class := g.star.Class(n)
	return class != identity.Shared && class != identity.Kiosk
}

// company says of whom a row now, in the company of somebody, would be let through, and of whom one would be refused.
func (g *Gate) company(use int, kind identity.Kind, asked map[identity.Number]string,
	pairs []pair,
) (with, without map[identity.Number]bool) {
	with, without = map[identity.Number]bool{}, map[identity.Number]bool{}
	for _, p := range pairs {
		who := p.device
		if kind == identity.Customer {
			who = p.customer
		}
		if _, ok := asked[who]; !ok {
			continue
		}
		if g.grants(use, p.device, p.customer, LoggedIn) {
			with[who] = true
		} else {
			without[who] = true
		}
	}
	return with, without
}

// grants reports whether a row that happens now would be given to the use, also where it came from a partner if the
// project has such.
func (g *Gate) grants(use int, device, customer uint32, user User) bool {
	return g.opened(use, device, customer, user, g.partners) != math.MaxInt64
}
