package consent

import "github.com/malgrupp/malgrupp/segments/identity"

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
	kind, gone := g.uses[use].kind(), roll.gone(&g.uses[use], late)
	asked, ids := map[identity.Number]bool{}, map[identity.Number]string{}
	for n, id := range roll.subjects.Filed(kind) {
		if !gone[n] && told(id) {
			asked[n], ids[n] = true, id
		}
	}
	out, beside := map[string]bool{}, besides(kind, asked, roll.met)
	for n, id := range ids {
		if g.stays(&g.uses[use], n, g.policy.Now, beside[n]) {
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
